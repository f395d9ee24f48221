namespace Gateway.Routing;

/// <summary>What a call says for or against its deployment: the classes of <c>allowed_fails_policy</c>.</summary>
public enum CallOutcome
{
    Success,
    Authentication,
    Timeout,
    RateLimit,
    InternalServer,
    ServiceUnavailable,
    BadGateway,
    NotFound,

    /// <summary>Any other failure of the deployment: not reached, connection lost, another 5xx.</summary>
    Other,

    /// <summary>The client's making: counts only where a policy names it.</summary>
    BadRequest,
    ContentPolicy,
}

/// <summary>Sorts calls into outcomes.</summary>
internal static class CallOutcomes
{
    public const int Count = (int)CallOutcome.ContentPolicy + 1;

    /// <summary>True for failures that say something about the deployment, whatever the settings.</summary>
    public static bool IsFailure(CallOutcome outcome) => outcome is > CallOutcome.Success and < CallOutcome.BadRequest;

    /// <summary>Null: it says nothing about the deployment, neither good nor bad.</summary>
    public static CallOutcome? Of(Attempt attempt) => attempt.ExceptionClass switch
    {
        null => CallOutcome.Success,
        "ContextWindowExceededError" => null,
        "BadRequestError" => CallOutcome.BadRequest,
        "ContentPolicyViolationError" => CallOutcome.ContentPolicy,
        _ when !Cooldown.Counts(attempt.Status) => null,
        "AuthenticationError" => CallOutcome.Authentication,
        "Timeout" => CallOutcome.Timeout,
        "RateLimitError" => CallOutcome.RateLimit,
        "InternalServerError" => CallOutcome.InternalServer,
        "ServiceUnavailableError" => CallOutcome.ServiceUnavailable,
        "BadGatewayError" => CallOutcome.BadGateway,
        "NotFoundError" => CallOutcome.NotFound,
        _ => CallOutcome.Other,
    };
}
