using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary><c>general_settings</c>.</summary>
public sealed record GeneralSettings
{
    /// <summary>The admin key, from the file or LITELLM_MASTER_KEY. Null: none is configured; unusable: it matches nobody.</summary>
    public Secret? MasterKey { get; init; }

    /// <summary>True when the file asks for custom_auth, JWT or OAuth, which the gateway does not have: authentication stays on.</summary>
    public bool HasForeignAuth { get; init; }
    public string? LiteLlmKeyHeaderName { get; init; }
    public bool RequireAuthForMetricsEndpoint { get; init; } = true;
    public bool AlwaysIncludeStreamUsage { get; init; }

    /// <summary>A model that every chat or completions call is sent to. Null: the client's.</summary>
    public string? CompletionModel { get; init; }
    public string? EmbeddingModel { get; init; }

    /// <summary>The request header that names the end user. Null: none.</summary>
    public string? UserHeaderName { get; init; }
    public long MaxRequestSizeBytes { get; init; } = 50L << 20;

    /// <summary>All buffered bodies together.</summary>
    public long MaxBufferedBytes { get; init; } = 512L << 20;
    public ImmutableArray<string> CorsAllowOrigins { get; init; } = [];
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(30);
    public LedgerSync LedgerSync { get; init; } = LedgerSync.Normal;
    public CompatStatusCodes CompatStatusCodes { get; init; } = CompatStatusCodes.Current;
    public int MetricCardinality { get; init; } = 20_000;

    /// <summary>How long decisions are kept for <c>/explain</c>.</summary>
    public DecisionRetention DecisionRetention { get; init; } = DecisionRetention.Default;

    /// <summary>Keep balances, drop ledger detail.</summary>
    public bool DisableSpendLogs { get; init; }

    /// <summary>How long rows of the ledger stay before their month is moved to a file of its own. Null: for ever.</summary>
    public BudgetPeriod? SpendLogsRetention { get; init; }

    /// <summary>How often to look for months to be moved.</summary>
    public TimeSpan SpendLogsRetentionInterval { get; init; } = TimeSpan.FromDays(1);

    /// <summary>As in <see cref="RouterSettings"/>: on where either section says so.</summary>
    public bool EnforceFallbackModelAccess { get; init; }

    /// <summary>How many requests may be at one deployment that says nothing itself, as in LiteLLM. Null: any number.</summary>
    public int? MaxParallelRequests { get; init; }

    /// <summary>How many requests the gateway serves at one time. Null: any number.</summary>
    public int? GlobalMaxParallelRequests { get; init; }

    /// <summary>How long a request waits near the edge of a budget for others to settle.</summary>
    public TimeSpan BudgetWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Where a budget pays for fewer output tokens, a request is refused.</summary>
    public int MinOutputTokens { get; init; } = 16;

    /// <summary>The output cap of a model of which nothing is known.</summary>
    public int DefaultMaxOutputTokens { get; init; } = 4_096;

    /// <summary>What becomes of a model without a price when the caller has a budget.</summary>
    public UnknownPrice UnknownPrice { get; init; } = UnknownPrice.Deny;

    /// <summary>What a batch is set aside and booked at. Zero: who has a budget can make none.</summary>
    public NanoUsd BatchBound { get; init; }

    /// <summary>Who is told when a budget runs out.</summary>
    public AlertSettings Alerts { get; init; } = new();

    /// <summary>How the text of a request is bounded in tokens.</summary>
    public TokenCounting TokenCounting { get; init; } = TokenCounting.Bytes;

    /// <summary>Answer /robots.txt with a refusal to every robot.</summary>
    public bool BlockRobots { get; init; }

