using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>One entry of <c>model_list</c>.</summary>
public sealed record DeploymentConfig
{
    public required string ModelName { get; init; }
    public required LiteLlmParams Params { get; init; }
    public ModelInfo Info { get; init; } = new();

    /// <summary>Where the entry stands, for messages.</summary>
    public required string File { get; init; }
    public required int Line { get; init; }
}

/// <summary><c>litellm_params</c>: where a deployment is, how it is called and what the gateway adds to its requests.</summary>
public sealed record LiteLlmParams
{
    /// <summary><c>provider/model</c>, or a bare model name.</summary>
    public required string Model { get; init; }
    public Secret? ApiKey { get; init; }
    public string? ApiBase { get; init; }
    public string? ApiVersion { get; init; }
    public string? CustomLlmProvider { get; init; }
    public string? Organization { get; init; }
    public TimeSpan? Timeout { get; init; }
    public TimeSpan? StreamTimeout { get; init; }
    public int? NumRetries { get; init; }
    public long? Rpm { get; init; }
    public long? Tpm { get; init; }
    public double? Weight { get; init; }
    public TimeSpan? CooldownTime { get; init; }
    public bool? DropParams { get; init; }
    public ImmutableArray<string> AdditionalDropParams { get; init; } = [];

    /// <summary>Body members sent when the client left them out, in file order: name and JSON value (temperature, max_tokens, and every key that is not a setting).</summary>
    public ImmutableArray<KeyValuePair<string, string>> Defaults { get; init; } = [];

    /// <summary>Body members that overrule the client's: name and JSON value.</summary>
    public ImmutableArray<KeyValuePair<string, string>> ExtraBody { get; init; } = [];

    /// <summary>Request headers: name and value, which may be a secret.</summary>
    public ImmutableArray<KeyValuePair<string, Secret>> ExtraHeaders { get; init; } = [];

    /// <summary>What clients may send of <c>api_base</c>, <c>api_key</c>.</summary>
    public ImmutableArray<ClientsideAuthParam> ConfigurableClientsideAuthParams { get; init; } = [];

    /// <summary>The answer of a deployment that never calls its provider. Null: it does.</summary>
    public string? MockResponse { get; init; }
    public MockSettings Mock { get; init; } = new();
    public CustomPrice Price { get; init; } = new();
}

/// <summary>One entry of <c>configurable_clientside_auth_params</c>: <c>api_key</c>, or <c>{api_base: pattern}</c>.</summary>
public sealed record ClientsideAuthParam(string Name, string? Pattern);

/// <summary>How a mock deployment behaves (<c>litellm_params.mock_*</c>).</summary>
public sealed record MockSettings
{
    /// <summary>Wait before the answer's head. <c>mock_latency</c>.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Pace of a stream. <c>mock_tokens_per_second</c>; null: as fast as it goes.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>An error status to answer with. <c>mock_status</c>; null: 200.</summary>
    public int? Status { get; init; }

    /// <summary>Sent with an error status. <c>mock_retry_after</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Never answers. <c>mock_hang</c>.</summary>
    public bool Hang { get; init; }

    /// <summary>Cuts the connection after that many stream events, or in the middle of a plain answer. <c>mock_cut_after</c>; null: never.</summary>
    public int? CutAfter { get; init; }
}

/// <summary>Prices of a deployment's own, in USD; null: not given. From litellm_params, else model_info.</summary>
public sealed record CustomPrice
{
    public decimal? InputCostPerToken { get; init; }
    public decimal? OutputCostPerToken { get; init; }
    public decimal? CacheReadInputTokenCost { get; init; }
    public decimal? CacheCreationInputTokenCost { get; init; }
    public decimal? CacheCreationInputTokenCostAbove1Hr { get; init; }
    public decimal? InputCostPerAudioToken { get; init; }
    public decimal? OutputCostPerAudioToken { get; init; }
    public decimal? OutputCostPerReasoningToken { get; init; }
    public decimal? InputCostPerRequest { get; init; }
    public decimal? InputCostPerSecond { get; init; }
    public decimal? OutputCostPerSecond { get; init; }

    public bool IsEmpty => this == Empty;
    private static readonly CustomPrice Empty = new();
}

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

    /// <summary>Everything that the file says under model_info, name and JSON value, for <c>/model/info</c>.</summary>
    public ImmutableArray<KeyValuePair<string, string>> All { get; init; } = [];
}
