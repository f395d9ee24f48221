using Gateway.Config;

namespace Gateway.Routing;

/// <summary>The settings of a routing decision.</summary>
public sealed record RouteRules
{
    public required IRoutingStrategy Strategy { get; init; }

    /// <summary><c>enable_pre_call_checks</c>: nobody is sent a request that is too long for its model.</summary>
    public bool ChecksContext { get; init; }

    /// <summary>True when nobody is called beyond its rpm and tpm; else these are shares of the load at most.</summary>
    public bool KeepsLimits { get; init; }

    /// <summary><c>enable_tag_filtering</c>.</summary>
    public bool FiltersTags { get; init; }

    /// <summary><c>tag_filtering_match_any</c>: one common tag is enough; else the deployment must have all tags of the request.</summary>
    public bool MatchesAnyTag { get; init; } = true;

    /// <summary><c>enable_health_check_routing</c>.</summary>
    public bool FollowsHealthChecks { get; init; }

    /// <exception cref="ArgumentException">There is no strategy of that name.</exception>
    public static RouteRules From(RouterSettings settings)
    {
        var strategy = RoutingStrategies.Find(settings.RoutingStrategy, settings.LowestLatencyBuffer) ?? throw new ArgumentException(
            $"'{settings.RoutingStrategy}' is not a routing strategy; there are {string.Join(", ", RoutingStrategies.Names)}");
        return new()
        {
            Strategy = strategy,
            ChecksContext = settings.EnablePreCallChecks,
            KeepsLimits = strategy.KeepsLimits || settings.EnablePreCallChecks || settings.EnforceModelRateLimits,
            FiltersTags = settings.EnableTagFiltering,
            MatchesAnyTag = settings.TagFilteringMatchAny,
            FollowsHealthChecks = settings.EnableHealthCheckRouting,
        };
    }

    /// <summary>Whether a call may begin that was decided on a moment ago.</summary>
    /// <param name="seen">The facts that the decision saw.</param>
    /// <param name="now">The facts of this moment, in which no other call begins.</param>
    /// <param name="request">What is known of the request.</param>
    public bool MayStart(in Candidate seen, in Candidate now, in RouteRequest request) =>
        !now.IsAtParallelLimit
        && !(KeepsLimits && now.IsOverLimit(request))
        && !(Strategy is LatencyBased && seen.IsProbe(request) && !now.IsProbe(request));

    /// <summary>Whether a deployment's tags are those that a request asks for.</summary>
    public bool Fits(IReadOnlyList<string>? asked, ReadOnlySpan<string> tags)
    {
        if (asked is null || asked.Count == 0 || tags.IsEmpty)
            return false;
        var common = 0;
        for (var i = 0; i < asked.Count; i++)   // foreach would allocate
            common += tags.Contains(asked[i]) ? 1 : 0;
        return MatchesAnyTag ? common > 0 : common == asked.Count;
    }
}
