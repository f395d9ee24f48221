using CsCheck;
using Gateway.Routing;

namespace Gateway.Tests.Routing;

/// <summary>The pure decision: which candidates are left out, for which reason, in which order.</summary>
public sealed class RouteDecisionTests
{
    private static readonly RouteRules Shuffle = new() { Strategy = new SimpleShuffle() };
    private static readonly RouteRules Checked = Shuffle with { ChecksContext = true, KeepsLimits = true };
    private static readonly RouteRules Tagged = Shuffle with { FiltersTags = true };
    private static readonly RouteRequest WithTags = new() { Tags = ["a"] };
    private static readonly Candidate Usual = new() { Order = Candidate.NoOrder };
    private static readonly TimeSpan Cooling = TimeSpan.FromSeconds(1);

    [Test]
    public void OneOverItsLimitIsNotTakenByStrategiesThatKeepLimitsNorWhereChecksAreOn()
    {
        var full = Usual with { Rpm = 10, Requests = 10, Tokens = 0, SecondsPerToken = 0.001, Price = NanoUsd.Zero };
        var slow = Usual with { Rpm = 10, Requests = 9, Tokens = 9, SecondsPerToken = 9, Price = new(9), InFlight = 1 };
        foreach (var name in RoutingStrategies.Names)
        {
            var strategy = RoutingStrategies.Find(name)!;
            var isKept = name is not ("simple-shuffle" or "least-busy");
            Assert.That(strategy.KeepsLimits, Is.EqualTo(isKept), name);
            var rules = Checked with { Strategy = strategy };
            Assert.That(Verdicts(rules, default, full, slow), Is.EqualTo(new[] { RouteVerdict.OverLimit, RouteVerdict.Chosen }), name);
            Assert.That(Verdicts(rules, default, full, full), Is.All.EqualTo(RouteVerdict.OverLimit), name);
        }
        Assert.That(Verdicts(Shuffle, default, full with { Rpm = 0 }), Is.EqualTo(new[] { RouteVerdict.Chosen }), "rpm is a weight there");
    }

    [Test]
    public void ARequestThatDoesNotFitTheTokensLeftGoesElsewhere()
    {
        var rules = Checked with { Strategy = new UsageBased() };
        Candidate[] candidates = [Usual with { Tpm = 1000, Tokens = 850 }, Usual with { Tpm = 10_000, Tokens = 9_000 }];
        Assert.That(Verdicts(rules, new() { InputTokens = 200 }, candidates),
            Is.EqualTo(new[] { RouteVerdict.OverLimit, RouteVerdict.Chosen }));
        Assert.That(Verdicts(rules, default, candidates), Is.EqualTo(new[] { RouteVerdict.Chosen, RouteVerdict.LostOnScore }));
        Assert.That(Verdicts(rules, new() { InputTokens = 150 }, candidates)[0], Is.EqualTo(RouteVerdict.Chosen), "just fits");
    }

    [Test]
    public void ARequestThatIsTooLongGoesWhereItFitsAndOneOfUnknownLengthAnywhere()
    {
        Candidate[] candidates = [Usual with { MaxInputTokens = 100 }, Usual with { MaxInputTokens = 101 }, Usual with { IsTried = true }];
        Assert.That(Verdicts(Checked, new() { InputTokens = 101 }, candidates),
            Is.EqualTo(new[] { RouteVerdict.ContextTooSmall, RouteVerdict.Chosen, RouteVerdict.AlreadyTried }));
        Assert.That(Verdicts(Checked, new() { InputTokens = 102 }, candidates),
            Is.EqualTo(new[] { RouteVerdict.ContextTooSmall, RouteVerdict.ContextTooSmall, RouteVerdict.Chosen }));
        Assert.That(Verdicts(Checked, default, candidates), Has.None.EqualTo(RouteVerdict.ContextTooSmall));
        Assert.That(Verdicts(Shuffle, new() { InputTokens = 102 }, candidates), Has.None.EqualTo(RouteVerdict.ContextTooSmall));
    }

