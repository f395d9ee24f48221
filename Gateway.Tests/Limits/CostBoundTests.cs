using System.Numerics;
using CsCheck;
using Gateway.Limits;

namespace Gateway.Tests.Limits;

public sealed class CostBoundTests
{
    private static readonly Gen<CostBound> Bounds =
        Gen.Select(Gen.Long[0, 10_000_000_000], Gen.OneOf(Gen.Long[0, 1_000_000], Gen.Long[0, 1_000_000_000_000_000_000]),
            Gen.Long[0, 1_000_000], Gen.OneOf(Gen.Long[0, 200_000], Gen.Long[0, long.MaxValue]), Gen.Long[0, 200])
        .Select((cost, rate, input, cap, choices) => new CostBound
        {
            FixedCost = new NanoUsd(cost),
            OutputRate = rate,
            InputTokens = input,
            OutputCap = cap,
            Choices = choices,
        });

    [Test]
    public void TheCapThatMoneyBuysIsTheGreatestThatItBuysAndNeverCostsMore() =>
        Gen.Select(Bounds, Gen.OneOf(Gen.Long[-5, 100_000_000_000], Gen.Long[0, long.MaxValue])).Sample((bound, money) =>
        {
            var cap = bound.CapWithin(money);
            if (cap < 0)
                return cap == -1 && Exact(bound, 0) > money;
            return cap <= bound.OutputCap && Exact(bound, cap) <= money && (cap == bound.OutputCap || Exact(bound, cap + 1) > money);
        }, iter: 20_000);

    [Test]
    public void TheCapThatTokensAllowIsTheGreatestThatTheyAllow() =>
        Gen.Select(Bounds, Gen.Long[-5, 2_000_000]).Sample((bound, tokens) =>
        {
            var cap = bound.CapWithinTokens(tokens);
            var answers = Math.Max(1, bound.Choices);
            return cap < 0
                ? cap == -1 && bound.InputTokens > tokens
                : cap <= bound.OutputCap && (BigInteger)bound.InputTokens + (BigInteger)cap * answers <= tokens
                    && (cap == bound.OutputCap || (BigInteger)bound.InputTokens + (BigInteger)(cap + 1) * answers > tokens);
        }, iter: 20_000);

    [Test]
    public void ACostIsExactAndRoundedUpOnce() =>
        Bounds.Sample(bound => bound.CostOf(bound.OutputCap).Value == BigInteger.Min(Exact(bound, bound.OutputCap), long.MaxValue),
            iter: 20_000);

    [Test]
    public void ThreeTokensAtAThirdOfANanoDollarCostOne()
    {
        var bound = new CostBound { OutputRate = 333_334, OutputCap = 10, Choices = 1 };
        Assert.That((bound.CostOf(3).Value, bound.CapWithin(1), bound.CapWithin(0)), Is.EqualTo((2L, 2L, 0L)));
    }

    private static BigInteger Exact(CostBound bound, long cap) =>
        bound.FixedCost.Value + ((BigInteger)bound.OutputRate * Math.Max(1, bound.Choices) * cap + 999_999) / 1_000_000;
}
