namespace Gateway.Pricing;

/// <summary>Kinds of tokens that may cost more than plain ones.</summary>
[Flags]
public enum TokenKinds
{
    None = 0,
    CachedRead = 1,
    CacheWrite = 2,
    CacheWriteHour = 4,
    InputAudio = 8,
    InputImage = 16,
    Reasoning = 32,
    OutputAudio = 64,
    OutputImage = 128,
}

/// <summary>What a request can bring about, as far as its price depends on it. By default: everything but an end without time.</summary>
public readonly record struct BoundFacts
{
    /// <summary>Kinds of tokens that are known not to occur. A kind counts as possible unless it is ruled out here.</summary>
    public TokenKinds Without { get; init; }

    /// <summary>
    /// What the request asks for. Null: nothing, or <c>auto</c>; then any urgency may be billed. A provider may always do the
    /// work at the list price instead.
    /// </summary>
    public ServiceTier? Service { get; init; }

    /// <summary>The longest that the answer can take; counts where a model is priced by the second.</summary>
    public TimeSpan Longest { get; init; }

    /// <summary>What can be billed by the piece at most.</summary>
    public BilledUnits Units { get; init; }
}
