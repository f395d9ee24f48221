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

    /// <summary>
    /// One deployment, or one for each organization when a list of them is given. None, with a finding, when there is no
    /// model name or no model: then LiteLLM leaves the entry out too.
    /// </summary>
    internal static IEnumerable<DeploymentConfig> Read(YamlSection s, Credentials credentials)
    {
        var name = s.Text("model_name");
        var infoSection = s.Section("model_info", ConfigSections.Info);
        var info = infoSection is null ? new ModelInfo() : ModelInfo.Read(infoSection);
        var infoPrice = infoSection is null ? new CustomPrice() : CustomPrice.Read(infoSection);
        var paramsSection = s.Section("litellm_params", ConfigSections.Params);
        var rpm = s.Whole("rpm");
        var tpm = s.Whole("tpm");
        infoSection?.ReportUnread();
        s.ReportUnread();
        if (name is null)
            Skip(s, "model_name");
        if (paramsSection is null)
        {
            s.Report(FindingKind.Invalid, "has no litellm_params; the entry is left out");
            return [];
        }
        paramsSection = credentials.Apply(paramsSection);
        var parameters = LiteLlmParams.Read(paramsSection, info, infoPrice);
        paramsSection.ReportUnread();
        if (parameters is null)
            Skip(paramsSection, "model");
        if (name is null || parameters is null)
            return [];

        // LiteLLM's order: the entry's own limits, then those of litellm_params, then those of model_info.
        parameters = parameters with { Rpm = rpm ?? parameters.Rpm, Tpm = tpm ?? parameters.Tpm };
        var organizations = paramsSection.Words("organization") ?? [];
        return (organizations is [] ? [null] : organizations.Cast<string?>()).Select(organization => new DeploymentConfig
        {
            ModelName = name,
            Params = parameters with { Organization = organization },
            Info = info,
            File = s.Map.File,
            Line = s.Map.Line,
        });
    }

    /// <summary>Says that an entry is left out, and blames a missing variable where that is why.</summary>
    private static void Skip(YamlSection s, string key)
    {
        if (!s.Has(key) || s.Node(key) is YamlScalar { Text: "" })
            s.Report(FindingKind.Invalid, $"has no {key}; the entry is left out");
        else
            s.Report(s.Blame(key), $"the entry is left out, as its {key} came to nothing");
    }
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

    /// <summary>Reads the settings; keys that are none become defaults of the request. Null: there is no model.</summary>
    internal static LiteLlmParams? Read(YamlSection s, ModelInfo info, CustomPrice infoPrice)
    {
        var model = s.Text("model");
        var drop = s.Node("drop_params") as YamlList; // real files hold lists, which Python takes for true
        if (drop is { Items.Count: > 0 })
            s.Report(FindingKind.Approximated, "drop_params", "is a list, which counts as true; additional_drop_params names parameters that are always removed");
        s.Has("litellm_credential_name"); // read when the credential was merged
        s.Has("organization"); // read for the whole entry
        var parameters = new LiteLlmParams
        {
            Model = model ?? "",
            ApiKey = s.Node("api_key") is YamlScalar { Text: "" } ? null : s.Secret("api_key"),
            ApiBase = s.Text("api_base") ?? s.Text("base_url"),
            ApiVersion = s.Text("api_version"),
            CustomLlmProvider = s.Text("custom_llm_provider"),
            Timeout = s.Duration("timeout", zero: false) ?? s.Duration("request_timeout", zero: false),
            StreamTimeout = s.Duration("stream_timeout", zero: false),
            NumRetries = s.Count("num_retries", most: RouterSettings.MostRetries),
            Rpm = s.Whole("rpm") ?? info.Rpm,
            Tpm = s.Whole("tpm") ?? info.Tpm,
            Weight = s.Number("weight"),
            CooldownTime = s.Duration("cooldown_time"),
            DropParams = drop is null ? s.Flag("drop_params") : drop.Items.Count > 0,
            AdditionalDropParams = s.Words("additional_drop_params") ?? [],
            ExtraBody = ReadMembers(s, "extra_body"),
            ExtraHeaders = ReadHeaders(s),
            ConfigurableClientsideAuthParams = [.. ClientsideAuthParam.Read(s)],
            MockResponse = s.FreeText("mock_response"),
            Mock = MockSettings.Read(s),
            Price = CustomPrice.Read(s).Or(infoPrice),
        };
        parameters = parameters with { Defaults = ReadDefaults(s) };
        return model is null ? null : parameters;
    }

    /// <summary>Every key that is no setting, here or elsewhere: as in LiteLLM it is sent to the provider.</summary>
    private static ImmutableArray<KeyValuePair<string, string>> ReadDefaults(YamlSection s)
    {
        var defaults = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (var entry in s.Unread().ToArray())
        {
            var isBody = s.Rules.OtherNames.Contains(entry.Key);
            if (!isBody && (s.Rules.Find(entry.Key) is not null || s.Rules.HomeOf(entry.Key) is not null))
                continue;
            if (!isBody)
                s.Rules.ReportNearMiss(s, entry, " and is sent to the provider as it is");
            if (s.Node(entry.Key) is { } value)
                defaults.Add(new(entry.Key, YamlJson.Write(value, s.Context, s.PathOf(entry.Key))));
        }
        return defaults.ToImmutable();
    }

    private static ImmutableArray<KeyValuePair<string, string>> ReadMembers(YamlSection s, string key)
    {
        if (s.Node(key) is not { } node)
            return [];
        if (node is YamlMap map)
            return [.. map.Entries.Select(entry =>
                KeyValuePair.Create(entry.Key, YamlJson.Write(entry.Value, s.Context, $"{s.PathOf(key)}.{FindingLog.Clip(entry.Key)}")))];
        s.Report(FindingKind.Invalid, key, "must be a map");
        return [];
    }

    /// <summary><c>extra_headers</c> and its other name <c>headers</c>.</summary>
    private static ImmutableArray<KeyValuePair<string, Secret>> ReadHeaders(YamlSection s)
    {
        var headers = ImmutableArray.CreateBuilder<KeyValuePair<string, Secret>>();
        foreach (var key in (string[])["extra_headers", "headers"])
        {
            if (s.Node(key) is not { } node)
                continue;
            if (node is not YamlMap map)
            {
                s.Report(FindingKind.Invalid, key, "must be a map of header names and values");
                continue;
            }
            foreach (var entry in map.Entries)
                if (ReadHeader(s, $"{s.PathOf(key)}.{FindingLog.Clip(entry.Key)}", entry) is { } value
                    && !headers.Any(header => header.Key.Equals(entry.Key, StringComparison.OrdinalIgnoreCase)))
                    headers.Add(new(entry.Key, value));
        }
        return headers.ToImmutable();
    }

    private static Secret? ReadHeader(YamlSection s, string path, YamlEntry entry)
    {
        if (entry.Value is not YamlScalar scalar || entry.Key.Length == 0 || !entry.Key.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c)))
        {
            s.Context.Findings.Add(FindingKind.Invalid, entry.File, entry.Line, path, "is not a header's name and value; it is left out");
            return null;
        }
        if (s.Context.Resolve(scalar, path).Text is not { } text)
            return null;
        if (text.All(c => c is '\t' or >= ' ' and <= '~'))
            return Secret.Of(text);
        s.Context.Findings.Add(FindingKind.Invalid, entry.File, entry.Line, path, "holds characters that a header cannot carry; it is left out");
        return null;
    }
}

