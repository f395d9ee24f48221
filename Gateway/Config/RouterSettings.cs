using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary><c>router_settings</c>, with what <c>litellm_settings</c> says where the router says nothing.</summary>
public sealed record RouterSettings
{
    /// <summary>LiteLLM's name or the short one, lower case, known to be valid.</summary>
    public string RoutingStrategy { get; init; } = "simple-shuffle";

    /// <summary><c>routing_strategy_args.ttl</c>: how long latency samples live. LiteLLM: 3600 s.</summary>
    public TimeSpan LatencyTtl { get; init; } = TimeSpan.FromSeconds(3600);

    /// <summary><c>routing_strategy_args.lowest_latency_buffer</c>, a fraction.</summary>
    public double LowestLatencyBuffer { get; init; }

    /// <summary>LiteLLM: 2.</summary>
    public int NumRetries { get; init; } = 2;
    public TimeSpan? Timeout { get; init; }
    public TimeSpan? StreamTimeout { get; init; }

    /// <summary>The least wait between retries.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>LiteLLM: 5 s.</summary>
    public TimeSpan CooldownTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A Retry-After cools a deployment for at most this long.</summary>
    public TimeSpan MaxCooldown { get; init; } = TimeSpan.FromSeconds(300);
    public bool DisableCooldowns { get; init; }

    /// <summary>Null: the default failure-rate rules.</summary>
    public int? AllowedFails { get; init; }

    /// <summary>LiteLLM: 5.</summary>
    public int MaxFallbacks { get; init; } = 5;

    /// <summary>Group → fallback groups, in order; <c>*</c> for every group. From either section.</summary>
    public ImmutableArray<KeyValuePair<string, ImmutableArray<string>>> Fallbacks { get; init; } = [];

    /// <summary>Alias → group and whether the alias is hidden from <c>/v1/models</c>.</summary>
    public ImmutableArray<ModelGroupAlias> ModelGroupAlias { get; init; } = [];
}

/// <summary>One entry of <c>model_group_alias</c>.</summary>
public sealed record ModelGroupAlias(string Alias, string Model, bool Hidden);
