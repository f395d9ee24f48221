namespace Gateway.Pricing;

/// <summary>
/// What tokens cost, bucket by bucket of <see cref="Usage"/>, in nano-USD per million tokens: a price of 2.50 USD per million
/// is 2,500,000,000. Every bucket has a rate: those that a source leaves out are filled in by <see cref="Of"/>.
/// </summary>
public readonly record struct PriceRates
{
    /// <summary>The dearest rate that is accepted: 1,000 USD per token. Keeps the arithmetic of a cost inside 128 bits.</summary>
    public const long Max = 1_000_000_000_000_000_000;

    /// <summary>One USD per token, in nano-USD per million tokens.</summary>
    private const decimal PerUsdAndToken = 1_000_000_000_000_000m;

    public long Input { get; init; }
    public long CachedRead { get; init; }
    public long CacheWrite { get; init; }
    public long CacheWriteHour { get; init; }
    public long InputAudio { get; init; }
    public long Output { get; init; }
    public long Reasoning { get; init; }
    public long OutputAudio { get; init; }

    /// <summary>True when every bucket costs nothing.</summary>
    public bool IsZero => this == default;

    /// <summary>
    /// Fills in what a source does not say: input audio, cached reads and cache writes cost what input costs, an hour's cache
    /// write what a cache write costs, reasoning and output audio what output costs. LiteLLM takes a missing cached-read rate
    /// for 0 and so undercharges; here a doubt costs the plain price.
    /// </summary>
    public static PriceRates Of(long input, long output, long? cachedRead = null, long? cacheWrite = null,
        long? cacheWriteHour = null, long? inputAudio = null, long? reasoning = null, long? outputAudio = null) => new()
        {
            Input = input,
            CachedRead = cachedRead ?? input,
            CacheWrite = cacheWrite ?? input,
            CacheWriteHour = cacheWriteHour ?? cacheWrite ?? input,
            InputAudio = inputAudio ?? input,
            Output = output,
            Reasoning = reasoning ?? output,
            OutputAudio = outputAudio ?? output,
        };

    /// <summary>Converts USD per token (or request, or second) to nano-USD per million, exactly down to 1e-15 USD.</summary>
    /// <returns>False for a negative price and for one above <see cref="Max"/>.</returns>
    public static bool TryFromUsd(decimal usdPerUnit, out long rate)
    {
        rate = 0;
        if (usdPerUnit < 0 || usdPerUnit > Max / PerUsdAndToken)
            return false;
        rate = (long)decimal.Round(usdPerUnit * PerUsdAndToken, 0, MidpointRounding.AwayFromZero);
        return true;
    }

    /// <summary>Converts USD per million units to nano-USD per million.</summary>
    /// <returns>False for a negative price and for one above <see cref="Max"/>.</returns>
    public static bool TryFromUsdPerMillion(decimal usdPerMillion, out long rate) => TryFromUsd(usdPerMillion / 1_000_000m, out rate);
}
