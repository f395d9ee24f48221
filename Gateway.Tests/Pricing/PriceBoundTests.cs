using CsCheck;
using Gateway.Pricing;

namespace Gateway.Tests.Pricing;

public sealed class PriceBoundTests
{
    private const long Usd = 1_000_000_000;

    private static readonly Gen<PriceRates> AnyRates = Gen.Select(Gen.Long[0, 100 * Usd].Array[10],
        r => PriceRates.Of(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9]));

    private static readonly Gen<PriceTier[]> AnyTiers = Gen.Select(Gen.Long[1, 3000].Array[0, 3], AnyRates.Array[3],
        (above, rates) => above.Distinct().Order().Select((a, i) => new PriceTier(a, rates[i])).ToArray());

    private static readonly Gen<PriceAdjustment> AnyAdjustment = Gen.Select(Gen.Int[0, 100], Gen.Int[0, 300], Gen.Int[0, 5],
        (discount, margin, fee) => PriceAdjustment.Of(discount / 100m, margin / 100m, fee / 1000m));

    private static readonly Gen<ModelPrice> AnyPrice = Gen.Select(AnyRates, AnyTiers,
        Gen.Select(AnyRates, AnyTiers, Gen.Enum<ServiceTier>()).Array[0, 3], Gen.Long[0, 1000 * Usd], AnyAdjustment,
        (rates, tiers, services, fee, adjustment) => new ModelPrice
        {
            Id = "t",
            Rates = rates,
            Tiers = [.. tiers],
            Services = [.. services.Where(s => s.Item3 != ServiceTier.Standard).DistinctBy(s => s.Item3)
                .Select(s => new ServicePrice(s.Item3, s.Item1, [.. s.Item2]))],
            PerRequest = fee * 1_000_000,
            PerSecond = fee,
            Adjustment = adjustment,
        });

    private static readonly Gen<Usage> AnyUsage = Gen.Long[0, 1000].Array[10].Select(n => new Usage
    {
        Input = n[0],
        CachedRead = n[1],
        CacheWrite = n[2],
        CacheWriteHour = n[3],
        InputAudio = n[4],
        InputImage = n[5],
        Output = n[6],
        Reasoning = n[7],
        OutputAudio = n[8],
        OutputImage = n[9],
    });

    private static readonly Gen<BoundFacts> AnyFacts = Gen.Select(Gen.Int[0, 255], Gen.Int[0, 4], Gen.Int[0, 5000],
        (without, service, milliseconds) => new BoundFacts
        {
            Without = (TokenKinds)without,
            Service = service == 4 ? null : (ServiceTier)service,
            Longest = TimeSpan.FromMilliseconds(milliseconds),
        });

    [Test]
    public void NoUsageWithinTheBoundsCostsMoreThanTheBound() =>
        Gen.Select(AnyPrice, AnyUsage, AnyFacts, Gen.Int[0, 100], Gen.Int[0, 3], Gen.Double[0, 1]).Sample(
            (price, usage, facts, spare, billed, share) =>
            {
                usage = Without(usage, facts.Without);
                var service = facts.Service is null ? (ServiceTier)billed : billed % 2 == 0 ? facts.Service.Value : ServiceTier.Standard;
                var cost = price.CostOf(usage, facts.Longest * share, service);
                return cost <= price.BoundOf(usage.Prompt + spare, usage.Completion + spare, facts);
            }, iter: 20_000);

    [Test]
    public void MoreTokensNeverHaveASmallerBound() =>
        Gen.Select(AnyPrice, AnyFacts, Gen.Long[0, 5000], Gen.Long[0, 5000], Gen.Long[0, 500]).Sample((price, facts, input, output, more) =>
            price.BoundOf(input + more, output, facts) >= price.BoundOf(input, output, facts)
            && price.BoundOf(input, output + more, facts) >= price.BoundOf(input, output, facts));

    [Test]
    public void OutputAddsNoMoreToABoundThanItsRate() =>
        Gen.Select(AnyPrice, AnyFacts, Gen.Long[0, 5000], Gen.Long[0, 500], Gen.Long[0, 50], Gen.Long[0, 5000]).Sample(
            (price, facts, most, less, extra, output) =>
            {
                var input = Math.Max(0, most - less);
                var rate = (Int128)price.OutputRateBound(most, facts);
                var added = (rate * output + 999_999) / 1_000_000;
                return price.BoundOf(input, extra + output, facts).Value <= price.BoundOf(input, extra, facts).Value + added
                    && price.BoundOf(input, output, facts).Value <= price.BoundOf(most, 0, facts).Value + added;
            }, iter: 20_000);

    [Test]
    public void TheOutputRateIsTheDearestThatTheRequestCanComeTo()
    {
        var price = new ModelPrice
        {
            Id = "t",
            Rates = PriceRates.Of(1, 10 * Usd, reasoning: 12 * Usd, outputAudio: 80 * Usd),
            Tiers = [new(1000, PriceRates.Of(1, 20 * Usd))],
            Services = [new(ServiceTier.Priority, PriceRates.Of(1, 45 * Usd), [])],
            Adjustment = PriceAdjustment.Of(0.1m, 0.2m, 5),
        };
        decimal Rate(long input, BoundFacts facts) => (decimal)price.OutputRateBound(input, facts) / Usd;

        Assert.That(Rate(1000, new() { Service = ServiceTier.Standard }), Is.EqualTo(80 * 0.9m * 1.2m));
        Assert.That(Rate(1000, new() { Service = ServiceTier.Standard, Without = TokenKinds.OutputAudio }), Is.EqualTo(12 * 0.9m * 1.2m));
        Assert.That(Rate(1001, new() { Service = ServiceTier.Standard, Without = TokenKinds.OutputAudio }), Is.EqualTo(20 * 0.9m * 1.2m));
        Assert.That(Rate(1000, new() { Without = TokenKinds.OutputAudio }), Is.EqualTo(45 * 0.9m * 1.2m));
    }

    [Test]
    public void ARateWithItsMarginIsRoundedUpAndNeverOverflows()
    {
        var adjustment = PriceAdjustment.Of(0.1m, 0, 0);
        Assert.That(new ModelPrice { Id = "t", Rates = PriceRates.Of(0, 9), Adjustment = adjustment }.OutputRateBound(0, default), Is.EqualTo(9));
        var most = new ModelPrice { Id = "t", Rates = PriceRates.Of(0, PriceRates.Max), Adjustment = PriceAdjustment.Of(0, 10) };
        Assert.That(most.OutputRateBound(0, default), Is.EqualTo(long.MaxValue));
    }

    [Test]
    public void ABoundIsReachedByTheDearestUsage()
    {
        var price = new ModelPrice
        {
            Id = "t",
            Rates = PriceRates.Of(3 * Usd, 15 * Usd, 300_000_000, 3_750_000_000, 6 * Usd),
            Tiers = [new(1000, PriceRates.Of(6 * Usd, 20 * Usd))],
            Services = [new(ServiceTier.Priority, PriceRates.Of(9 * Usd, 45 * Usd), [])],
        };
        Assert.That(Bound(1000, new() { Service = ServiceTier.Standard }), Is.EqualTo("0.0075"), "an hour's writes: 1000 × 6 + 100 × 15");
        Assert.That(Bound(1000, new() { Service = ServiceTier.Flex, Without = TokenKinds.CacheWriteHour }),
            Is.EqualTo("0.00525"), "writes of 5 minutes: 1000 × 3.75 + 100 × 15");
        Assert.That(Bound(1001, new() { Service = ServiceTier.Standard }), Is.EqualTo("0.008006"), "the tier: 1001 × 6 + 100 × 20");
        Assert.That(Bound(1000, new()), Is.EqualTo("0.0135"), "nobody asked for an urgency: 1000 × 9 + 100 × 45");

        string Bound(long input, BoundFacts facts) => price.BoundOf(input, 100, facts).ToString();
    }

    [Test]
    public void ABoundOfEverythingIsABillionDollars()
    {
        var max = PriceRates.Of(PriceRates.Max, PriceRates.Max);
        var price = new ModelPrice { Id = "t", Rates = max, PerRequest = PriceRates.Max, PerSecond = PriceRates.Max };
        var longest = new BoundFacts { Longest = TimeSpan.MaxValue };
        Assert.That(price.BoundOf(long.MaxValue, long.MaxValue, longest).ToUsd(), Is.EqualTo(1_000_000_000m));
        var adjusted = price with { Adjustment = PriceAdjustment.Of(0.1m, 10, 1000) };
        Assert.That(adjusted.BoundOf(long.MaxValue, long.MaxValue, longest).ToUsd(), Is.EqualTo(1_000_000_000m));
        Assert.That(price.BoundOf(-1, -1, default).ToUsd(), Is.EqualTo(1000m), "no tokens; the fee per request stays");
    }

    [Test]
    public void AnAdjustedCostIsTheExactProductRoundedOnce() =>
        Gen.Select(AnyRates, AnyUsage, Gen.Int[0, 1_000_000], Gen.Int[0, 10_000_000], Gen.Int[0, 1_000_000]).Sample(
            (rates, usage, discount, margin, fee) =>
            {
                var (off, on, fixedUsd) = (discount / 1_000_000m, margin / 1_000_000m, fee / 1_000_000_000_000m);
                var price = new ModelPrice { Id = "t", Rates = rates, Adjustment = PriceAdjustment.Of(off, on, fixedUsd) };
                var exact = price.LinesOf(usage, default).Sum(l => l.Usd) * (1 - off) * (1 + on) + fixedUsd;
                return Math.Abs(price.CostOf(usage, default).ToUsd() - exact) <= 0.00000000050000001m;
            });

    [Test]
    public void OnlyPriorityCannotBePricedByTheListPrice()
    {
        var price = new ModelPrice { Id = "t", Rates = PriceRates.Of(1, 1) };
        Assert.That(Enum.GetValues<ServiceTier>().Where(price.Knows),
            Is.EqualTo(new[] { ServiceTier.Standard, ServiceTier.Flex, ServiceTier.Batch }));
        var known = price with { Services = [new(ServiceTier.Priority, PriceRates.Of(2, 2), [])] };
        Assert.That(known.Knows(ServiceTier.Priority), Is.True);
    }

    private static Usage Without(Usage usage, TokenKinds kinds) => new()
    {
        Input = usage.Input,
        CachedRead = kinds.HasFlag(TokenKinds.CachedRead) ? 0 : usage.CachedRead,
        CacheWrite = kinds.HasFlag(TokenKinds.CacheWrite) ? 0 : usage.CacheWrite,
        CacheWriteHour = kinds.HasFlag(TokenKinds.CacheWriteHour) ? 0 : usage.CacheWriteHour,
        InputAudio = kinds.HasFlag(TokenKinds.InputAudio) ? 0 : usage.InputAudio,
        InputImage = kinds.HasFlag(TokenKinds.InputImage) ? 0 : usage.InputImage,
        Output = usage.Output,
        Reasoning = kinds.HasFlag(TokenKinds.Reasoning) ? 0 : usage.Reasoning,
        OutputAudio = kinds.HasFlag(TokenKinds.OutputAudio) ? 0 : usage.OutputAudio,
        OutputImage = kinds.HasFlag(TokenKinds.OutputImage) ? 0 : usage.OutputImage,
    };
}
