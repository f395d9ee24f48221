using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary><c>litellm_settings</c>.</summary>
public sealed record LiteLlmSettings
{
    public bool DropParams { get; init; }

    /// <summary>LiteLLM's default is 6000 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(6000);
    public int? NumRetries { get; init; }
    public bool JsonLogs { get; init; }
    public bool IncludeCostInStreamingUsage { get; init; }

    /// <summary>LiteLLM counts end users in metrics only on request. <c>enable_end_user_cost_tracking_prometheus_only</c>.</summary>
    public bool EndUserLabel { get; init; }

    /// <summary>Client-sent labels that are switched on (<c>prometheus_client_labels</c>): label name → allow-list of values.</summary>
    public ImmutableArray<KeyValuePair<string, ImmutableArray<string>>> ClientLabels { get; init; } = [];
    public ImmutableArray<string> DefaultFallbacks { get; init; } = [];

    /// <summary>Group → fallback groups, in order; <c>*</c> for every group.</summary>
    public ImmutableArray<KeyValuePair<string, ImmutableArray<string>>> Fallbacks { get; init; } = [];
}
