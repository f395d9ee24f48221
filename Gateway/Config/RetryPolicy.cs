using System.Collections.Frozen;

namespace Gateway.Config;

/// <summary><c>retry_policy</c>: how many retries a failure gets, by its kind.</summary>
public sealed record RetryPolicy
{
    private const string Suffix = "Retries";

    /// <summary>LiteLLM's fields, which are its exception classes and "Retries"; a time-out's class is called Timeout.</summary>
    private static readonly (string Key, string ExceptionClass)[] Fields =
    [
        ("BadRequestErrorRetries", "BadRequestError"),
        ("AuthenticationErrorRetries", "AuthenticationError"),
        ("TimeoutErrorRetries", "Timeout"),
        ("RateLimitErrorRetries", "RateLimitError"),
        ("ContentPolicyViolationErrorRetries", "ContentPolicyViolationError"),
        ("InternalServerErrorRetries", "InternalServerError"),
        ("NotFoundErrorRetries", "NotFoundError"),
        ("ServiceUnavailableErrorRetries", "ServiceUnavailableError"),
    ];

    private FrozenDictionary<string, int> ByClass { get; init; } = FrozenDictionary<string, int>.Empty;

    /// <summary><c>DefaultRetries</c>: for failures of every other class. Null: not said.</summary>
    public int? Default { get; init; }

    /// <summary>What the policy says of one exception class by name. Null: nothing.</summary>
    public int? Of(string exceptionClass) => ByClass.TryGetValue(exceptionClass, out var retries) ? retries : null;

    /// <summary>The policy under a key. Null: there is none.</summary>
    internal static RetryPolicy? Read(YamlSection s, string key)
    {
        if (s.Section(key, ConfigSections.RetryPolicy) is not { } policy)
            return null;
        var read = Read(policy);
        policy.ReportUnread();
        return read;
    }

    internal static RetryPolicy Read(YamlSection s)
    {
        var byClass = new Dictionary<string, int>();
        foreach (var (key, exceptionClass) in Fields)
        {
            if (s.Count(key, most: RouterSettings.MostRetries) is { } retries)
                byClass[exceptionClass] = retries;
        }
        return new() { ByClass = byClass.ToFrozenDictionary(), Default = s.Count("Default" + Suffix, most: RouterSettings.MostRetries) };
    }

    /// <summary>Model group → policy.</summary>
    internal static FrozenDictionary<string, RetryPolicy> ReadByGroup(YamlSection s, string key)
    {
        var policies = new Dictionary<string, RetryPolicy>();
        if (s.Section(key, ConfigSections.Any) is { } groups)
        {
            foreach (var entry in groups.Map.Entries)
            {
                if (Read(groups, entry.Key) is { } policy)
                    policies[entry.Key] = policy;
            }
        }
        return policies.ToFrozenDictionary();
    }
}
