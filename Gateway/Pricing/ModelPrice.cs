using System.Collections.Immutable;

namespace Gateway.Pricing;

/// <summary>What is known of a model's size. Null: unknown.</summary>
public sealed record ModelLimits(long? ContextWindow, long? MaxOutputTokens)
{
    public static readonly ModelLimits None = new(null, null);

    /// <summary>These figures, with the other's where one is not known.</summary>
    public ModelLimits Or(ModelLimits other) => new(ContextWindow ?? other.ContextWindow, MaxOutputTokens ?? other.MaxOutputTokens);
}

/// <summary>The rates of a request whose prompt has more than <paramref name="Above"/> tokens.</summary>
public readonly record struct PriceTier(long Above, PriceRates Rates);

/// <summary>One line of a cost: so many tokens (or requests, or seconds) at a rate in nano-USD per million.</summary>
public readonly record struct PriceLine(string Name, decimal Count, long Rate)
{
    /// <summary>Count × rate in USD, not rounded.</summary>
    public decimal Usd => Count * Rate / 1_000_000m / NanoUsd.PerUsd;

    /// <summary>A line that is a sum by itself: so many USD at a million USD per million.</summary>
    public static PriceLine Of(string name, decimal usd) => new(name, usd, 1_000_000 * NanoUsd.PerUsd);
}

/// <summary>Who said what a model costs.</summary>
public enum PriceSource
{
    /// <summary>The price data that are part of the executable.</summary>
    BuiltIn,

    /// <summary>A price map that the config names.</summary>
    Map,

    /// <summary>The deployment itself.</summary>
    Deployment,

    /// <summary>Nobody: it is a server of one's own, or the model is marked as free.</summary>
    Free,
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

    /// <summary>
    /// Names the price, where it comes from and since when it holds, for the ledger: <c>openai/o3@prices.json from 2025-06-10</c>,
    /// <c>custom</c>.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>Who said so.</summary>
    public PriceSource Source { get; init; }

    /// <summary>The rates below the first tier.</summary>
    public PriceRates Rates { get; init; }

    /// <summary>Rising thresholds. The largest one that the whole prompt passes sets the rates of the whole request.</summary>
    public ImmutableArray<PriceTier> Tiers { get; init; } = [];

    /// <summary>The urgencies that have prices of their own; the others cost the list price.</summary>
    public ImmutableArray<ServicePrice> Services { get; init; } = [];

    /// <summary>What each request costs besides its tokens, in nano-USD per million requests.</summary>
    public long PerRequest { get; init; }

    /// <summary>What the time of the answer costs besides its tokens, in nano-USD per million seconds.</summary>
    public long PerSecond { get; init; }

    /// <summary>What a search of the provider's own costs besides the tokens. Null: unknown, or it has none.</summary>
    public SearchFee? Search { get; init; }

    /// <summary>What is billed by the piece, besides the tokens.</summary>
    public UnitRates Units { get; init; }

    /// <summary>False where pieces alone have a price: what tokens cost is not known then.</summary>
    public bool PricesTokens { get; init; } = true;

    /// <summary>The discount and the margin on everything above.</summary>
    public PriceAdjustment Adjustment { get; init; }

    /// <summary>True when no request can cost anything.</summary>
    public bool IsFree => PerRequest == 0 && PerSecond == 0 && Units.IsZero && Adjustment.Fixed == 0 && AreZero(Rates, Tiers)
        && Services.All(s => AreZero(s.Rates, s.Tiers));

    /// <summary>A price of nothing.</summary>
    public static ModelPrice Free(string id) => new() { Id = id, Source = PriceSource.Free };

    /// <summary>False when an urgency costs something else than the list price and nobody said what: priority does.</summary>
    public bool Knows(ServiceTier service) =>
        service != ServiceTier.Priority || ServiceOf(service) is not null || IsFree;

    /// <summary>The rates for a prompt of that many tokens, cached ones included.</summary>
    public PriceRates RatesFor(long promptTokens, ServiceTier service = ServiceTier.Standard) => ServiceOf(service) is { } own
        ? Pick(own.Rates, own.Tiers, promptTokens)
        : Pick(Rates, Tiers, promptTokens);

