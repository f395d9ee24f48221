namespace Gateway.Routing;

/// <summary>Takes the candidate with the fewest calls in flight, which is its score; ties at random.</summary>
public sealed class LeastBusy : IRoutingStrategy
{
    public bool KeepsLimits => false;

    public int Choose(ReadOnlySpan<Candidate> candidates, in RouteRequest request, double random, Span<double> scores)
    {
        for (var i = 0; i < candidates.Length; i++)
            scores[i] = candidates[i].InFlight;
        return LowestScore.Pick(scores, random);
    }
}
