using System.Collections.Immutable;
using Gateway.Routing;

namespace Gateway.Pipeline;

/// <summary>How much of what the config offers can be called just now. It is public: counts and model names, nothing else.</summary>
public sealed record ServingState
{
    /// <summary>Of names no more are told: the answer stays small, whatever the config holds.</summary>
    private const int MostNames = 100;

    public required int Deployments { get; init; }

    /// <summary>Deployments that are left alone after failures.</summary>
    public required int CoolingDown { get; init; }

    /// <summary>Deployments whose last background check failed.</summary>
    public required int Unhealthy { get; init; }

    /// <summary>The models of which every deployment is cooling down or unhealthy, in the config's order; the first hundred.</summary>
    public required ImmutableArray<string> Down { get; init; }

    internal static ServingState Of(GatewaySnapshot current, Router router, HealthChecks checks)
    {
        var (cooling, unhealthy) = (0, 0);
        var up = new HashSet<string>(StringComparer.Ordinal);
        foreach (var deployment in current.Catalog.Deployments)
        {
            var isCooling = router.CooldownOf(deployment) > TimeSpan.Zero;
            var isUnhealthy = checks.LastOf(deployment) is { Outcome: HealthOutcome.Unhealthy };
            cooling += isCooling ? 1 : 0;
            unhealthy += isUnhealthy ? 1 : 0;
            if (!isCooling && !isUnhealthy)
                up.Add(deployment.ModelName);
        }
        return new ServingState
        {
            Deployments = current.Catalog.Deployments.Length,
            CoolingDown = cooling,
            Unhealthy = unhealthy,
            Down =
            [
                .. current.Catalog.Deployments.Select(deployment => deployment.ModelName).Distinct().Where(name => !up.Contains(name))
                    .Take(MostNames),
            ],
        };
    }
}