/// <summary>One entry of <c>configurable_clientside_auth_params</c>: <c>api_key</c>, or <c>{api_base: pattern}</c>.</summary>
public sealed record ClientsideAuthParam(string Name, string? Pattern)
{
    private const string Key = "configurable_clientside_auth_params";

    internal static IEnumerable<ClientsideAuthParam> Read(YamlSection s)
    {
        if (s.Node(Key) is not { } node)
            yield break;
        foreach (var item in node is YamlList list ? list.Items : [node])
        {
            switch (item)
            {
                case YamlScalar { IsNull: false } name:
                    yield return new(name.Text, null);
                    break;
                case YamlMap { Entries: [{ Value: YamlScalar { IsNull: false } pattern } entry] }:
                    yield return new(entry.Key, pattern.Text);
                    break;
                default:
                    s.Context.Findings.Add(FindingKind.Invalid, item.File, item.Line, s.PathOf(Key), "must hold names, or api_base: PATTERN");
                    break;
            }
        }
    }
}

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

    /// <summary>Also LiteLLM's <c>mock_timeout</c>, which hangs until the time-out, and <c>mock_delay</c>.</summary>
    internal static MockSettings Read(YamlSection s) => new()
    {
        Latency = s.Duration("mock_latency") ?? s.Duration("mock_delay") ?? TimeSpan.Zero,
        TokensPerSecond = s.Number("mock_tokens_per_second") is { } pace and > 0 ? pace : null,
        Status = s.Count("mock_status", least: 200, most: 599),
        RetryAfter = s.Duration("mock_retry_after"),
        Hang = s.Flag("mock_hang") ?? s.Flag("mock_timeout") ?? false,
        CutAfter = s.Count("mock_cut_after"),
    };
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

    internal static CustomPrice Read(YamlSection s) => new()
    {
        InputCostPerToken = s.Usd("input_cost_per_token"),
        OutputCostPerToken = s.Usd("output_cost_per_token"),
        CacheReadInputTokenCost = s.Usd("cache_read_input_token_cost"),
        CacheCreationInputTokenCost = s.Usd("cache_creation_input_token_cost"),
        CacheCreationInputTokenCostAbove1Hr = s.Usd("cache_creation_input_token_cost_above_1hr"),
        InputCostPerAudioToken = s.Usd("input_cost_per_audio_token"),
        OutputCostPerAudioToken = s.Usd("output_cost_per_audio_token"),
        OutputCostPerReasoningToken = s.Usd("output_cost_per_reasoning_token"),
        InputCostPerRequest = s.Usd("input_cost_per_request"),
        InputCostPerSecond = s.Usd("input_cost_per_second"),
        OutputCostPerSecond = s.Usd("output_cost_per_second"),
    };

    /// <summary>These prices, with the other's where one is not given.</summary>
    internal CustomPrice Or(CustomPrice other) => new()
    {
        InputCostPerToken = InputCostPerToken ?? other.InputCostPerToken,
        OutputCostPerToken = OutputCostPerToken ?? other.OutputCostPerToken,
        CacheReadInputTokenCost = CacheReadInputTokenCost ?? other.CacheReadInputTokenCost,
        CacheCreationInputTokenCost = CacheCreationInputTokenCost ?? other.CacheCreationInputTokenCost,
        CacheCreationInputTokenCostAbove1Hr = CacheCreationInputTokenCostAbove1Hr ?? other.CacheCreationInputTokenCostAbove1Hr,
        InputCostPerAudioToken = InputCostPerAudioToken ?? other.InputCostPerAudioToken,
        OutputCostPerAudioToken = OutputCostPerAudioToken ?? other.OutputCostPerAudioToken,
        OutputCostPerReasoningToken = OutputCostPerReasoningToken ?? other.OutputCostPerReasoningToken,
        InputCostPerRequest = InputCostPerRequest ?? other.InputCostPerRequest,
        InputCostPerSecond = InputCostPerSecond ?? other.InputCostPerSecond,
        OutputCostPerSecond = OutputCostPerSecond ?? other.OutputCostPerSecond,
    };

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

    /// <summary>Limits that count where neither the entry nor litellm_params has any.</summary>
    public long? Rpm { get; init; }
    public long? Tpm { get; init; }

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
        All = [.. s.Map.Entries.Where(entry => !IsSecret(entry.Key)).Select(entry =>
            KeyValuePair.Create(entry.Key, YamlJson.Write(entry.Value, s.Context, s.PathOf(entry.Key))))],
    };

    /// <summary>Everybody who may list models sees the information, so a key that strayed into it must not be there.</summary>
    private static bool IsSecret(string key) =>
        SecretNames.Matches(key) && !key.Contains("token", StringComparison.Ordinal) || key.EndsWith("_token", StringComparison.Ordinal) && !key.Contains("cost", StringComparison.Ordinal);
}
