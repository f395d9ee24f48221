namespace Gateway.Routing;

/// <summary>A verdict with the score that led to it; the score is NaN where the candidate was not judged.</summary>
public readonly record struct CandidateVerdict(RouteVerdict Verdict, double Score);

/// <summary>The one place where a deployment is chosen: a pure function of settings, state facts and a random number.</summary>
public static class RouteDecision
{
    /// <summary>
    /// Chooses a candidate that is neither cooling down nor tried before; when none of those is left, one that was tried before.
    /// </summary>
    /// <param name="random">Uniform in [0, 1).</param>
    /// <param name="verdicts">As long as the candidates; receives what became of each.</param>
    /// <returns>The index of the chosen candidate; -1 when there is none.</returns>
    public static int Decide(
        IRoutingStrategy strategy, in RouteRequest request, ReadOnlySpan<Candidate> candidates, double random,
        Span<CandidateVerdict> verdicts)
    {
        var chosen = ChooseAmong(strategy, request, candidates, random, verdicts, mayRepeat: false);
        return chosen >= 0 ? chosen : ChooseAmong(strategy, request, candidates, random, verdicts, mayRepeat: true);
    }

    /// <summary>Groups are rarely larger; a larger one costs an allocation per decision.</summary>
    internal const int UsualGroupSize = 32;

    private static int ChooseAmong(
        IRoutingStrategy strategy, in RouteRequest request, ReadOnlySpan<Candidate> candidates, double random,
        Span<CandidateVerdict> verdicts, bool mayRepeat)
    {
        var isUsual = candidates.Length <= UsualGroupSize;
        var eligible = isUsual ? stackalloc Candidate[candidates.Length] : new Candidate[candidates.Length];
        var places = isUsual ? stackalloc int[candidates.Length] : new int[candidates.Length];
        var count = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            verdicts[i] = new(Exclusion(candidates[i], mayRepeat) ?? RouteVerdict.LostOnScore, double.NaN);
            if (verdicts[i].Verdict != RouteVerdict.LostOnScore)
                continue;
            eligible[count] = candidates[i];
            places[count++] = i;
        }
        if (count == 0)
            return -1;

        var scores = isUsual ? stackalloc double[candidates.Length] : new double[candidates.Length];
        var chosen = strategy.Choose(eligible[..count], request, random, scores[..count]);
        for (var i = 0; i < count; i++)
            verdicts[places[i]] = new(
                i == chosen ? RouteVerdict.Chosen : double.IsNaN(scores[i]) ? RouteVerdict.OverLimit : RouteVerdict.LostOnScore,
                scores[i]);
        return chosen < 0 ? -1 : places[chosen];
    }

    private static RouteVerdict? Exclusion(in Candidate candidate, bool mayRepeat) =>
        candidate.Cooldown > TimeSpan.Zero ? RouteVerdict.CoolingDown
        : candidate.IsTried && !mayRepeat ? RouteVerdict.AlreadyTried
        : null;
}
