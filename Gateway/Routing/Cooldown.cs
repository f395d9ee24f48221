using Gateway.Config;

namespace Gateway.Routing;

/// <summary>What is known when a call has failed and its deployment may have to be left alone.</summary>
public readonly record struct FailureFacts
{
    /// <summary>The upstream's status; 408 a time-out; below 400: not reached, or the connection was lost.</summary>
    public required int Status { get; init; }

    /// <summary>What the failure counts as; not a success.</summary>
    public required CallOutcome Outcome { get; init; }

    /// <summary>What the provider asked for. Null: nothing.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The deployment's own <c>cooldown_time</c>. Null: not set.</summary>
    public TimeSpan? OwnCooldownTime { get; init; }

    /// <summary>
    /// The deployment's own <c>allowed_fails</c> and <c>allowed_fails_policy</c>; one of them takes the place of both of the router's.
    /// </summary>
    public int? OwnAllowedFails { get; init; }
    public AllowedFailsPolicy? OwnPolicy { get; init; }

    /// <summary>How many deployments the group has.</summary>
    public required int GroupSize { get; init; }

    /// <summary>True when every other deployment of the group is cooling down.</summary>
    public required bool IsLastHealthy { get; init; }

    /// <summary>
    /// The deployment's calls of the last minute, this one included: those that succeeded, all that failed, those of this outcome.
    /// </summary>
    public required long Succeeded { get; init; }
    public required long Failed { get; init; }
    public required long FailedAlike { get; init; }

    /// <summary>How many calls failed, this one included, since one succeeded.</summary>
    public int FailedInRow { get; init; }
}

/// <summary>The rules by which a deployment that failed is left alone for a while; pure.</summary>
public static class Cooldown
{
    // LiteLLM's DEFAULT_FAILURE_THRESHOLD_PERCENT and the least number of requests for it to count. (Ours: as many failures in a row
    // count whatever was before. A deployment that dies late in a busy minute would else go on failing until the share turns, and use
    // up the retry budget.)
    private const double FailureShare = 0.5;
    private const int LeastRequests = 5;

    // LiteLLM's SINGLE_DEPLOYMENT_TRAFFIC_FAILURE_THRESHOLD: that many, all failed, cool even where the share does not count.
    private const int AllFailedRequests = 1000;

    /// <summary>True when a failure with this status says something about the deployment; other 4xx are the client's making.</summary>
    public static bool Counts(int status) => status is < 400 or 401 or 404 or 408 or 429 or >= 500;

    /// <summary>How long the deployment is to be left alone. Null: not at all.</summary>
    /// <remarks>
    /// 1. Nothing cools where cooldowns are switched off.
    /// 2. The provider's Retry-After beats the other rules, and cools even the last deployment, for at most <c>max_cooldown</c>.
    /// 3. What may pass by itself (time-outs, connections that failed or were lost, 5xx) or is the client's making never cools the last
    /// healthy deployment.
    /// 4. With <c>allowed_fails_policy</c>: more failures of the class than that within the last minute.
    /// 5. With <c>allowed_fails</c>: more failures than that within the last minute.
    /// 6. Without: 401 and 404 at once; 429 at once where there is another deployment; else by the share of failures, or by several
    /// in a row.
    /// </remarks>
    public static TimeSpan? Decide(RouterSettings settings, in FailureFacts failure)
    {
        if (settings.DisableCooldowns || failure.OwnCooldownTime == TimeSpan.Zero)
            return null;                                                                                         // 1
        if (failure.RetryAfter is { } wait && wait > TimeSpan.Zero && settings.MaxCooldown > TimeSpan.Zero
            && CallOutcomes.IsFailure(failure.Outcome))
            return wait < settings.MaxCooldown ? wait : settings.MaxCooldown;                                    // 2
        if (failure.IsLastHealthy && failure.Status is not (401 or 404 or 429))
            return null;                                                                                         // 3
        var time = failure.OwnCooldownTime ?? settings.CooldownTime;
        return time > TimeSpan.Zero && IsTooMuch(settings, failure) ? time : null;
    }

    private static bool IsTooMuch(RouterSettings settings, in FailureFacts failure)
    {
        var isOwn = failure.OwnAllowedFails is not null || failure.OwnPolicy is not null;
        var policy = isOwn ? failure.OwnPolicy : settings.AllowedFailsPolicy;
        if (policy is not null && AllowedBy(policy, failure.Outcome) is { } alike)
            return failure.FailedAlike > alike;                                                                  // 4
        if (!CallOutcomes.IsFailure(failure.Outcome))
            return false;
        var allowed = isOwn ? failure.OwnAllowedFails : settings.AllowedFails;
        return allowed is { } fails ? failure.Failed > fails : ByDefault(failure);                               // 5, 6
    }

    private static int? AllowedBy(AllowedFailsPolicy policy, CallOutcome outcome) => outcome switch
    {
        CallOutcome.BadRequest => policy.BadRequestError,
        CallOutcome.Authentication => policy.AuthenticationError,
        CallOutcome.Timeout => policy.TimeoutError,
        CallOutcome.RateLimit => policy.RateLimitError,
        CallOutcome.ContentPolicy => policy.ContentPolicyViolationError,
        CallOutcome.InternalServer => policy.InternalServerError,
        CallOutcome.ServiceUnavailable => policy.ServiceUnavailableError,
        CallOutcome.BadGateway => policy.BadGatewayError,
        CallOutcome.NotFound => policy.NotFoundError,
        _ => null,
    };

    private static bool ByDefault(in FailureFacts failure)
    {
        var requests = failure.Succeeded + failure.Failed;
        return failure.Status switch
        {
            401 or 404 => true,
            429 when failure.GroupSize > 1 => true,
            _ when requests >= AllFailedRequests && failure.Succeeded == 0 => true,
            _ => failure.GroupSize > 1 && requests >= LeastRequests
                && (failure.Failed > requests * FailureShare || failure.FailedInRow >= LeastRequests),
        };
    }
}
