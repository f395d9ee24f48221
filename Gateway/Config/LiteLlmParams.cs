using System.Collections.Immutable;

namespace Gateway.Config;

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

    /// <summary>Who the gateway is at a cloud, as the config says it.</summary>
    public CloudSettings Cloud { get; init; } = CloudSettings.None;
    public TimeSpan? Timeout { get; init; }
    public TimeSpan? StreamTimeout { get; init; }
    public int? NumRetries { get; init; }
    public long? Rpm { get; init; }
    public long? Tpm { get; init; }
    public double? Weight { get; init; }

    /// <summary>Deployments with the lowest number are called before the others. Null: after those that have one.</summary>
    public int? Order { get; init; }

    /// <summary>For requests with these tags, where enable_tag_filtering is on.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>The calls that may be in flight together. Null: default_max_parallel_requests.</summary>
    public int? MaxParallelRequests { get; init; }
    public TimeSpan? CooldownTime { get; init; }
    public bool? DropParams { get; init; }
    public ImmutableArray<string> AdditionalDropParams { get; init; } = [];

    /// <summary>OpenAI's parameters that are sent whether or not the provider is known to take them.</summary>
    public ImmutableArray<string> AllowedOpenAiParams { get; init; } = [];

    /// <summary>Body members sent when the client left them out, in file order: name and JSON value of each key that is no setting.</summary>
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

    /// <summary>Far more than anybody counts to, and below the place of those that have no order.</summary>
    private const int MostOrder = 1_000_000;

    /// <summary>Reads the settings; keys that are none become defaults of the request. Null: there is no model.</summary>
    internal static LiteLlmParams? Read(YamlSection s, ModelInfo info, CustomPrice infoPrice)
    {
        var model = s.Text("model");
        var drop = s.Node("drop_params") as YamlList; // real files hold lists, which Python takes for true
        if (drop is { Items.Count: > 0 })
            s.Report(FindingKind.Approximated, "drop_params", "is a list, which counts as true; did you mean additional_drop_params?");
        s.Has("litellm_credential_name"); // read when the credential was merged
        var cooldown = s.Duration("cooldown_time");
        s.Has("organization"); // read for the whole entry
        var parameters = new LiteLlmParams
        {
            Model = model ?? "",
            ApiKey = s.Node("api_key") is YamlScalar { Text: "" } ? null : s.Secret("api_key"),
            ApiBase = s.Text("api_base") ?? s.Text("base_url"),
            ApiVersion = s.Text("api_version"),
            CustomLlmProvider = s.Text("custom_llm_provider"),
            Cloud = CloudSettings.Read(s),
            Timeout = s.Duration("timeout", zero: false) ?? s.Duration("request_timeout", zero: false),
            StreamTimeout = s.Duration("stream_timeout", zero: false),
            NumRetries = s.Count("num_retries", most: RouterSettings.MostRetries),
            Rpm = s.Whole("rpm") ?? info.Rpm,
            Tpm = s.Whole("tpm") ?? info.Tpm,
            Weight = s.Number("weight"),
            Order = s.Count("order", least: -MostOrder, most: MostOrder),
            Tags = s.Words("tags") ?? [],
            MaxParallelRequests = s.Count("max_parallel_requests", least: 1),
            CooldownTime = info.CooldownTime ?? cooldown,
            DropParams = drop is null ? s.Flag("drop_params") : drop.Items.Count > 0,
            AdditionalDropParams = ReadDropParams(s),
            AllowedOpenAiParams = s.Words("allowed_openai_params") ?? [],
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

    /// <summary>Names of top-level parameters. LiteLLM's paths into them, as <c>tools[*].strict</c>, are left out.</summary>
    private static ImmutableArray<string> ReadDropParams(YamlSection s)
    {
        const string Key = "additional_drop_params";
        var names = s.Words(Key) ?? [];
        foreach (var path in names.Where(IsPath))
            s.Report(FindingKind.Ignored, Key,
                $"'{FindingLog.Clip(path)}' is a path into a parameter and is not honoured; only whole parameters are removed");
        return names.RemoveAll(IsPath);

        static bool IsPath(string name) => name.AsSpan().ContainsAny('.', '[');
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
        const string Marks = "!#$%&'*+-.^_`|~"; // RFC 9110, token
        var isName = entry.Key.Length > 0 && entry.Key.All(c => char.IsAsciiLetterOrDigit(c) || Marks.Contains(c));
        if (!isName || entry.Value is not YamlScalar scalar)
            return Refuse("is not a header's name and value; it is left out");
        if (s.Context.Resolve(scalar, path).Text is not { } text)
            return null;
        return text.All(c => c is '\t' or >= ' ' and <= '~')
            ? Secret.Of(text)
            : Refuse("holds characters that a header cannot carry; it is left out");

        Secret? Refuse(string message)
        {
            s.Context.Findings.Add(FindingKind.Invalid, entry.File, entry.Line, path, message);
            return null;
        }
    }
}
