namespace Gateway.Pricing;

/// <summary>
/// What one search of a provider's own costs, by <c>search_context_size</c>, in nano-USD per million searches.
/// </summary>
public sealed record SearchFee(long Low, long Medium, long High)
{
    /// <summary>The names of the sizes, smallest first; OpenAI and Perplexity have the same.</summary>
    internal static readonly string[] SizeNames = ["low", "medium", "high"];

    /// <summary>The dearest size.</summary>
    public long Dearest => Math.Max(Low, Math.Max(Medium, High));

    /// <summary>One fee for all sizes.</summary>
    public static SearchFee Of(long rate) => new(rate, rate, rate);

    /// <summary>The fee of a size; of one that is not known, the dearest.</summary>
    /// <param name="size">As the request names it. Null: it names none.</param>
    /// <param name="unsaid">The size that counts then.</param>
    public long RateOf(string? size, string unsaid) => (size ?? unsaid) switch
    {
        "low" => Low,
        "medium" => Medium,
        "high" => High,
        _ => Dearest,
    };
}

/// <summary>So many searches at a rate in nano-USD per million.</summary>
public readonly record struct SearchCharge(long Count, long Rate)
{
    /// <summary>In nano-USD / 1e6.</summary>
    internal Int128 Sum => (Int128)Math.Max(0, Count) * Rate;
}
