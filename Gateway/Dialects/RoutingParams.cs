namespace Gateway.Dialects;

/// <summary>What a client says about how its request is tried: how long, how often and where else. Null members: it said nothing.</summary>
public sealed record RoutingParams
{
    // Bounds on what strangers send: no client waits for more, and none of it may make the gateway work for long.
    public const int MostRetries = 10;
    public const int MostFallbacks = 10;
    public const int MostTags = 32;
    public const int LongestTag = 128;

    /// <summary>LiteLLM's default of <c>request_timeout</c>.</summary>
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(6000);

    public static readonly RoutingParams None = new();

    /// <summary>For the whole request, and for each attempt. <c>timeout</c>, else <c>request_timeout</c>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>For a stream's first event and between events.</summary>
    public TimeSpan? StreamTimeout { get; init; }

    /// <summary>At most <see cref="MostRetries"/>.</summary>
    public int? NumRetries { get; init; }

    /// <summary>Where to go on, in place of what is configured.</summary>
    public IReadOnlyList<ClientFallback>? Fallbacks { get; init; }
    public IReadOnlyList<ClientFallback>? ContextWindowFallbacks { get; init; }
    public IReadOnlyList<ClientFallback>? ContentPolicyFallbacks { get; init; }

    /// <summary>Where to go on from groups that <see cref="Fallbacks"/> does not name.</summary>
    public IReadOnlyList<string>? DefaultFallbacks { get; init; }

    /// <summary>
    /// <see cref="Fallbacks"/> and behind them the default ones, as the entry for every group: the first entry for a group counts. An
    /// empty list is no entry beside default ones.
    /// </summary>
    public IReadOnlyList<ClientFallback>? AllFallbacks => DefaultFallbacks is null
        ? Fallbacks
        : [.. (Fallbacks ?? []).Where(entry => !entry.IsNone), new(ClientFallback.EveryGroup, DefaultFallbacks)];

    /// <summary>True: the first group's failure is told, and no other group is asked.</summary>
    public bool DisableFallbacks { get; init; }

    /// <summary>Of <c>tags</c>, <c>metadata.tags</c> and <c>litellm_metadata.tags</c>, each once; or of the header alone.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];
}

/// <summary>Where a client wants to go on when a group fails.</summary>
/// <param name="Group">The group; <c>*</c>: whichever it was.</param>
public readonly record struct ClientFallback(string Group, IReadOnlyList<string> Targets)
{
    internal const string EveryGroup = "*";

    /// <summary>True for what an empty list is read as.</summary>
    internal bool IsNone => Group == EveryGroup && Targets.Count == 0;
}
