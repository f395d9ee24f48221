namespace Gateway.Pricing;

/// <summary>
/// What tokens cost, bucket by bucket of <see cref="Usage"/>, in nano-USD per million tokens: a price of 2.50 USD per million
/// is 2,500,000,000. Every bucket has a rate: those that a source leaves out are filled in by <see cref="Of"/>.
/// </summary>
public readonly record struct PriceRates
{
    /// <summary>The dearest rate that is accepted: 1,000 USD per token. Keeps the arithmetic of a cost inside 128 bits.</summary>
    public const long Max = 1_000_000_000_000_000_000;

    /// <summary>How many buckets of input and of output there are.</summary>
    internal const int InputKinds = 6, OutputKinds = 4;

    /// <summary>One USD per token, in nano-USD per million tokens.</summary>
    private const decimal PerUsdAndToken = 1_000_000_000_000_000m;

    public long Input { get; init; }
    public long CachedRead { get; init; }
    public long CacheWrite { get; init; }
    public long CacheWriteHour { get; init; }
    public long InputAudio { get; init; }
    public long InputImage { get; init; }
    public long Output { get; init; }
    public long Reasoning { get; init; }
    public long OutputAudio { get; init; }
    public long OutputImage { get; init; }

    /// <summary>True when every bucket costs nothing.</summary>
    public bool IsZero => this == default;

    /// <summary>The dearest rate at which an input token can be billed.</summary>
    internal long DearestInput(TokenKinds without) => Math.Max(
        Math.Max(Math.Max(Input, Unless(CachedRead, TokenKinds.CachedRead, without)), Unless(CacheWrite, TokenKinds.CacheWrite, without)),
        Math.Max(Math.Max(Unless(CacheWriteHour, TokenKinds.CacheWriteHour, without), Unless(InputAudio, TokenKinds.InputAudio, without)),
            Unless(InputImage, TokenKinds.InputImage, without)));

    /// <summary>The dearest rate at which an output token can be billed.</summary>
    internal long DearestOutput(TokenKinds without) => Math.Max(
        Math.Max(Output, Unless(Reasoning, TokenKinds.Reasoning, without)),
        Math.Max(Unless(OutputAudio, TokenKinds.OutputAudio, without), Unless(OutputImage, TokenKinds.OutputImage, without)));

    private static long Unless(long rate, TokenKinds kind, TokenKinds without) => (without & kind) == 0 ? rate : 0;

    /// <summary>
    /// Fills in what a source does not say: audio, images, cached reads and cache writes cost what input costs, an hour's cache
    /// write what a cache write costs, reasoning, output audio and output images what output costs. LiteLLM takes a missing
    /// cached-read rate for 0 and so undercharges; here a doubt costs the plain price.
    /// </summary>
    public static PriceRates Of(long input, long output, long? cachedRead = null, long? cacheWrite = null,
        long? cacheWriteHour = null, long? inputAudio = null, long? reasoning = null, long? outputAudio = null,
        long? inputImage = null, long? outputImage = null) => new()
        {
            Input = input,
            CachedRead = cachedRead ?? input,
            CacheWrite = cacheWrite ?? input,
            CacheWriteHour = cacheWriteHour ?? cacheWrite ?? input,
            InputAudio = inputAudio ?? input,
            InputImage = inputImage ?? input,
            Output = output,
            Reasoning = reasoning ?? output,
            OutputAudio = outputAudio ?? output,
            OutputImage = outputImage ?? output,
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
