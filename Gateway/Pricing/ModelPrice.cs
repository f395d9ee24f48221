using System.Collections.Immutable;

namespace Gateway.Pricing;

/// <summary>What is known of a model's size. Null: unknown.</summary>
public sealed record ModelLimits(long? ContextWindow, long? MaxOutputTokens)
{
    public static readonly ModelLimits None = new(null, null);
}

/// <summary>The rates of a request whose prompt has more than <paramref name="Above"/> tokens.</summary>
public readonly record struct PriceTier(long Above, PriceRates Rates);

/// <summary>One line of a cost: so many tokens (or requests, or seconds) at a rate in nano-USD per million.</summary>
public readonly record struct PriceLine(string Name, decimal Count, long Rate)
{
    /// <summary>Count × rate in USD, not rounded.</summary>
    public decimal Usd => Count * Rate / 1_000_000m / NanoUsd.PerUsd;
}

/// <summary>What a model costs.</summary>
public sealed record ModelPrice
{
    /// <summary>No more tokens than this are counted in one bucket: far above any model's window, far below an overflow.</summary>
    private const long MaxTokens = 1_000_000_000_000;

    /// <summary>No request costs more than this (a billion USD), so that sums of costs do not overflow.</summary>
    private const long MaxCost = 1_000_000_000_000_000_000;

    /// <summary>A sum is kept in nano-USD / 1e13: rates are per million, time is in ticks of 1e-7 s.</summary>
    private const long Scale = 1_000_000 * TimeSpan.TicksPerSecond;

    /// <summary>Names the price and where it comes from, for the ledger: <c>openai/gpt-4o@prices.json</c>, <c>custom</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The rates below the first tier.</summary>
    public PriceRates Rates { get; init; }

    /// <summary>Rising thresholds. The largest one that the whole prompt passes sets the rates of the whole request.</summary>
    public ImmutableArray<PriceTier> Tiers { get; init; } = [];

    /// <summary>What each request costs besides its tokens, in nano-USD per million requests.</summary>
    public long PerRequest { get; init; }

    /// <summary>What the time of the answer costs besides its tokens, in nano-USD per million seconds.</summary>
    public long PerSecond { get; init; }

    /// <summary>True when no request can cost anything.</summary>
    public bool IsFree => Rates.IsZero && PerRequest == 0 && PerSecond == 0 && Tiers.All(t => t.Rates.IsZero);

    /// <summary>A price of nothing.</summary>
    public static ModelPrice Free(string id) => new() { Id = id };

    /// <summary>The rates for a prompt of that many tokens, cached ones included.</summary>
    public PriceRates RatesFor(long promptTokens)
    {
        for (var i = Tiers.Length - 1; i >= 0; i--)
        {
            if (promptTokens > Tiers[i].Above)
                return Tiers[i].Rates;
        }
        return Rates;
    }

    /// <summary>
    /// What a request cost, rounded once, half up. Never negative: a negative count is 0. Never above a billion USD.
    /// </summary>
    /// <param name="usage">The tokens, in disjoint buckets.</param>
    /// <param name="duration">The time the provider took; counts only where a model is priced by the second.</param>
    public NanoUsd CostOf(in Usage usage, TimeSpan duration)
    {
        var (input, cached, audio) = (Count(usage.Input), Count(usage.CachedRead), Count(usage.InputAudio));
        var (write, writeHour) = (Count(usage.CacheWrite), Count(usage.CacheWriteHour));
        var rates = RatesFor(input + cached + audio + write + writeHour);
        var sum = (Int128)input * rates.Input
            + (Int128)cached * rates.CachedRead
            + (Int128)write * rates.CacheWrite
            + (Int128)writeHour * rates.CacheWriteHour
            + (Int128)audio * rates.InputAudio
            + (Int128)Count(usage.Output) * rates.Output
            + (Int128)Count(usage.Reasoning) * rates.Reasoning
            + (Int128)Count(usage.OutputAudio) * rates.OutputAudio
            + PerRequest;
        var scaled = sum * TimeSpan.TicksPerSecond + (Int128)Math.Max(0, duration.Ticks) * PerSecond;
        return new NanoUsd((long)Int128.Min((scaled + Scale / 2) / Scale, MaxCost));
    }

    /// <summary>The lines that add up to <see cref="CostOf"/>, those with a count of 0 left out.</summary>
    public IEnumerable<PriceLine> LinesOf(Usage usage, TimeSpan duration)
    {
        var rates = RatesFor(usage.Prompt);
        PriceLine[] lines =
        [
            new("input", usage.Input, rates.Input),
            new("cached input", usage.CachedRead, rates.CachedRead),
            new("cache write", usage.CacheWrite, rates.CacheWrite),
            new("cache write 1h", usage.CacheWriteHour, rates.CacheWriteHour),
            new("audio input", usage.InputAudio, rates.InputAudio),
            new("output", usage.Output, rates.Output),
            new("reasoning", usage.Reasoning, rates.Reasoning),
            new("audio output", usage.OutputAudio, rates.OutputAudio),
            new("request", PerRequest > 0 ? 1 : 0, PerRequest),
            new("seconds", PerSecond > 0 ? (decimal)duration.Ticks / TimeSpan.TicksPerSecond : 0, PerSecond),
        ];
        return lines.Where(l => l.Count > 0);
    }

    private static long Count(long tokens) => Math.Clamp(tokens, 0, MaxTokens);
}
