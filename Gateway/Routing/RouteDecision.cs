namespace Gateway.Routing;

/// <summary>A verdict with the score that led to it; the score is NaN where the candidate was not judged.</summary>
public readonly record struct CandidateVerdict(RouteVerdict Verdict, double Score);

/// <summary>The one place where a deployment is chosen: a pure function of settings, request, state facts and a random number.</summary>
public static class RouteDecision
{
    /// <summary>Groups are rarely larger; a larger one costs allocations per decision.</summary>
    internal const int UsualGroupSize = 32;

    /// <summary>The verdict of those that no filter has dropped yet, and of those that the strategy did not take.</summary>
    private const RouteVerdict Left = RouteVerdict.LostOnScore;

    /// <summary>
    /// Drops, in this order, the candidates that (1) cool down, (2) are unhealthy, unless all are, (3) are too small for the request or
    /// over their limits, (4) have other tags, (5) have as many calls in flight as they may, (6) were tried before, unless all were,
    /// (7) come later in order. (8) The strategy chooses among the rest.
    /// </summary>
    /// <param name="random">Uniform in [0, 1).</param>
    /// <param name="verdicts">As long as the candidates; receives what became of each.</param>
    /// <returns>The index of the chosen candidate; -1 when there is none.</returns>
    public static int Decide(
        RouteRules rules, in RouteRequest request, ReadOnlySpan<Candidate> candidates, double random, Span<CandidateVerdict> verdicts)
    {
        verdicts.Fill(new(Left, double.NaN));
        if (!request.IsById)
            Drop(RouteVerdict.CoolingDown, request, candidates, verdicts);                                  // 1
        if (!request.IsById && rules.FollowsHealthChecks)
            Drop(RouteVerdict.Unhealthy, request, candidates, verdicts, unlessAll: true);                   // 2
        if (rules.ChecksContext)
            Drop(RouteVerdict.ContextTooSmall, request, candidates, verdicts);                              // 3
        if (rules.KeepsLimits)
            Drop(RouteVerdict.OverLimit, request, candidates, verdicts);
        if (!request.IsById && rules.FiltersTags)
            DropWrongTags(request, candidates, verdicts);                                                   // 4
        Drop(RouteVerdict.AtParallelLimit, request, candidates, verdicts);                                  // 5
        Drop(RouteVerdict.AlreadyTried, request, candidates, verdicts, unlessAll: true);                    // 6
        DropLaterOrders(candidates, verdicts);                                                              // 7
        return Choose(rules.Strategy, request, candidates, random, verdicts);                               // 8
    }

    private static void Drop(
        RouteVerdict why, in RouteRequest request, ReadOnlySpan<Candidate> candidates, Span<CandidateVerdict> verdicts,
        bool unlessAll = false)
    {
        if (unlessAll)
        {
            var remains = false;
            for (var i = 0; i < candidates.Length; i++)
                remains |= verdicts[i].Verdict == Left && !IsExcluded(why, request, candidates[i]);
            if (!remains)
                return;
        }
        for (var i = 0; i < candidates.Length; i++)
            if (verdicts[i].Verdict == Left && IsExcluded(why, request, candidates[i]))
                verdicts[i] = new(why, double.NaN);
    }

    private static bool IsExcluded(RouteVerdict why, in RouteRequest request, in Candidate candidate) => why switch
    {
        RouteVerdict.CoolingDown => candidate.Cooldown > TimeSpan.Zero,
        RouteVerdict.Unhealthy => candidate.IsUnhealthy,
        RouteVerdict.ContextTooSmall => candidate.IsTooSmall(request),
        RouteVerdict.OverLimit => candidate.IsOverLimit(request),
        RouteVerdict.AtParallelLimit => candidate.IsAtParallelLimit,
        RouteVerdict.AlreadyTried => candidate.IsTried,
        _ => false,
    };

    /// <summary>
    /// A request with tags goes to those that have them, else to those tagged <c>default</c>. One without goes to the default ones
    /// where the group has any, be they available or not: deployments set apart by a tag are not for everybody.
    /// </summary>
    private static void DropWrongTags(in RouteRequest request, ReadOnlySpan<Candidate> candidates, Span<CandidateVerdict> verdicts)
    {
        var hasTags = request.Tags is { Count: > 0 };
        bool hasDefault = false, hasFitting = false;
        for (var i = 0; i < candidates.Length; i++)
        {
            hasDefault |= candidates[i].IsDefault;
            hasFitting |= hasTags && verdicts[i].Verdict == Left && candidates[i].FitsTags;
        }
        if (!hasTags && !hasDefault)
            return;
        for (var i = 0; i < candidates.Length; i++)
            if (verdicts[i].Verdict == Left && !(hasFitting ? candidates[i].FitsTags : candidates[i].IsDefault))
                verdicts[i] = new(RouteVerdict.WrongTag, double.NaN);
    }

    private static void DropLaterOrders(ReadOnlySpan<Candidate> candidates, Span<CandidateVerdict> verdicts)
    {
        var first = Candidate.NoOrder;
        for (var i = 0; i < candidates.Length; i++)
            if (verdicts[i].Verdict == Left)
                first = Math.Min(first, candidates[i].Order);
        for (var i = 0; i < candidates.Length; i++)
            if (verdicts[i].Verdict == Left && candidates[i].Order > first)
                verdicts[i] = new(RouteVerdict.LaterOrder, double.NaN);
    }

    private static int Choose(
        IRoutingStrategy strategy, in RouteRequest request, ReadOnlySpan<Candidate> candidates, double random,
        Span<CandidateVerdict> verdicts)
    {
        var isUsual = candidates.Length <= UsualGroupSize;
        var eligible = isUsual ? stackalloc Candidate[candidates.Length] : new Candidate[candidates.Length];
        var places = isUsual ? stackalloc int[candidates.Length] : new int[candidates.Length];
        var count = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            if (verdicts[i].Verdict != Left)
                continue;
            eligible[count] = candidates[i];
            places[count++] = i;
        }
        if (count == 0)
            return -1;

        var scores = isUsual ? stackalloc double[candidates.Length] : new double[candidates.Length];
        var chosen = strategy.Choose(eligible[..count], request, random, scores[..count]);
        for (var i = 0; i < count; i++)
            verdicts[places[i]] = new(i == chosen ? RouteVerdict.Chosen : RouteVerdict.LostOnScore, scores[i]);
        return places[chosen];
    }
}
