using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary><c>litellm_settings</c>.</summary>
public sealed record LiteLlmSettings
{
    private const string EndUser = "end_user";
    private const string EndUserSwitch = "enable_end_user_cost_tracking_prometheus_only";
    private const string LabelLists = "prometheus_client_labels";

    public bool DropParams { get; init; }

    /// <summary>True where a request may be mended so that a provider of another dialect takes it.</summary>
    public bool ModifyParams { get; init; }

    /// <summary>From the file, else from REQUEST_TIMEOUT. LiteLLM's default is 6000 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(6000);
    public int? NumRetries { get; init; }
    public bool JsonLogs { get; init; }
    public bool IncludeCostInStreamingUsage { get; init; }

    /// <summary>
    /// LiteLLM counts end users in metrics only on request, and so do we, of those end users that <see cref="ClientLabels"/> lists: an
    /// end user is whatever a client writes. <c>enable_end_user_cost_tracking_prometheus_only</c>.
    /// </summary>
    public bool EndUserLabel { get; init; }

    /// <summary>Client-sent labels that are switched on (<c>prometheus_client_labels</c>): label name → allow-list of values.</summary>
    public ImmutableArray<KeyValuePair<string, ImmutableArray<string>>> ClientLabels { get; init; } = [];

    /// <summary>The <see cref="ClientLabels"/> that metrics show.</summary>
    public IEnumerable<KeyValuePair<string, ImmutableArray<string>>> ShownClientLabels =>
        ClientLabels.Where(label => label.Key != EndUser || EndUserLabel);

    /// <summary>Counts where router_settings has none, as do <see cref="Fallbacks"/>. Null: there are none.</summary>
    public FallbackRule? DefaultFallbacks { get; init; }

    /// <summary>In file order.</summary>
    public ImmutableArray<FallbackRule> Fallbacks { get; init; } = [];

    public ImmutableArray<FallbackRule> ContextWindowFallbacks { get; init; } = [];
    public ImmutableArray<FallbackRule> ContentPolicyFallbacks { get; init; } = [];

    /// <summary>Counts where router_settings has none.</summary>
    public int? AllowedFails { get; init; }

    /// <summary>Counts where router_settings has none.</summary>
    public RetryPolicy? RetryPolicy { get; init; }

    /// <summary>LiteLLM reads it here, newer versions in general_settings.</summary>
    public bool? RequireAuthForMetricsEndpoint { get; init; }

    /// <summary>The prices that count before the built-in ones. Null: none are named.</summary>
    public PriceMapFile? PriceMap { get; init; }

    /// <summary>What is taken off the cost of a provider's answers.</summary>
    public ImmutableArray<CostShare> CostDiscounts { get; init; } = [];

    /// <summary>What is put on the cost of a provider's answers, after the discount.</summary>
    public ImmutableArray<CostShare> CostMargins { get; init; } = [];

    /// <summary>What all callers together may spend. Null: no limit.</summary>
    public NanoUsd? MaxBudget { get; init; }

    /// <summary>How often <see cref="MaxBudget"/> begins anew. Null: never.</summary>
    public BudgetPeriod? BudgetDuration { get; init; }

    /// <summary>The limits of each end user.</summary>
    public SubjectLimits EndUserLimits { get; init; } = SubjectLimits.None;

    /// <summary>Where the days of budgets begin.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    private static readonly string[] KnownClientLabels = ["end_user", "client_ip", "user_agent"];

    internal static LiteLlmSettings Read(YamlSection s)
    {
        var settings = ReadLimits(s, new LiteLlmSettings());
        CallbackNames.Report(s);
        return settings with
        {
            DropParams = s.Flag("drop_params") ?? false,
            ModifyParams = s.Flag("modify_params") ?? false,
            RequestTimeout = s.Duration("request_timeout", zero: false) ?? RequestTimeoutOf(s.Context) ?? settings.RequestTimeout,
            NumRetries = s.Count("num_retries", most: RouterSettings.MostRetries),
            AllowedFails = s.Count("allowed_fails"),
            RetryPolicy = Config.RetryPolicy.Read(s, "retry_policy"),
            JsonLogs = s.Flag("json_logs") ?? false,
            IncludeCostInStreamingUsage = s.Flag("include_cost_in_streaming_usage") ?? false,
            EndUserLabel = ReadEndUserLabel(s),
            ClientLabels = ReadClientLabels(s),
            DefaultFallbacks = FallbackLists.ReadDefaults(s, "default_fallbacks"),
            Fallbacks = FallbackLists.Read(s, "fallbacks"),
            ContextWindowFallbacks = FallbackLists.Read(s, "context_window_fallbacks"),
            ContentPolicyFallbacks = FallbackLists.Read(s, "content_policy_fallbacks"),
            RequireAuthForMetricsEndpoint = s.Flag("require_auth_for_metrics_endpoint"),
            PriceMap = PriceMapFile.Read(s),
            CostDiscounts = CostShare.ReadDiscounts(s),
            CostMargins = CostShare.ReadMargins(s),
        };
    }

