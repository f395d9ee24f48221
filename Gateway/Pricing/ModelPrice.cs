namespace Gateway.Pricing;

/// <summary>What is known of a model's size. Null: unknown.</summary>
public sealed record ModelLimits(long? ContextWindow, long? MaxOutputTokens)
{
    public static readonly ModelLimits None = new(null, null);
}

/// <summary>What a model costs.</summary>
public sealed record ModelPrice
{
    /// <summary>Names the price and where it comes from, for the ledger.</summary>
    public required string Id { get; init; }
}
