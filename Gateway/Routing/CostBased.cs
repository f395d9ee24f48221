namespace Gateway.Routing;

/// <summary>Takes the cheapest candidate by input plus output price; ties at random, unknown prices last.</summary>
/// <remarks>The score is the price in nano-dollars.</remarks>
public sealed class CostBased : IRoutingStrategy
{
    public bool KeepsLimits => true;

    public int Choose(ReadOnlySpan<Candidate> candidates, in RouteRequest request, double random, Span<double> scores)
    {
        for (var i = 0; i < candidates.Length; i++)
            scores[i] = candidates[i].Price?.Value ?? double.PositiveInfinity;
        return LowestScore.Pick(scores, random);
    }
}