    /// <summary>Check every deployment again and again, whether or not somebody asks.</summary>
    public bool BackgroundHealthChecks { get; init; }
    public TimeSpan HealthCheckInterval { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>False: <c>/health</c> names the deployments and says no more of them.</summary>
    public bool HealthCheckDetails { get; init; } = true;

    /// <summary>Keep requests away from deployments that the last check found broken; may stand in router_settings too.</summary>
    public bool EnableHealthCheckRouting { get; init; }

    /// <summary>A check that fails with 429 or 408 keeps no request away.</summary>
    public bool HealthCheckIgnoreTransientErrors { get; init; }

    /// <summary>More than any model writes; bounds a slip of the keyboard.</summary>
    private const int MostOutputTokens = 100_000_000;

    internal static GeneralSettings Read(YamlSection s) => Read(s, new LiteLlmSettings());

    internal static GeneralSettings Read(YamlSection s, LiteLlmSettings lite)
    {
        var defaults = ReadLimits(s, new GeneralSettings());
        return defaults with
        {
            MasterKey = ReadMasterKey(s),
            LiteLlmKeyHeaderName = s.Text("litellm_key_header_name"),
            RequireAuthForMetricsEndpoint = s.Flag("require_auth_for_metrics_endpoint") ?? lite.RequireAuthForMetricsEndpoint ?? true,
            AlwaysIncludeStreamUsage = s.Flag("always_include_stream_usage") ?? false,
            CompletionModel = s.Text("completion_model"),
            EmbeddingModel = s.Text("embedding_model"),
            UserHeaderName = s.Text("user_header_name"),
            MaxRequestSizeBytes = Megabytes(s, "max_request_size_mb", most: 2_000) ?? defaults.MaxRequestSizeBytes,
            MaxBufferedBytes = Megabytes(s, "max_buffered_mb", most: 1_000_000) ?? defaults.MaxBufferedBytes,
            CorsAllowOrigins = s.Words("cors_allow_origins") ?? [],
            ShutdownGrace = s.Duration("shutdown_grace") ?? defaults.ShutdownGrace,
            LedgerSync = s.Choice("ledger_sync", ("normal", LedgerSync.Normal), ("full", LedgerSync.Full)) ?? defaults.LedgerSync,
            CompatStatusCodes = ReadStatusCodes(s) ?? defaults.CompatStatusCodes,
            MetricCardinality = s.Count("metric_cardinality", least: 1, most: 10_000_000) ?? defaults.MetricCardinality,
            DecisionRetention = DecisionRetention.Read(s),
            DisableSpendLogs = s.Flag("disable_spend_logs") ?? false,
            SpendLogsRetention = ReadRetention(s),
            SpendLogsRetentionInterval =
                s.Duration("maximum_spend_logs_retention_interval", zero: false) ?? defaults.SpendLogsRetentionInterval,
            EnforceFallbackModelAccess = s.IsSwitchedOn("enforce_fallback_model_access"),
            Alerts = AlertSettings.Read(s),
            TokenCounting =
                s.Choice("token_counting", ("bytes", TokenCounting.Bytes), ("exact", TokenCounting.Exact)) ?? defaults.TokenCounting,
            BlockRobots = s.Flag("block_robots") ?? false,
            BackgroundHealthChecks = s.Flag("background_health_checks") ?? false,
            HealthCheckInterval = ReadInterval(s) ?? defaults.HealthCheckInterval,
            HealthCheckDetails = s.Flag("health_check_details") ?? true,
            EnableHealthCheckRouting = ReadHealthRouting(s),
            HealthCheckIgnoreTransientErrors = s.Flag("health_check_ignore_transient_errors") ?? false,
        };
    }

    /// <summary>Unreadable: every row stays.</summary>
    private static BudgetPeriod? ReadRetention(YamlSection s)
    {
        const string Key = "maximum_spend_logs_retention_period";
        if (s.Text(Key) is not { } text)
            return null;
        if (BudgetPeriod.TryParse(text, out var period))
            return period;
        s.Report(FindingKind.Invalid, Key,
            $"must be a time as 90d, 12w or 6mo, not '{FindingLog.Clip(text, 40)}'; the database keeps every row");
        return null;
    }

    /// <summary>A second at least: each round calls, and pays for, every deployment.</summary>
    private static TimeSpan? ReadInterval(YamlSection s)
    {
        const string Key = "health_check_interval";
        var least = TimeSpan.FromSeconds(1);
        if (s.Duration(Key) is not { } interval || interval >= least)
            return s.Duration(Key);
        s.Report(FindingKind.Approximated, Key, "is below a second and counts as one: each round calls every deployment");
        return least;
    }

    private static bool ReadHealthRouting(YamlSection s)
    {
        const string Key = "enable_health_check_routing";
        var isOn = s.Flag(Key) ?? false;
        if (isOn && s.Flag("background_health_checks") is not true)
            s.Report(FindingKind.Ignored, Key, "has no effect without background_health_checks: true, as nothing is checked");
        return isOn;
    }

    /// <summary>How near a budget may be approached.</summary>
    private static GeneralSettings ReadLimits(YamlSection s, GeneralSettings settings)
    {
        settings = settings with
        {
            MaxParallelRequests = (int?)LimitReader.Limit(s, "max_parallel_requests", "each deployment", int.MaxValue),
            GlobalMaxParallelRequests = (int?)LimitReader.Limit(s, "global_max_parallel_requests", "everybody", int.MaxValue),
            BudgetWait = s.Duration("budget_wait") ?? settings.BudgetWait,
            MinOutputTokens = s.Count("min_output_tokens", most: MostOutputTokens) ?? settings.MinOutputTokens,
            DefaultMaxOutputTokens =
                s.Count("default_max_output_tokens", least: 1, most: MostOutputTokens) ?? settings.DefaultMaxOutputTokens,
            UnknownPrice = s.Choice("unknown_price", ("deny", UnknownPrice.Deny), ("allow", UnknownPrice.Allow)) ?? settings.UnknownPrice,
            BatchBound = s.Usd("batch_bound_usd") is { } usd ? NanoUsd.FromUsd(usd) : settings.BatchBound,
        };
        return settings;
    }

    private static CompatStatusCodes? ReadStatusCodes(YamlSection s) =>
        s.Choice("compat_status_codes", ("current", CompatStatusCodes.Current), ("legacy", CompatStatusCodes.Legacy));

    /// <summary>The key of the file, else of LITELLM_MASTER_KEY. One that is there and empty is a key that matches nobody.</summary>
    private static Secret? ReadMasterKey(YamlSection s)
    {
        const string Variable = "LITELLM_MASTER_KEY";
        if (s.Secret("master_key") is { } key)
        {
            if (AccessKey.IsUsable(key, AccessKey.ShortestMasterKey))
                return key;
            s.Report(s.Blame("master_key"), "master_key", "is set and comes to no usable key: nobody is admin, and calls need another key");
            return Secret.Unusable;
        }
        if (!s.Context.Environment.TryGetValue(Variable, out var value))
            return null;
        if (AccessKey.IsUsable(Secret.Of(value), AccessKey.ShortestMasterKey))
            return Secret.Of(value);
        s.Context.Findings.Add(FindingKind.Invalid, Variable, 0, "", "the environment variable holds no usable key: nobody is admin");
        return Secret.Unusable;
    }

    private static long? Megabytes(YamlSection s, string key, double most) =>
        s.Number(key, most) is { } megabytes and > 0 ? (long)(megabytes * (1 << 20)) : null;
}

/// <summary>What becomes of a model without a known price when the caller has a budget: refused, or called and counted as free.</summary>
public enum UnknownPrice { Deny, Allow }

/// <summary>How the text of a request is bounded in tokens: by its bytes, or counted where the model's tokenizer is known.</summary>
public enum TokenCounting { Bytes, Exact }

/// <summary>How durable a ledger write is: NORMAL survives kill -9, FULL an operating-system crash too.</summary>
public enum LedgerSync { Normal, Full }

/// <summary>Which LiteLLM generation's status codes refusals carry.</summary>
public enum CompatStatusCodes { Current, Legacy }
