using System.Collections.Immutable;

namespace Gateway.Pricing;

/// <summary>The prices that a source gives one by one under LiteLLM's names, put together to a <see cref="ModelPrice"/>.</summary>
internal sealed class PriceSheet
{
    private static readonly ServiceTier[] Urgencies = [ServiceTier.Flex, ServiceTier.Priority, ServiceTier.Batch];

    private readonly Dictionary<PriceField, long> _rates = [];

    /// <summary>True when it holds no price.</summary>
    public bool IsEmpty => _rates.Count == 0;

    /// <summary>Adds a price in nano-USD per million; one given before counts no more.</summary>
    public void Add(PriceField field, long rate) => _rates[field] = rate;

    /// <summary>The price of a field as it was given. Null: it was not.</summary>
    public long? Find(PriceField field) => _rates.TryGetValue(field, out var rate) ? rate : null;

    /// <summary>
    /// The whole price. What a longer prompt or an urgency does not say costs there what it costs below or at the list price;
    /// what is said nowhere costs what <see cref="PriceRates.Of"/> makes of it.
    /// </summary>
    public ModelPrice ToPrice(string id, PriceSource source)
    {
        var seconds = (Find(new(PriceUnit.InputSecond)) ?? 0) + (Find(new(PriceUnit.OutputSecond)) ?? 0);
        return new ModelPrice
        {
            Id = id,
            Source = source,
            Rates = RatesOf(0, ServiceTier.Standard),
            Tiers = TiersOf(ServiceTier.Standard),
            Services =
            [
                .. Urgencies.Where(s => _rates.Keys.Any(f => f.Service == s)).Select(s => new ServicePrice(s, RatesOf(0, s), TiersOf(s))),
            ],
            PerRequest = Find(new(PriceUnit.Request)) ?? 0,
            PerSecond = Math.Min(seconds, PriceRates.Max),
            Units = new UnitRates
            {
                Image = Dearer(PriceUnit.InputPicture, PriceUnit.OutputPicture),
                Character = Find(new(PriceUnit.Character)),
                AudioSecond = Dearer(PriceUnit.InputSecond, PriceUnit.OutputSecond),
                SearchUnit = Find(new(PriceUnit.SearchUnit)),
            },
            PricesTokens = _rates.Keys.Any(static field => !field.IsPerPiece),
        };
    }

    /// <summary>Two names of one thing.</summary>
    private long? Dearer(PriceUnit one, PriceUnit other) => (Find(new(one)), Find(new(other))) switch
    {
        ({ } a, { } b) => Math.Max(a, b),
        var (a, b) => a ?? b,
    };

    private ImmutableArray<PriceTier> TiersOf(ServiceTier service) =>
    [
        .. _rates.Keys.Where(f => f.Above > 0 && (f.Service == service || f.Service == ServiceTier.Standard))
            .Select(f => f.Above).Distinct().Order().Select(above => new PriceTier(above, RatesOf(above, service))),
    ];

    private PriceRates RatesOf(long above, ServiceTier service) => PriceRates.Of(
        RateOf(PriceUnit.Input, above, service) ?? 0,
        RateOf(PriceUnit.Output, above, service) ?? 0,   // embeddings have no output
        RateOf(PriceUnit.CachedRead, above, service),
        RateOf(PriceUnit.CacheWrite, above, service),
        RateOf(PriceUnit.CacheWriteHour, above, service),
        RateOf(PriceUnit.InputAudio, above, service),
        RateOf(PriceUnit.Reasoning, above, service),
        RateOf(PriceUnit.OutputAudio, above, service),
        RateOf(PriceUnit.InputImage, above, service),
        RateOf(PriceUnit.OutputImage, above, service));

    /// <summary>
    /// The rate of an urgency; where only the list price knows the longer prompt, the dearer of both. Null: neither has one.
    /// </summary>
    private long? RateOf(PriceUnit unit, long above, ServiceTier service)
    {
        var (listed, listedAbove) = Reached(unit, above, ServiceTier.Standard);
        if (service == ServiceTier.Standard)
            return listed;
        var (own, ownAbove) = Reached(unit, above, service);
        if (own is null || listed is null)
            return own ?? listed;
        return ownAbove >= listedAbove ? own : Math.Max(own.Value, listed.Value);
    }

    /// <summary>The rate with the largest threshold that a prompt above <paramref name="above"/> tokens passes.</summary>
    private (long? Rate, long Above) Reached(PriceUnit unit, long above, ServiceTier service)
    {
        (long? Rate, long Above) reached = (null, -1);
        foreach (var (field, rate) in _rates)
        {
            if (field.Unit == unit && field.Service == service && field.Above <= above && field.Above > reached.Above)
                reached = (rate, field.Above);
        }
        return reached;
    }
}
