namespace Gateway.Config;

/// <summary><c>allowed_fails_policy</c>: how many failures of each class within a minute leave a deployment in use.</summary>
/// <remarks>Null: that class has no number of its own. 0: the first failure cools. (In LiteLLM 0 counts as not set.)</remarks>
public sealed record AllowedFailsPolicy
{
    public int? BadRequestError { get; init; }
    public int? AuthenticationError { get; init; }
    public int? TimeoutError { get; init; }
    public int? RateLimitError { get; init; }
    public int? ContentPolicyViolationError { get; init; }
    public int? InternalServerError { get; init; }
    public int? ServiceUnavailableError { get; init; }
    public int? BadGatewayError { get; init; }
    public int? NotFoundError { get; init; }

    /// <summary>The policy under <c>allowed_fails_policy</c>. Null: there is none.</summary>
    internal static AllowedFailsPolicy? In(YamlSection s)
    {
        if (s.Section("allowed_fails_policy", ConfigSections.FailsPolicy) is not { } section)
            return null;
        var policy = Read(section);
        section.ReportUnread();
        return policy;
    }

    internal static AllowedFailsPolicy Read(YamlSection s) => new()
    {
        BadRequestError = s.Count("BadRequestErrorAllowedFails"),
        AuthenticationError = s.Count("AuthenticationErrorAllowedFails"),
        TimeoutError = s.Count("TimeoutErrorAllowedFails"),
        RateLimitError = s.Count("RateLimitErrorAllowedFails"),
        ContentPolicyViolationError = s.Count("ContentPolicyViolationErrorAllowedFails"),
        InternalServerError = s.Count("InternalServerErrorAllowedFails"),
        ServiceUnavailableError = s.Count("ServiceUnavailableErrorAllowedFails"),
        BadGatewayError = s.Count("BadGatewayErrorAllowedFails"),
        NotFoundError = s.Count("NotFoundErrorAllowedFails"),
    };
}