    /// <summary>
    /// What a request cost, rounded once, half up. Never negative: a negative count is 0. Never above a billion USD.
    /// </summary>
    /// <param name="usage">The tokens, in disjoint buckets.</param>
    /// <param name="duration">The time the provider took; counts only where a model is priced by the second.</param>
    /// <param name="service">The urgency that was billed.</param>
    /// <param name="searches">The provider's searches that are billed.</param>
    /// <param name="units">What is billed by the piece.</param>
    public NanoUsd CostOf(
        in Usage usage, TimeSpan duration, ServiceTier service = ServiceTier.Standard, SearchCharge searches = default,
        BilledUnits units = default)
    {
        var (input, cached) = (Count(usage.Input), Count(usage.CachedRead));
        var (audio, image) = (Count(usage.InputAudio), Count(usage.InputImage));
        var (write, writeHour) = (Count(usage.CacheWrite), Count(usage.CacheWriteHour));
        var rates = RatesFor(input + cached + audio + image + write + writeHour, service);
        return Round(duration, (Int128)input * rates.Input
            + (Int128)cached * rates.CachedRead
            + (Int128)write * rates.CacheWrite
            + (Int128)writeHour * rates.CacheWriteHour
            + (Int128)audio * rates.InputAudio
            + (Int128)image * rates.InputImage
            + (Int128)Count(usage.Output) * rates.Output
            + (Int128)Count(usage.Reasoning) * rates.Reasoning
            + (Int128)Count(usage.OutputAudio) * rates.OutputAudio
            + (Int128)Count(usage.OutputImage) * rates.OutputImage
            + searches.Sum
            + Units.SumOf(units));
    }

    /// <summary>
    /// What a request can cost at most: <see cref="CostOf"/> of no usage that stays within the bounds and the facts is more.
    /// Each token counts at the dearest rate that it can be billed at, at the dearest length of the prompt and urgency.
    /// </summary>
    /// <param name="inputTokensAtMost">All input tokens, cached ones, audio and images included.</param>
    /// <param name="outputTokensAtMost">All output tokens, reasoning included.</param>
    /// <param name="facts">What the request can bring about.</param>
    public NanoUsd BoundOf(long inputTokensAtMost, long outputTokensAtMost, BoundFacts facts)
    {
        var input = Math.Clamp(inputTokensAtMost, 0, MaxTokens * PriceRates.InputKinds);
        var output = Math.Clamp(outputTokensAtMost, 0, MaxTokens * PriceRates.OutputKinds);
        var sum = DearestOf(Rates, Tiers, input, output, facts.Without);
        foreach (var service in Services)
        {
            if (facts.Service is null || facts.Service == service.Service)
                sum = Int128.Max(sum, DearestOf(service.Rates, service.Tiers, input, output, facts.Without));
        }
        return Round(facts.Longest, sum + Units.SumOf(facts.Units));
    }

    /// <summary>
    /// What each output token adds to a bound at most, in nano-USD per million, discount and margin included:
    /// <c>BoundOf(in, out) ≤ BoundOf(in, 0) + ⌈rate × out / 1e6⌉</c> for every <c>in</c> up to the given one.
    /// </summary>
    /// <param name="inputTokensAtMost">As for <see cref="BoundOf"/>.</param>
    /// <param name="facts">As for <see cref="BoundOf"/>.</param>
    public long OutputRateBound(long inputTokensAtMost, BoundFacts facts)
    {
        var rate = DearestOutputOf(Rates, Tiers, inputTokensAtMost, facts.Without);
        foreach (var service in Services)
        {
            if (facts.Service is null || facts.Service == service.Service)
                rate = Math.Max(rate, DearestOutputOf(service.Rates, service.Tiers, inputTokensAtMost, facts.Without));
        }
        return Adjustment.RoundUp(rate);
    }

