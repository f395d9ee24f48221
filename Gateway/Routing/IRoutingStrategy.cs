namespace Gateway.Routing;

/// <summary>A way to choose among deployments that may all be called.</summary>
/// <remarks>Implementations are pure: no clock, no I/O, no state. Equal arguments give equal answers.</remarks>
public interface IRoutingStrategy
{
    /// <summary>True when rpm and tpm are limits to this strategy, as in LiteLLM; else they are not looked at, or are weights.</summary>
    bool KeepsLimits { get; }

    /// <summary>Chooses one of <paramref name="candidates"/> (at least one).</summary>
    /// <param name="random">Uniform in [0, 1).</param>
    /// <param name="scores">
    /// As long as the candidates; receives what each was judged by, never NaN. Whether the least or the greatest wins is the strategy's
    /// affair.
    /// </param>
    /// <returns>The index of the chosen one.</returns>
    int Choose(ReadOnlySpan<Candidate> candidates, in RouteRequest request, double random, Span<double> scores);
}