    [Test]
    public void UnhealthyOnesAreLeftOutUnlessAllAreAndOnlyOnRequest()
    {
        var rules = Shuffle with { FollowsHealthChecks = true };
        var broken = Usual with { IsUnhealthy = true };
        var cooling = Usual with { Cooldown = Cooling };
        Assert.That(Verdicts(rules, default, broken, Usual), Is.EqualTo(new[] { RouteVerdict.Unhealthy, RouteVerdict.Chosen }));
        Assert.That(Verdicts(rules, default, broken, cooling), Is.EqualTo(new[] { RouteVerdict.Chosen, RouteVerdict.CoolingDown }));
        Assert.That(Verdicts(Shuffle, default, broken, Usual), Has.None.EqualTo(RouteVerdict.Unhealthy));
    }

    [Test]
    public void ThoseAtTheirParallelLimitAreLeftOut()
    {
        var full = Usual with { MaxParallelRequests = 2, InFlight = 2 };
        Assert.That(Verdicts(Shuffle, default, full, full with { InFlight = 1 }),
            Is.EqualTo(new[] { RouteVerdict.AtParallelLimit, RouteVerdict.Chosen }));
        Assert.That(Verdicts(Shuffle, default, full, Usual with { IsTried = true }),
            Is.EqualTo(new[] { RouteVerdict.AtParallelLimit, RouteVerdict.Chosen }), "the tried one is better than none");
    }

    [Test]
    public void TheLowestOrderThatIsLeftGoesFirst()
    {
        var (first, second, none) = (Usual with { Order = -1 }, Usual with { Order = 2 }, Usual);
        Assert.That(Verdicts(Shuffle, default, none, second, first),
            Is.EqualTo(new[] { RouteVerdict.LaterOrder, RouteVerdict.LaterOrder, RouteVerdict.Chosen }));
        Assert.That(Verdicts(Shuffle, default, none, second, first with { Cooldown = Cooling }),
            Is.EqualTo(new[] { RouteVerdict.LaterOrder, RouteVerdict.Chosen, RouteVerdict.CoolingDown }));
        Assert.That(Verdicts(Shuffle, default, none, second with { IsTried = true }, first with { IsTried = true }),
            Is.EqualTo(new[] { RouteVerdict.Chosen, RouteVerdict.AlreadyTried, RouteVerdict.AlreadyTried }));
        Assert.That(Verdicts(Shuffle, default, second with { IsTried = true }, first with { IsTried = true }),
            Is.EqualTo(new[] { RouteVerdict.LaterOrder, RouteVerdict.Chosen }), "all were tried: from the start");
    }

    [Test]
    public void TagsLeadToThoseThatHaveThemElseToTheDefaultOnes()
    {
        var (fitting, usual, other) = (Usual with { FitsTags = true }, Usual with { IsDefault = true }, Usual);
        Assert.That(Verdicts(Tagged, WithTags, other, usual, fitting),
            Is.EqualTo(new[] { RouteVerdict.WrongTag, RouteVerdict.WrongTag, RouteVerdict.Chosen }));
        Assert.That(Verdicts(Tagged, WithTags, other, usual), Is.EqualTo(new[] { RouteVerdict.WrongTag, RouteVerdict.Chosen }));
        Assert.That(Verdicts(Tagged, WithTags, usual, fitting with { Cooldown = Cooling }),
            Is.EqualTo(new[] { RouteVerdict.Chosen, RouteVerdict.CoolingDown }));
        Assert.That(Verdicts(Tagged, WithTags, other, other), Is.All.EqualTo(RouteVerdict.WrongTag));
        Assert.That(Verdicts(Shuffle, WithTags, other), Is.EqualTo(new[] { RouteVerdict.Chosen }), "not switched on");
    }

    [Test]
    public void WithoutTagsOnlyTheDefaultOnesAreUsedWhereThereAreAny()
    {
        var (usual, other) = (Usual with { IsDefault = true }, Usual);
        Assert.That(Verdicts(Tagged, default, other, usual), Is.EqualTo(new[] { RouteVerdict.WrongTag, RouteVerdict.Chosen }));
        Assert.That(Verdicts(Tagged, default, other, usual with { Cooldown = Cooling }),
            Is.EqualTo(new[] { RouteVerdict.WrongTag, RouteVerdict.CoolingDown }), "what is set apart stays set apart");
        Assert.That(Verdicts(Tagged, new() { Tags = [] }, other), Is.EqualTo(new[] { RouteVerdict.Chosen }));
    }

