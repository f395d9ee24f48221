using System.Collections.Frozen;
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

    /// <summary><c>routing_strategy_args.max_latency_list_size</c>: of how many samples the mean is taken. LiteLLM: 10.</summary>
    public int MaxLatencyListSize { get; init; } = 10;

    /// <summary>Leaves out deployments whose context window is too small for a request, or whose rpm or tpm is used up.</summary>
    public bool EnablePreCallChecks { get; init; }

    /// <summary><c>optional_pre_call_checks: [enforce_model_rate_limits]</c>: rpm and tpm are limits with every strategy.</summary>
    public bool EnforceModelRateLimits { get; init; }

    public bool EnableTagFiltering { get; init; }

    /// <summary>One common tag is enough; else a deployment must have all tags of the request. LiteLLM: true.</summary>
    public bool TagFilteringMatchAny { get; init; } = true;

    /// <summary>For deployments without max_parallel_requests. Also <c>general_settings.max_parallel_requests</c>. Null: no limit.</summary>
    public int? DefaultMaxParallelRequests { get; init; }

    /// <summary>Leaves out deployments that the last health check found broken. Also in general_settings.</summary>
    public bool EnableHealthCheckRouting { get; init; }

    /// <summary>LiteLLM: 2.</summary>
    public int NumRetries { get; init; } = 2;
    public TimeSpan? Timeout { get; init; }
    public TimeSpan? StreamTimeout { get; init; }

    /// <summary>By kind of failure, in place of every configured number of retries. Null: there is none.</summary>
    public RetryPolicy? RetryPolicy { get; init; }

    /// <summary>The same for single model groups; what it does not say, <see cref="RetryPolicy"/> may.</summary>
    public FrozenDictionary<string, RetryPolicy> ModelGroupRetryPolicy { get; init; } = FrozenDictionary<string, RetryPolicy>.Empty;

    public RetryBudgetSettings RetryBudget { get; init; } = new();

    /// <summary>Null: a request goes to one deployment at a time.</summary>
    public HedgeSettings? Hedge { get; init; }

    /// <summary>The least wait between retries.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>LiteLLM: 5 s.</summary>
    public TimeSpan CooldownTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A Retry-After cools a deployment for at most this long.</summary>
    public TimeSpan MaxCooldown { get; init; } = TimeSpan.FromSeconds(300);
    public bool DisableCooldowns { get; init; }

    /// <summary>Null: the default failure-rate rules.</summary>
    public int? AllowedFails { get; init; }

    /// <summary>Numbers for single classes of failures, before <see cref="AllowedFails"/>. Null: none.</summary>
    public AllowedFailsPolicy? AllowedFailsPolicy { get; init; }

    /// <summary>LiteLLM: 5.</summary>
    public int MaxFallbacks { get; init; } = 5;

    /// <summary>In file order, from either section, the default ones last.</summary>
    public ImmutableArray<FallbackRule> Fallbacks { get; init; } = [];

    /// <summary>For requests that are too long for the group, and for those that its provider's policy forbids; in file order.</summary>
    public ImmutableArray<FallbackRule> ContextWindowFallbacks { get; init; } = [];
    public ImmutableArray<FallbackRule> ContentPolicyFallbacks { get; init; } = [];

    /// <summary>True: configured fallbacks serve only callers that may use them. LiteLLM has it in general_settings too.</summary>
    public bool EnforceFallbackModelAccess { get; init; }

    /// <summary>Alias → group and whether the alias is hidden from <c>/v1/models</c>.</summary>
    public ImmutableArray<ModelGroupAlias> ModelGroupAlias { get; init; } = [];

    /// <summary><c>provider_budget_config</c>: what may be spent at each provider.</summary>
    public ImmutableArray<KeyValuePair<string, SubjectLimits>> ProviderBudgets { get; init; } = [];

    /// <summary><c>tag_budget_config</c>: what may be spent with each tag.</summary>
    public ImmutableArray<KeyValuePair<string, SubjectLimits>> TagBudgets { get; init; } = [];

    /// <summary>More tries than any client waits for; bounds a slip of the keyboard.</summary>
    internal const int MostRetries = 1_000;

    /// <summary>A mean over more says no more, and each sample takes 24 bytes.</summary>
    private const int MostSamples = 1_000;

    /// <summary>LiteLLM's names and the short ones.</summary>
    private static readonly string[] Strategies =
    [
        "simple-shuffle", "least-busy", "usage-based-routing", "usage-based-routing-v2", "usage-based",
        "latency-based-routing", "latency-based", "cost-based-routing", "cost-based",
    ];

    /// <summary>What router_settings says, else what litellm_settings says.</summary>
    internal static RouterSettings Read(YamlSection s, LiteLlmSettings lite, GeneralSettings general)
    {
        var defaults = new RouterSettings();
        var settings = defaults with
        {
            RoutingStrategy = ReadStrategy(s) ?? defaults.RoutingStrategy,
            NumRetries = s.Count("num_retries", most: MostRetries) ?? lite.NumRetries ?? defaults.NumRetries,
            RetryPolicy = Config.RetryPolicy.Read(s, "retry_policy") ?? lite.RetryPolicy,
            ModelGroupRetryPolicy = Config.RetryPolicy.ReadByGroup(s, "model_group_retry_policy"),
            RetryBudget = RetryBudgetSettings.Read(s, "retry_budget"),
            Hedge = HedgeSettings.Read(s),
            Timeout = s.Duration("timeout", zero: false),
            StreamTimeout = s.Duration("stream_timeout", zero: false),
            RetryAfter = s.Duration("retry_after") ?? defaults.RetryAfter,
            CooldownTime = s.Duration("cooldown_time") ?? defaults.CooldownTime,
            MaxCooldown = s.Duration("max_cooldown") ?? defaults.MaxCooldown,
            DisableCooldowns = s.Flag("disable_cooldowns") ?? false,
            AllowedFails = s.Count("allowed_fails") ?? lite.AllowedFails,
            AllowedFailsPolicy = AllowedFailsPolicy.In(s),
            EnablePreCallChecks = s.Flag("enable_pre_call_checks") ?? false,
            EnforceModelRateLimits = OptionalPreCallChecks.Read(s),
            EnableTagFiltering = s.Flag("enable_tag_filtering") ?? false,
            TagFilteringMatchAny = s.Flag("tag_filtering_match_any") ?? true,
            DefaultMaxParallelRequests = s.Count("default_max_parallel_requests", least: 1) ?? general.MaxParallelRequests,
            EnableHealthCheckRouting = ReadHealthRouting(s, general),
            MaxFallbacks = s.Count("max_fallbacks", most: MostRetries) ?? defaults.MaxFallbacks,
            Fallbacks = ReadFallbacks(s, lite),
            ContextWindowFallbacks = ReadFallbacks(s, "context_window_fallbacks", lite.ContextWindowFallbacks),
            ContentPolicyFallbacks = ReadFallbacks(s, "content_policy_fallbacks", lite.ContentPolicyFallbacks),
            EnforceFallbackModelAccess = s.IsSwitchedOn("enforce_fallback_model_access"),
            ModelGroupAlias = [.. ReadAliases(s)],
            ProviderBudgets = LimitReader.ReadNamed(s, "provider_budget_config"),
            TagBudgets = LimitReader.ReadNamed(s, "tag_budget_config"),
        };
        if (s.Section("routing_strategy_args", ConfigSections.RoutingStrategyArgs) is not { } args)
            return settings;
        settings = ReadStrategyArgs(args, settings);
        if (!settings.RoutingStrategy.StartsWith("latency-based", StringComparison.Ordinal))
            foreach (var key in LatencyArgs.Where(args.Has))
                args.Report(FindingKind.Ignored, key, $"has no effect with {settings.RoutingStrategy}: it is for latency-based-routing");
        args.ReportUnread();
        return settings;
    }

    private static readonly string[] LatencyArgs = ["ttl", "lowest_latency_buffer", "max_latency_list_size"];

    internal static RouterSettings ReadStrategyArgs(YamlSection s, RouterSettings settings) => settings with
    {
        LatencyTtl = s.Duration("ttl", zero: false) ?? settings.LatencyTtl,
        LowestLatencyBuffer = s.Number("lowest_latency_buffer") ?? settings.LowestLatencyBuffer,
        MaxLatencyListSize = s.Count("max_latency_list_size", least: 1, most: MostSamples) ?? settings.MaxLatencyListSize,
    };

    private static bool ReadHealthRouting(YamlSection s, GeneralSettings general)
    {
        const string Key = "enable_health_check_routing";
        var isOn = s.Flag(Key) ?? false;
        if (isOn && !general.BackgroundHealthChecks)
            s.Report(FindingKind.Ignored, Key, "has no effect without general_settings.background_health_checks: true, as nothing is checked");
        return isOn || general.EnableHealthCheckRouting;
    }

    private static string? ReadStrategy(YamlSection s)
    {
        var name = s.Choice("routing_strategy", [.. Strategies.Select((strategy, i) => (strategy, i))]);
        return name is { } index ? Strategies[index] : null;
    }

    /// <summary>The fallbacks of one section; default_fallbacks are the entry <c>*</c>, after all others, as in LiteLLM.</summary>
    private static ImmutableArray<FallbackRule> ReadFallbacks(YamlSection s, LiteLlmSettings lite)
    {
        var own = FallbackLists.Read(s, "fallbacks");
        var ownDefaults = FallbackLists.ReadDefaults(s, "default_fallbacks");
        var fallbacks = s.Has("fallbacks") ? own : lite.Fallbacks;
        var defaults = s.Has("default_fallbacks") ? ownDefaults : lite.DefaultFallbacks;
        var hasDefaults = defaults is { Targets.IsEmpty: false } && !fallbacks.Any(rule => rule.Group == FallbackRule.EveryGroup);
        return hasDefaults ? fallbacks.Add(defaults!) : fallbacks;
    }

    private static ImmutableArray<FallbackRule> ReadFallbacks(YamlSection s, string key, ImmutableArray<FallbackRule> lite)
    {
        var own = FallbackLists.Read(s, key);
        return s.Has(key) ? own : lite;
    }

    private static IEnumerable<ModelGroupAlias> ReadAliases(YamlSection s)
    {
        if (s.Section("model_group_alias", ConfigSections.Any) is not { } aliases)
            yield break;
        foreach (var entry in aliases.Map.Entries)
        {
            var inner = entry.Value is YamlMap ? aliases.Section(entry.Key, ConfigSections.Alias) : null;
            var model = inner is null ? aliases.Text(entry.Key) : inner.Text("model");
            var hidden = inner?.Flag("hidden") ?? false;
            inner?.ReportUnread();
            if (model is not null)
                yield return new ModelGroupAlias(entry.Key, model, hidden) { File = entry.File, Line = entry.Line };
            else if (inner is not null)
                aliases.Report(FindingKind.Invalid, entry.Key, "must be a model name, or a map with model; it is left out");
        }
    }
}

/// <summary>One entry of <c>model_group_alias</c>.</summary>
public sealed record ModelGroupAlias(string Alias, string Model, bool Hidden)
{
    /// <summary>Where the entry stands, for messages.</summary>
    public string File { get; init; } = "";
    public int Line { get; init; }
}