    /// <summary>The lines that add up to the cost before discount and margin, those with a count of 0 left out.</summary>
    public IEnumerable<PriceLine> LinesOf(
        Usage usage, TimeSpan duration, ServiceTier service = ServiceTier.Standard, SearchCharge searches = default,
        BilledUnits units = default)
    {
        var rates = RatesFor(usage.Prompt, service);
        PriceLine[] lines =
        [
            new("input", usage.Input, rates.Input),
            new("cached input", usage.CachedRead, rates.CachedRead),
            new("cache write", usage.CacheWrite, rates.CacheWrite),
            new("cache write 1h", usage.CacheWriteHour, rates.CacheWriteHour),
            new("audio input", usage.InputAudio, rates.InputAudio),
            new("image input", usage.InputImage, rates.InputImage),
            new("output", usage.Output, rates.Output),
            new("reasoning", usage.Reasoning, rates.Reasoning),
            new("audio output", usage.OutputAudio, rates.OutputAudio),
            new("image output", usage.OutputImage, rates.OutputImage),
            new("search", searches.Rate > 0 ? searches.Count : 0, searches.Rate),
            new("request", PerRequest > 0 ? 1 : 0, PerRequest),
            new("seconds", PerSecond > 0 ? (decimal)duration.Ticks / TimeSpan.TicksPerSecond : 0, PerSecond),
            .. Units.LinesOf(units),
        ];
        return lines.Where(l => l.Count > 0);
    }

    /// <summary>Tokens at their most, in the tier where they cost most; a prompt in a tier is not longer than the tier.</summary>
    private static Int128 DearestOf(PriceRates rates, ImmutableArray<PriceTier> tiers, long input, long output, TokenKinds without)
    {
        var dearest = (Int128)0;
        for (var i = -1; i < tiers.Length; i++)
        {
            if (i >= 0 && input <= tiers[i].Above)
                break;
            var longest = i + 1 < tiers.Length ? Math.Min(input, tiers[i + 1].Above) : input;
            var here = i < 0 ? rates : tiers[i].Rates;
            dearest = Int128.Max(dearest, (Int128)longest * here.DearestInput(without) + (Int128)output * here.DearestOutput(without));
        }
        return dearest;
    }

    /// <summary>The dearest output rate of the tiers that a prompt can be in.</summary>
    private static long DearestOutputOf(PriceRates rates, ImmutableArray<PriceTier> tiers, long input, TokenKinds without)
    {
        var dearest = rates.DearestOutput(without);
        foreach (var tier in tiers)
        {
            if (input > tier.Above)
                dearest = Math.Max(dearest, tier.Rates.DearestOutput(without));
        }
        return dearest;
    }

    /// <summary>A sum in USD after discount and margin, rounded once.</summary>
    /// <param name="usd">Not negative, at most a billion.</param>
    internal static NanoUsd Adjust(decimal usd, PriceAdjustment adjustment)
    {
        // In two parts, because USD × 1e22 would not fit a decimal.
        var whole = decimal.Truncate(usd);
        var perUsd = (Int128)NanoUsd.PerUsd * Scale;
        return new(adjustment.Round((Int128)whole * perUsd + (Int128)((usd - whole) * (decimal)perUsd), Scale, MaxCost));
    }

    /// <summary>Adds what does not depend on tokens, and rounds.</summary>
    private NanoUsd Round(TimeSpan duration, Int128 tokens) => new(Adjustment.Round(
        (tokens + PerRequest) * TimeSpan.TicksPerSecond + (Int128)Math.Max(0, duration.Ticks) * PerSecond, Scale, MaxCost));

    private ServicePrice? ServiceOf(ServiceTier service)
    {
        foreach (var own in Services)
        {
            if (own.Service == service)
                return own;
        }
        return null;
    }

    private static PriceRates Pick(PriceRates rates, ImmutableArray<PriceTier> tiers, long promptTokens)
    {
        for (var i = tiers.Length - 1; i >= 0; i--)
        {
            if (promptTokens > tiers[i].Above)
                return tiers[i].Rates;
        }
        return rates;
    }

    private static bool AreZero(PriceRates rates, ImmutableArray<PriceTier> tiers) => rates.IsZero && tiers.All(t => t.Rates.IsZero);

    private static long Count(long tokens) => Math.Clamp(tokens, 0, MaxTokens);
}
