namespace Gateway.Routing;

/// <summary>Takes the fastest candidate: by seconds per output token, for streams by seconds to the first token.</summary>
/// <remarks>
/// One without a sample is tried first, but by one request at a time: until that one has answered the others go where the speed is
/// known.
/// </remarks>
/// <param name="buffer"><c>lowest_latency_buffer</c>: how much slower than the fastest is still as good, as a fraction.</param>
public sealed class LatencyBased(double buffer = 0) : IRoutingStrategy
{
    public bool KeepsLimits => true;

    public int Choose(ReadOnlySpan<Candidate> candidates, in RouteRequest request, double random, Span<double> scores)
    {
        for (var i = 0; i < candidates.Length; i++)
            scores[i] = candidates[i].Seconds(request.IsStream) ?? (candidates[i].IsProbe(request) ? 0 : double.PositiveInfinity);
        return LowestScore.Pick(scores, random, buffer);
    }
}