    private static LiteLlmSettings ReadLimits(YamlSection s, LiteLlmSettings settings)
    {
        settings = settings with
        {
            MaxBudget = LimitReader.Budget(s, "max_budget", "everybody"),
            BudgetDuration = LimitReader.Period(s, "budget_duration"),
            EndUserLimits = ReadEndUserLimits(s),
            TimeZone = ReadTimeZone(s) ?? settings.TimeZone,
        };
        return settings;
    }

    /// <summary>default_end_user_params, whose budget wins over the older max_end_user_budget.</summary>
    private static SubjectLimits ReadEndUserLimits(YamlSection s)
    {
        const string Key = "default_end_user_params";
        var budget = LimitReader.Budget(s, "max_end_user_budget", "each end user");
        var limits = SubjectLimits.None;
        if (s.Node(Key) is not null and not YamlMap)
        {
            s.Report(FindingKind.Invalid, Key, "must be a map of limits: no end user can spend anything");
            limits = new SubjectLimits { MaxBudget = NanoUsd.Zero };
        }
        else if (s.Section(Key, ConfigSections.EndUser) is { } section)
        {
            limits = LimitReader.Read(section, "each end user");
            section.ReportUnread();
        }
        return limits with { MaxBudget = limits.MaxBudget ?? budget };
    }

    private static TimeZoneInfo? ReadTimeZone(YamlSection s)
    {
        if (s.Text("timezone") is not { } name)
            return null;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
            return zone;
        s.Report(FindingKind.Invalid, "timezone",
            $"must be a time zone that this machine knows, as Europe/Berlin, not '{FindingLog.Clip(name, 40)}'; days begin in UTC "
            + "(on Linux the package tzdata has the zones)");
        return null;
    }

    /// <summary>Switched on and listed: one without the other has no effect, which is said.</summary>
    private static bool ReadEndUserLabel(YamlSection s)
    {
        var isOn = s.Flag(EndUserSwitch) ?? false;
        var isListed = s.Node(LabelLists) is YamlMap lists && lists.Find(EndUser) is not null;
        if (isOn && !isListed)
            s.Report(FindingKind.Ignored, EndUserSwitch, $"has no effect without {LabelLists}.{EndUser}, the list of end users to show");
        if (isListed && !isOn)
            s.Report(FindingKind.Ignored, LabelLists, $"{EndUser} has no effect without {EndUserSwitch}: true");
        return isOn;
    }

    private static ImmutableArray<KeyValuePair<string, ImmutableArray<string>>> ReadClientLabels(YamlSection s)
    {
        if (s.Section(LabelLists, ConfigSections.Any) is not { } labels)
            return [];
        var known = labels.Map.Entries.Where(entry => KnownClientLabels.Contains(entry.Key)).ToArray();
        foreach (var entry in labels.Map.Entries.Except(known))
        {
            if (entry.Key == "user_email")
                labels.Report(FindingKind.Ignored, entry.Key, "has no effect: the gateway does not know e-mail addresses");
            else
                labels.Report(FindingKind.Unknown, entry.Key,
                    $"is no label whose values clients choose; those are {string.Join(", ", KnownClientLabels)}");
        }
        return [.. known.Select(entry => KeyValuePair.Create(entry.Key, labels.Words(entry.Key) ?? []))];
    }

    private static TimeSpan? RequestTimeoutOf(ReadingContext context)
    {
        const string Variable = "REQUEST_TIMEOUT"; // LiteLLM's
        if (!context.Environment.TryGetValue(Variable, out var text) || text.Length == 0)
            return null;
        if (ScalarText.TryDuration(text.Trim(), out var timeout) && timeout > TimeSpan.Zero)
            return timeout;
        context.Findings.Add(FindingKind.Invalid, Variable, 0, "", "the environment variable must be a time above 0, as 600 or 10m");
        return null;
    }
}
