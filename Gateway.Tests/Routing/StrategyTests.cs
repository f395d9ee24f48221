using Gateway.Routing;
using Gateway.Tests.Config;

namespace Gateway.Tests.Routing;

public sealed class StrategyTests
{
    [Test]
    public void EveryNameHasAStrategyAndNoOtherNameHas()
    {
        foreach (var name in RoutingStrategies.Names)
        {
            Assert.That(RoutingStrategies.Find(name), Is.Not.Null, name);
            Assert.That(RoutingStrategies.Find(name.ToUpperInvariant()), Is.Not.Null, name);
        }
        Assert.That(RoutingStrategies.Find("usage-basd"), Is.Null);
        foreach (var name in RoutingStrategies.Names)
            Assert.That(ConfigText.Read($"router_settings: {{routing_strategy: {name}}}").Said(), Is.Empty, "a config may have it");
    }

    [Test]
    public void SharesOfTheShuffleFollowTheWeights() => Assert.That(
        Shares(new SimpleShuffle(), new() { Weight = 1 }, new() { Weight = 3 }, new() { Weight = 6 }),
        Is.EqualTo(new[] { 0.1, 0.3, 0.6 }).Within(0.01));

    [Test]
    public void AWeightOfAnyCandidateCountsAndTheOthersGetNothing() => Assert.That(
        Shares(new SimpleShuffle(), new() { Rpm = 100 }, new() { Weight = 2 }), Is.EqualTo(new[] { 0.0, 1.0 }));

    [Test]
    public void WithoutWeightsTheShuffleFollowsRpmThenTpm()
    {
        Assert.That(Shares(new SimpleShuffle(), new() { Rpm = 30, Tpm = 1 }, new() { Rpm = 10, Tpm = 9 }),
            Is.EqualTo(new[] { 0.75, 0.25 }).Within(0.01));
        Assert.That(Shares(new SimpleShuffle(), new() { Tpm = 1000 }, new() { Tpm = 3000 }),
            Is.EqualTo(new[] { 0.25, 0.75 }).Within(0.01));
    }

    [Test]
    public void WeightsThatAreAllZeroShareAlike() => Assert.That(
        Shares(new SimpleShuffle(), new() { Weight = 0 }, new() { Weight = -5 }), Is.EqualTo(new[] { 0.5, 0.5 }).Within(0.01));

    [Test]
    public void TheLeastBusyIsTakenAndTiesAreSharedAlike() => Assert.That(
        Shares(new LeastBusy(), new() { InFlight = 2 }, new() { InFlight = 1 }, new() { InFlight = 1 }),
        Is.EqualTo(new[] { 0, 0.5, 0.5 }).Within(0.01));

    [Test]
    public void TheMostHeadroomWinsByTheTighterOfBothLimits() => Assert.That(
        Shares(new UsageBased(), new() { Rpm = 10, Tpm = 1000, Requests = 1, Tokens = 900 }, new() { Rpm = 10, Requests = 8 }),
        Is.EqualTo(new[] { 0.0, 1.0 }));

    [Test]
    public void WithoutLimitsTheFewestTokensUsedWin() => Assert.That(
        Shares(new UsageBased(), new() { Tokens = 500, Rpm = 1000 }, new() { Tokens = 400 }), Is.EqualTo(new[] { 0.0, 1.0 }));

    [Test]
    public void AnswersGoByTimePerTokenAndStreamsByTimeToFirstToken()
    {
        Candidate[] candidates =
        [
            new() { SecondsPerToken = 0.01, SecondsToFirstToken = 2 }, new() { SecondsPerToken = 0.02, SecondsToFirstToken = 1 },
        ];
        Assert.That(new LatencyBased().Choose(candidates, default, 0.9, new double[2]), Is.EqualTo(0));
        Assert.That(new LatencyBased().Choose(candidates, new() { IsStream = true }, 0.1, new double[2]), Is.EqualTo(1));
    }

    [Test]
    public void TheBufferSharesAmongThoseNearlyAsFast() => Assert.That(
        Shares(new LatencyBased(0.5),
            new() { SecondsPerToken = 0.01 }, new() { SecondsPerToken = 0.015 }, new() { SecondsPerToken = 0.016 }),
        Is.EqualTo(new[] { 0.5, 0.5, 0 }).Within(0.01));

    [Test]
    public void OneWithoutASampleIsTriedByOneRequestAtATime()
    {
        var known = new Candidate { SecondsPerToken = 0.01 };
        Assert.That(Shares(new LatencyBased(), known, default), Is.EqualTo(new[] { 0.0, 1.0 }));
        Assert.That(Shares(new LatencyBased(), known, new() { InFlight = 1 }), Is.EqualTo(new[] { 1.0, 0.0 }));
    }

    [Test]
    public void TheCheapestWinsAndAnUnknownPriceComesLast()
    {
        Assert.That(Shares(new CostBased(), default, new() { Price = new(500) }, new() { Price = new(400) }),
            Is.EqualTo(new[] { 0.0, 0.0, 1.0 }));
        Assert.That(Shares(new CostBased(), default, default), Is.EqualTo(new[] { 0.5, 0.5 }).Within(0.01));
    }

    private static double[] Shares(IRoutingStrategy strategy, params Candidate[] candidates)
    {
        const int Draws = 50_000;
        var random = new Random(7);
        var shares = new double[candidates.Length];
        for (var i = 0; i < Draws; i++)
            shares[strategy.Choose(candidates, default, random.NextDouble(), new double[candidates.Length])] += 1.0 / Draws;
        return [.. shares.Select(share => Math.Round(share, 6))];
    }
}
