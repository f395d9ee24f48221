using System.Globalization;
using CsCheck;
using Gateway.Pricing;

namespace Gateway.Tests.Pricing;

public sealed class ModelPriceTests
{
    /// <summary>1 USD per million in nano-USD per million.</summary>
    private const long Usd = 1_000_000_000;

    /// <summary>3 / 0.3 / 3.75 / 6 / 10 audio in, 15 / 20 reasoning / 40 audio out; above 200k tokens twice that.</summary>
    private static readonly PriceRates Rates =
        PriceRates.Of(3 * Usd, 15 * Usd, 300_000_000, 3_750_000_000, 6 * Usd, 10 * Usd, 20 * Usd, 40 * Usd);

    private static readonly ModelPrice Price = new()
    {
        Id = "test",
        Rates = Rates,
        Tiers =
        [
            new(32_000, PriceRates.Of(4 * Usd, 16 * Usd)),
            new(128_000, PriceRates.Of(6 * Usd, 30 * Usd, 600_000_000)),
        ],
    };

    [TestCase(1000, 0, 0, 0, 0, 0, 0, 0, "0.003")]
    [TestCase(0, 1000, 0, 0, 0, 0, 0, 0, "0.0003")]
    [TestCase(0, 0, 1000, 0, 0, 0, 0, 0, "0.00375")]
    [TestCase(0, 0, 0, 1000, 0, 0, 0, 0, "0.006")]
    [TestCase(0, 0, 0, 0, 1000, 0, 0, 0, "0.01")]
    [TestCase(0, 0, 0, 0, 0, 1000, 0, 0, "0.015")]
    [TestCase(0, 0, 0, 0, 0, 0, 1000, 0, "0.02")]
    [TestCase(0, 0, 0, 0, 0, 0, 0, 1000, "0.04")]
    [TestCase(100, 900, 50, 10, 5, 200, 300, 7, "0.010147500")]
    [TestCase(0, 0, 0, 0, 0, 0, 0, 0, "0")]
    [TestCase(32_000, 0, 0, 0, 0, 1000, 0, 0, "0.111")]                 // on the threshold: not above it
    [TestCase(32_001, 0, 0, 0, 0, 1000, 0, 0, "0.144004")]              // the whole request changes, output too
    [TestCase(128_001, 0, 0, 0, 0, 1000, 0, 0, "0.798006")]             // the largest threshold that is passed
    [TestCase(1, 128_000, 0, 0, 0, 0, 0, 0, "0.076806")]                // cached tokens count towards the threshold
    [TestCase(0, 0, 128_001, 0, 0, 0, 0, 0, "0.768006")]                // the tier gives no cache-write rate: its input rate
    [TestCase(-5, 0, 0, 0, 0, 1000, 0, 0, "0.015")]                     // a negative count is none
    public void ACostIsTheSumOfItsBuckets(
        long input, long cached, long write, long writeHour, long audio, long output, long reasoning, long audioOut, string usd)
    {
        var usage = new Usage
        {
            Input = input,
            CachedRead = cached,
            CacheWrite = write,
            CacheWriteHour = writeHour,
            InputAudio = audio,
            Output = output,
            Reasoning = reasoning,
            OutputAudio = audioOut,
        };
        Assert.That(Price.CostOf(usage, TimeSpan.Zero).ToUsd(), Is.EqualTo(decimal.Parse(usd, CultureInfo.InvariantCulture)));
    }

    [TestCase(1, 499_999, 0)]
    [TestCase(1, 500_000, 1)]
    [TestCase(3, 500_000, 2)]
    [TestCase(2, 250_000, 1)]
    [TestCase(1, 1, 0)]
    public void ACostIsRoundedOnceHalfUp(long tokens, long rate, long nano) =>
        Assert.That(
            new ModelPrice { Id = "t", Rates = PriceRates.Of(rate, 0) }.CostOf(new Usage { Input = tokens }, default).Value,
            Is.EqualTo(nano));

    [Test]
    public void PartsBelowHalfANanoDollarAddUpBeforeTheyAreRounded()
    {
        var price = new ModelPrice { Id = "t", Rates = PriceRates.Of(400_000, 400_000), PerRequest = 400_000 };
        Assert.That(price.CostOf(new Usage { Input = 1, Output = 1 }, default).Value, Is.EqualTo(1));
    }

    [Test]
    public void ARequestAndItsSecondsAreChargedBesideTheTokens()
    {
        PriceRates.TryFromUsd(0.012m, out var perRequest);
        PriceRates.TryFromUsd(0.0001m, out var perSecond);
        var price = new ModelPrice { Id = "t", Rates = PriceRates.Of(Usd, 0), PerRequest = perRequest, PerSecond = perSecond };
        Assert.That(price.CostOf(new Usage { Input = 1000 }, TimeSpan.FromSeconds(2.5)).ToString(), Is.EqualTo("0.01325"));
        Assert.That(price.CostOf(default, TimeSpan.FromSeconds(-1)).ToString(), Is.EqualTo("0.012"));
    }

