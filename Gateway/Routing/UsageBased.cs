namespace Gateway.Routing;

/// <summary>Takes the candidate with the most headroom in the current minute; ties at random.</summary>
/// <remarks>
/// The score is the used part of the limit, the larger of tokens/tpm and requests/rpm. Where a candidate has no limit the used
/// parts cannot be compared, and all are compared by tokens used.
/// </remarks>
public sealed class UsageBased : IRoutingStrategy
{
    public bool KeepsLimits => true;

    public int Choose(ReadOnlySpan<Candidate> candidates, in RouteRequest request, double random, Span<double> scores)
    {
        var allLimited = true;
        foreach (ref readonly var candidate in candidates)
            allLimited &= candidate.Rpm is not null || candidate.Tpm is not null;
        for (var i = 0; i < candidates.Length; i++)
            scores[i] = allLimited ? UsedPart(candidates[i]) : candidates[i].Tokens;
        return LowestScore.Pick(scores, random);
    }

    // A limit of 0 never gets here: it is over from the start.
    private static double UsedPart(in Candidate candidate) => Math.Max(
        candidate.Tpm is { } tpm ? (double)candidate.Tokens / tpm : 0,
        candidate.Rpm is { } rpm ? (double)candidate.Requests / rpm : 0);
}
