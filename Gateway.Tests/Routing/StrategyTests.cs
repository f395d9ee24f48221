using CsCheck;
using Gateway.Routing;

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
    public void OneOverItsLimitIsNeverTaken()
    {
        foreach (var strategy in new IRoutingStrategy[] { new UsageBased(), new LatencyBased(), new CostBased() })
        {
            var full = new Candidate { Rpm = 10, Requests = 10, SecondsPerToken = 0.001, Price = NanoUsd.Zero };
            var slow = new Candidate { Rpm = 10, Requests = 9, SecondsPerToken = 9, Price = new(9), InFlight = 1 };
            Assert.That(Shares(strategy, full, slow), Is.EqualTo(new[] { 0.0, 1.0 }), strategy.ToString());
            Assert.That(strategy.Choose([full, full], default, 0.5, new double[2]), Is.EqualTo(-1), strategy.ToString());
        }
    }

    [Test]
    public void ARequestThatDoesNotFitTheTokensLeftGoesElsewhere()
    {
        var request = new RouteRequest { InputTokens = 200 };
        Candidate[] candidates = [new() { Tpm = 1000, Tokens = 850 }, new() { Tpm = 10_000, Tokens = 9_000 }];
        Assert.That(new UsageBased().Choose(candidates, request, 0, new double[2]), Is.EqualTo(1));
        Assert.That(new UsageBased().Choose(candidates, default, 0, new double[2]), Is.EqualTo(0));
    }

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

    [Test]
    public void NoStateMakesADecisionPickAnExcludedCandidate()
    {
        var candidate =
            from weight in Gen.Double[-1, 5].Nullable()
            from rpm in Gen.Long[0, 5].Nullable()
            from tpm in Gen.Long[0, 100].Nullable()
            from requests in Gen.Long[0, 6]
            from tokens in Gen.Long[0, 120]
            from speed in Gen.Double[0, 3].Nullable()
            from cooldown in Gen.Int[0, 2]
            from isTried in Gen.Bool
            select new Candidate
            {
                Weight = weight,
                Rpm = rpm,
                Tpm = tpm,
                Requests = requests,
                Tokens = tokens,
                InFlight = (int)requests,
                SecondsPerToken = speed,
                SecondsToFirstToken = speed,
                Price = tpm is { } price ? new NanoUsd(price) : null,
                Cooldown = TimeSpan.FromSeconds(cooldown == 2 ? 1 : 0),
                IsTried = isTried,
            };
        Gen.Select(candidate.Array[1, 40], Gen.Double[0, 0.999999], Gen.Int[0, RoutingStrategies.Names.Length - 1], Gen.Bool)
            .Sample((candidates, random, name, isStream) =>
            {
                var verdicts = new CandidateVerdict[candidates.Length];
                var strategy = RoutingStrategies.Find(RoutingStrategies.Names[name])!;
                var request = new RouteRequest { IsStream = isStream, InputTokens = 3 };
                var chosen = RouteDecision.Decide(strategy, request, candidates, random, verdicts);
                return IsSound(strategy, request, candidates, verdicts, chosen);
            }, iter: 20_000);
    }

    private static bool IsSound(
        IRoutingStrategy strategy, RouteRequest request, Candidate[] candidates, CandidateVerdict[] verdicts, int chosen)
    {
        bool MayBeTaken(Candidate candidate) => candidate.Cooldown == TimeSpan.Zero
            && (strategy is SimpleShuffle or LeastBusy || !candidate.IsOverLimit(request));
        if (chosen < 0)
            return !candidates.Any(MayBeTaken);
        return MayBeTaken(candidates[chosen])
            && (!candidates[chosen].IsTried || !candidates.Any(other => !other.IsTried && MayBeTaken(other)))
            && verdicts[chosen].Verdict == RouteVerdict.Chosen
            && verdicts.Count(verdict => verdict.Verdict == RouteVerdict.Chosen) == 1
            && candidates.Index().All(pair => pair.Item.Cooldown > TimeSpan.Zero
                == (verdicts[pair.Index].Verdict == RouteVerdict.CoolingDown));
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