    [Test]
    public void MissingRatesAreFilledInByTheirPlainOnes()
    {
        Assert.That(PriceRates.Of(3, 15), Is.EqualTo(new PriceRates
        {
            Input = 3,
            CachedRead = 3,
            CacheWrite = 3,
            CacheWriteHour = 3,
            InputAudio = 3,
            InputImage = 3,
            Output = 15,
            Reasoning = 15,
            OutputAudio = 15,
            OutputImage = 15,
        }));
        Assert.That(PriceRates.Of(3, 15, cacheWrite: 4).CacheWriteHour, Is.EqualTo(4));
    }

    [TestCase("0.0000025", 2_500_000_000)]
    [TestCase("0.000000000000001", 1)]
    [TestCase("1e-7", 100_000_000)]
    [TestCase("1000", 1_000_000_000_000_000_000)]
    public void DollarsPerTokenConvertExactly(string usd, long rate)
    {
        Assert.That(PriceRates.TryFromUsd(decimal.Parse(usd, NumberStyles.Float, CultureInfo.InvariantCulture), out var found), Is.True);
        Assert.That(found, Is.EqualTo(rate));
    }

    [TestCase("-0.001")]
    [TestCase("1000.001")]
    [TestCase("79228162514264337593543950335")]
    public void AnImpossiblePriceIsNotConverted(string usd) =>
        Assert.That(PriceRates.TryFromUsd(decimal.Parse(usd, CultureInfo.InvariantCulture), out _), Is.False);

    [Test]
    public void TheLargestCountsAtTheDearestRateStayABillionDollars()
    {
        var max = PriceRates.Of(PriceRates.Max, PriceRates.Max);
        var price = new ModelPrice { Id = "t", Rates = max, PerRequest = PriceRates.Max, PerSecond = PriceRates.Max };
        var usage = new Usage
        {
            Input = long.MaxValue,
            CachedRead = long.MaxValue,
            CacheWrite = long.MaxValue,
            CacheWriteHour = long.MaxValue,
            InputAudio = long.MaxValue,
            Output = long.MaxValue,
            Reasoning = long.MaxValue,
            OutputAudio = long.MaxValue,
        };
        Assert.That(price.CostOf(usage, TimeSpan.MaxValue).ToUsd(), Is.EqualTo(1_000_000_000m));
    }

    [Test]
    public void OnlyAPriceWithoutAnyRateIsFree()
    {
        Assert.That(ModelPrice.Free("f").IsFree, Is.True);
        Assert.That(new ModelPrice { Id = "t", PerSecond = 1 }.IsFree, Is.False);
        Assert.That(new ModelPrice { Id = "t", PerRequest = 1 }.IsFree, Is.False);
        Assert.That(new ModelPrice { Id = "t", Tiers = [new(10, PriceRates.Of(1, 0))] }.IsFree, Is.False);
    }

    private static readonly Gen<long> Tokens = Gen.Long[0, 3_000_000];

    private static readonly Gen<Usage> Usages = Gen.Select(Tokens, Tokens, Tokens, Tokens, Tokens, Tokens, Tokens, Tokens,
        (a, b, c, d, e, f, g, h) => new Usage
        {
            Input = a,
            CachedRead = b,
            CacheWrite = c,
            CacheWriteHour = d,
            InputAudio = e,
            Output = f,
            Reasoning = g,
            OutputAudio = h,
        });

    private static readonly Gen<PriceRates> AnyRates = Gen.Select(Gen.Long[0, 100 * Usd].Array[8],
        r => PriceRates.Of(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]));

    [Test]
    public void ACostIsNeverNegativeAndWithinOneNanoDollarOfTheDecimalSum() => Gen.Select(AnyRates, Usages).Sample((rates, usage) =>
    {
        var price = new ModelPrice { Id = "t", Rates = rates };
        var cost = price.CostOf(usage, default);
        var exact = price.LinesOf(usage, default).Sum(l => l.Usd);
        return cost.Value >= 0 && Math.Abs(cost.ToUsd() - exact) <= 0.0000000005m;
    });

    [Test]
    public void MoreTokensNeverCostLessWhereTiersRise() => Gen.Select(AnyRates, Usages, Usages).Sample((rates, usage, more) =>
    {
        var doubled = PriceRates.Of(rates.Input * 2, rates.Output * 2, rates.CachedRead * 2, rates.CacheWrite * 2,
            rates.CacheWriteHour * 2, rates.InputAudio * 2, rates.Reasoning * 2, rates.OutputAudio * 2);
        var price = new ModelPrice { Id = "t", Rates = rates, Tiers = [new(200_000, doubled)] };
        var sum = new Usage
        {
            Input = usage.Input + more.Input,
            CachedRead = usage.CachedRead + more.CachedRead,
            CacheWrite = usage.CacheWrite + more.CacheWrite,
            CacheWriteHour = usage.CacheWriteHour + more.CacheWriteHour,
            InputAudio = usage.InputAudio + more.InputAudio,
            Output = usage.Output + more.Output,
            Reasoning = usage.Reasoning + more.Reasoning,
            OutputAudio = usage.OutputAudio + more.OutputAudio,
        };
        return price.CostOf(sum, default) >= price.CostOf(usage, default);
    });

    [Test]
    public void EachTokenIsChargedInOneBucketOnly() => Usages.Sample(usage =>
    {
        // One nano-dollar per token: the cost is the number of tokens.
        var price = new ModelPrice { Id = "t", Rates = PriceRates.Of(1_000_000, 1_000_000) };
        return price.CostOf(usage, default).Value == usage.Total;
    });
}