    [TestCase(true, "a", "a,b", true)]
    [TestCase(true, "a,c", "a,b", true)]
    [TestCase(true, "c", "a,b", false)]
    [TestCase(true, "A", "a,b", false)]
    [TestCase(false, "a,b", "a,b,c", true)]
    [TestCase(false, "a,d", "a,b,c", false)]
    [TestCase(true, "", "a", false)]
    [TestCase(true, "a", "", false)]
    public void ADeploymentFitsByOneTagOrByAll(bool matchesAny, string asked, string tags, bool fits)
    {
        var rules = Tagged with { MatchesAnyTag = matchesAny };
        Assert.That(rules.Fits(Words(asked), Words(tags)), Is.EqualTo(fits));

        static string[] Words(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    [Test]
    public void OneNamedByItsIdIsCalledWhateverItsHealthAndTagsButNotBeyondItsLimits()
    {
        var rules = Checked with { FiltersTags = true, FollowsHealthChecks = true };
        var request = new RouteRequest { IsById = true, Tags = ["a"], InputTokens = 5 };
        var ill = Usual with { Cooldown = Cooling, IsUnhealthy = true, IsTried = true };
        Assert.That(Verdicts(rules, request, ill), Is.EqualTo(new[] { RouteVerdict.Chosen }));
        Assert.That(Verdicts(rules, request, ill with { Rpm = 1, Requests = 1 }), Is.EqualTo(new[] { RouteVerdict.OverLimit }));
        Assert.That(Verdicts(rules, request, ill with { MaxInputTokens = 4 }), Is.EqualTo(new[] { RouteVerdict.ContextTooSmall }));
        Assert.That(Verdicts(rules, request, ill with { MaxParallelRequests = 1, InFlight = 1 }),
            Is.EqualTo(new[] { RouteVerdict.AtParallelLimit }));
    }

    [Test]
    public void SharesFollowTheWeightsOfThoseThatAreLeft()
    {
        const int Draws = 50_000;
        Candidate[] candidates =
        [
            Usual with { Weight = 1 }, Usual with { Weight = 90, Cooldown = Cooling }, Usual with { Weight = 3 }, Usual,
            Usual with { Weight = 50, InFlight = 1, MaxParallelRequests = 1 },
        ];
        var random = new Random(5);
        var shares = new double[candidates.Length];
        for (var i = 0; i < Draws; i++)
        {
            var verdicts = new CandidateVerdict[candidates.Length];
            shares[RouteDecision.Decide(Shuffle, default, candidates, random.NextDouble(), verdicts)] += 1.0 / Draws;
        }
        Assert.That(shares, Is.EqualTo(new[] { 0.25, 0, 0.75, 0, 0 }).Within(0.01));
    }

    [Test]
    public void NoStateMakesADecisionPickAnExcludedCandidate()
    {
        // Small groups meet the corners; one of more than 32 leaves the stack.
        var group = Gen.Frequency((19, AnyCandidate.Array[1, 6]), (1, AnyCandidate.Array[33, 40]));
        Gen.Select(group, Gen.Double[0, 0.999999], AnyRules, AnyRequest).Sample((candidates, random, rules, request) =>
        {
            var verdicts = new CandidateVerdict[candidates.Length];
            var chosen = RouteDecision.Decide(rules, request, candidates, random, verdicts);
            return IsSound(rules, request, candidates, verdicts, chosen);
        }, iter: 10_000);
    }

    private static readonly Gen<Candidate> AnyCandidate =
        from weight in Gen.Double[-1, 5].Nullable()
        from rpm in Gen.Long[0, 5].Nullable()
        from tpm in Gen.Long[0, 100].Nullable()
        from used in Gen.Select(Gen.Long[0, 6], Gen.Long[0, 120])
        from speed in Gen.Double[0, 3].Nullable()
        from parallel in Gen.Int[1, 6].Nullable()
        from window in Gen.Long[0, 10].Nullable()
        from order in Gen.Int[-1, 2]
        from cooldown in Gen.Int[0, 2]
        from flags in Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool)
        select new Candidate
        {
            Weight = weight,
            Rpm = rpm,
            Tpm = tpm,
            Requests = used.Item1,
            Tokens = used.Item2,
            InFlight = (int)used.Item1,
            SecondsPerToken = speed,
            SecondsToFirstToken = speed,
            Price = tpm is { } price ? new NanoUsd(price) : null,
            MaxParallelRequests = parallel,
            MaxInputTokens = window,
            Order = order < 0 ? Candidate.NoOrder : order,
            Cooldown = TimeSpan.FromSeconds(cooldown == 2 ? 1 : 0),
            IsTried = flags.Item1,
            IsUnhealthy = flags.Item2,
            FitsTags = flags.Item3,
            IsDefault = flags.Item4,
        };

    private static readonly Gen<RouteRules> AnyRules =
        from name in Gen.Int[0, RoutingStrategies.Names.Length - 1]
        from flags in Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool)
        let strategy = RoutingStrategies.Find(RoutingStrategies.Names[name])!
        select new RouteRules
        {
            Strategy = strategy,
            ChecksContext = flags.Item1,
            KeepsLimits = flags.Item2 || strategy.KeepsLimits,
            FiltersTags = flags.Item3,
            FollowsHealthChecks = flags.Item4,
        };

