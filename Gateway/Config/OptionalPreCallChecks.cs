namespace Gateway.Config;

/// <summary><c>optional_pre_call_checks</c>: of LiteLLM's list one is made, the others are reported by name.</summary>
internal static class OptionalPreCallChecks
{
    private const string Key = "optional_pre_call_checks";
    private const string RateLimits = "enforce_model_rate_limits";

    private static readonly string[] Others =
    [
        "router_budget_limiting", "prompt_caching", "responses_api_deployment_check", "deployment_affinity", "session_affinity",
        "encrypted_content_affinity", "forward_client_headers_by_model_group",
    ];

    /// <summary>True when <c>enforce_model_rate_limits</c> is among them.</summary>
    public static bool Read(YamlSection s)
    {
        var names = s.Words(Key) ?? [];
        foreach (var name in names.Where(name => name != RateLimits))
        {
            if (Others.Contains(name))
                s.Report(FindingKind.Ignored, Key, $"'{name}' is not honoured by this version: the check is not made");
            else
                s.Report(FindingKind.Invalid, Key,
                    $"'{FindingLog.Clip(name, 40)}' is no check; there are {RateLimits}, {string.Join(", ", Others)}");
        }
        return names.Contains(RateLimits);
    }
}
