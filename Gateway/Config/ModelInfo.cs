using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary><c>model_info</c>: what is known about a deployment.</summary>
public sealed record ModelInfo
{
    public string? Id { get; init; }
    public string? Mode { get; init; }
    public string? BaseModel { get; init; }
    public ImmutableArray<string> AccessGroups { get; init; } = [];
    public ImmutableArray<string> SupportedEnvironments { get; init; } = [];
    public long? MaxTokens { get; init; }
    public long? MaxInputTokens { get; init; }
    public long? MaxOutputTokens { get; init; }

    /// <summary>The model that a health check calls, <c>provider/model</c> or the bare name. Null: its own.</summary>
    public string? HealthCheckModel { get; init; }
    public TimeSpan? HealthCheckTimeout { get; init; }

    /// <summary>The most output tokens of a health check's answer.</summary>
    public int? HealthCheckMaxTokens { get; init; }

    /// <summary>True to leave the deployment out of background health checks.</summary>
    public bool DisableBackgroundHealthCheck { get; init; }

    /// <summary>Everything that the file says under model_info, name and JSON value, for <c>/model/info</c>.</summary>
    public ImmutableArray<KeyValuePair<string, string>> All { get; init; } = [];

    /// <summary>Limits that count where neither the entry nor litellm_params has any.</summary>
    public long? Rpm { get; init; }
    public long? Tpm { get; init; }

    /// <summary>Counts before that of litellm_params. Null: not set.</summary>
    public TimeSpan? CooldownTime { get; init; }

    /// <summary>One of these takes the place of both of router_settings.</summary>
    public int? AllowedFails { get; init; }
    public AllowedFailsPolicy? AllowedFailsPolicy { get; init; }

    internal static ModelInfo Read(YamlSection s) => new()
    {
        Id = s.Text("id"),
        Mode = s.Text("mode"),
        BaseModel = s.Text("base_model"),
        AccessGroups = s.Words("access_groups") ?? [],
        SupportedEnvironments = s.Words("supported_environments") ?? [],
        MaxTokens = s.Whole("max_tokens"),
        MaxInputTokens = s.Whole("max_input_tokens"),
        MaxOutputTokens = s.Whole("max_output_tokens"),
        Rpm = s.Whole("rpm"),
        Tpm = s.Whole("tpm"),
        CooldownTime = s.Duration("cooldown_time"),
        AllowedFails = s.Count("allowed_fails"),
        AllowedFailsPolicy = AllowedFailsPolicy.In(s),
        HealthCheckModel = s.Text("health_check_model"),
        HealthCheckTimeout = s.Duration("health_check_timeout", zero: false),
        HealthCheckMaxTokens = s.Count("health_check_max_tokens", least: 1),
        DisableBackgroundHealthCheck = s.Flag("disable_background_health_check") ?? false,
        All = [.. s.Map.Entries.Where(entry => !IsSecret(entry.Key)).Select(entry =>
            KeyValuePair.Create(entry.Key, YamlJson.Write(entry.Value, s.Context, s.PathOf(entry.Key))))],
    };

    /// <summary>Everybody who may list models sees the information, so a key that strayed into it must not be there.</summary>
    private static bool IsSecret(string key) =>
        SecretNames.Matches(key) && !key.Contains("tokens", StringComparison.Ordinal) && !key.Contains("cost", StringComparison.Ordinal);
}
