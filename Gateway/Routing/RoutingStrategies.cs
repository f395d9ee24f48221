using System.Collections.Immutable;

namespace Gateway.Routing;

/// <summary>The names that <c>router_settings.routing_strategy</c> may have: LiteLLM's and the short ones.</summary>
public static class RoutingStrategies
{
    public static readonly ImmutableArray<string> Names =
    [
        "simple-shuffle", "least-busy",
        "usage-based", "usage-based-routing", "usage-based-routing-v2",
        "latency-based", "latency-based-routing",
        "cost-based", "cost-based-routing",
    ];

    /// <summary>The strategy of that name, in any case. Null: there is none.</summary>
    /// <param name="latencyBuffer"><c>routing_strategy_args.lowest_latency_buffer</c>, a fraction.</param>
    public static IRoutingStrategy? Find(string name, double latencyBuffer = 0) => name.ToLowerInvariant() switch
    {
        "simple-shuffle" => new SimpleShuffle(),
        "least-busy" => new LeastBusy(),
        "usage-based" or "usage-based-routing" or "usage-based-routing-v2" => new UsageBased(),
        "latency-based" or "latency-based-routing" => new LatencyBased(latencyBuffer),
        "cost-based" or "cost-based-routing" => new CostBased(),
        _ => null,
    };
}
