namespace Gateway.Routing;

/// <summary>A way to choose among deployments that may all be called.</summary>
/// <remarks>Implementations are pure: no clock, no I/O, no state. Equal arguments give equal answers.</remarks>
public interface IRoutingStrategy
{
    /// <summary>Chooses one of <paramref name="candidates"/> (at least one).</summary>
    /// <param name="random">Uniform in [0, 1).</param>
    /// <param name="scores">
    /// As long as the candidates; receives what each was judged by. NaN: over its limit, must not be taken. Whether the least or
    /// the greatest wins is the strategy's affair.
    /// </param>
    /// <returns>The index of the chosen one; -1 when none may be taken.</returns>
    int Choose(ReadOnlySpan<Candidate> candidates, in RouteRequest request, double random, Span<double> scores);
}