    private static readonly Gen<RouteRequest> AnyRequest =
        from isStream in Gen.Bool
        from tokens in Gen.Long[0, 12]
        from hasTags in Gen.Bool
        select new RouteRequest { IsStream = isStream, InputTokens = tokens, Tags = hasTags ? ["a"] : null };

    /// <summary>The rules once more, said another way: as what a chosen one and its rivals must look like.</summary>
    private static bool IsSound(
        RouteRules rules, RouteRequest request, Candidate[] all, CandidateVerdict[] verdicts, int chosen)
    {
        var hasTags = request.Tags is not null;
        var hasDefault = all.Any(it => it.IsDefault);
        bool MayEver(Candidate it) => it.Cooldown == TimeSpan.Zero
            && !(rules.ChecksContext && it.IsTooSmall(request))
            && !(rules.KeepsLimits && it.IsOverLimit(request))
            && !it.IsAtParallelLimit
            && !(rules.FiltersTags && (hasTags ? !it.FitsTags && !it.IsDefault : hasDefault && !it.IsDefault));
        if (verdicts.Count(verdict => verdict.Verdict == RouteVerdict.Chosen) != (chosen < 0 ? 0 : 1))
            return false;
        if (!all.Index().All(pair => double.IsNaN(verdicts[pair.Index].Score)
            != (verdicts[pair.Index].Verdict is RouteVerdict.Chosen or RouteVerdict.LostOnScore)))
            return false;
        if (chosen < 0)
            return !all.Any(it => MayEver(it) && !(rules.FollowsHealthChecks && it.IsUnhealthy)
                && (!rules.FiltersTags || !hasTags || it.FitsTags));
        var taken = all[chosen];
        var rivals = all.Where((_, i) => verdicts[i].Verdict
            is RouteVerdict.LostOnScore or RouteVerdict.LaterOrder or RouteVerdict.AlreadyTried or RouteVerdict.Chosen).ToArray();
        return verdicts[chosen].Verdict == RouteVerdict.Chosen && MayEver(taken) && rivals.All(MayEver)
            && (!taken.IsTried || rivals.All(it => it.IsTried))
            && rivals.Where(it => it.IsTried == taken.IsTried).All(it => it.Order >= taken.Order)
            && (!rules.FollowsHealthChecks || !taken.IsUnhealthy || all.All(it => it.IsUnhealthy || it.Cooldown > TimeSpan.Zero))
            && all.Index().All(pair => pair.Item.Cooldown > TimeSpan.Zero == (verdicts[pair.Index].Verdict == RouteVerdict.CoolingDown));
    }

    private static RouteVerdict[] Verdicts(RouteRules rules, RouteRequest request, params Candidate[] candidates)
    {
        var verdicts = new CandidateVerdict[candidates.Length];
        RouteDecision.Decide(rules, request, candidates, 0, verdicts);
        return [.. verdicts.Select(verdict => verdict.Verdict)];
    }
}
