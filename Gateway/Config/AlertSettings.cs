using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>Where it is told that a budget runs out, beside the log: <c>alerting</c> and what belongs to it.</summary>
public sealed record AlertSettings
{
    /// <summary>Incoming webhooks of Slack, or of what takes its text. Secrets: who knows one can post there.</summary>
    public ImmutableArray<Secret> SlackUrls { get; init; } = [];

    /// <summary>Takes LiteLLM's webhook event. Null: none.</summary>
    public Secret? WebhookUrl { get; init; }

    /// <summary>What calls of <see cref="WebhookUrl"/> are signed with. Null: they are not signed.</summary>
    public Secret? WebhookSecret { get; init; }

    /// <summary>The one of LiteLLM's alert types that there is here.</summary>
    private const string BudgetAlerts = "budget_alerts";

    /// <summary>LiteLLM's variables; of Slack's the first that is set.</summary>
    private static readonly string[] SlackVariables = ["SLACK_WEBHOOK_URL", "ALERTING_WEBHOOK_URL"];
    private static readonly string[] WebhookVariables = ["WEBHOOK_URL"];

    /// <summary>Reads them from <c>general_settings</c>. An address that cannot be used is reported and left out.</summary>
    internal static AlertSettings Read(YamlSection s)
    {
        var channels = ReadChannels(s);
        var isWanted = ReadTypes(s);
        var own = ReadOwnUrls(s);
        var args = s.Section("alerting_args", ConfigSections.AlertingArgs);
        var settings = args is null ? new AlertSettings() : ReadArgs(args, new AlertSettings());
        args?.ReportUnread();
        if (!isWanted)
            return new AlertSettings();

        if (channels.Contains("slack"))
        {
            var urls = own ?? (FromEnvironment(s, SlackVariables) is { } url ? [url] : []);
            if (urls.IsEmpty)
                s.Report(FindingKind.Invalid, "alerting", "names slack, and neither the variable SLACK_WEBHOOK_URL nor "
                    + "alert_to_webhook_url.budget_alerts says where that is; alerts are in the log only");
            settings = settings with { SlackUrls = urls };
        }
        if (!channels.Contains("webhook"))
            return settings;
        settings = settings with { WebhookUrl = settings.WebhookUrl ?? FromEnvironment(s, WebhookVariables) };
        if (settings.WebhookUrl is null)
            s.Report(FindingKind.Invalid, "alerting",
                "names webhook, and neither the variable WEBHOOK_URL nor alerting_args.webhook_url says where that is");
        return settings;
    }

    /// <summary>A webhook that is named here needs no word in <c>alerting</c>.</summary>
    internal static AlertSettings ReadArgs(YamlSection s, AlertSettings settings)
    {
        settings = settings with { WebhookUrl = Checked(s, "webhook_url", s.Secret("webhook_url")), WebhookSecret = s.Secret("webhook_secret") };
        if (settings.WebhookSecret is not { } secret || secret.IsUsable && secret.Reveal().Length > 0)
            return settings;
        s.Report(s.Blame("webhook_secret"), "webhook_secret", "is set and comes to nothing: no webhook is called, as none could be signed");
        return settings with { WebhookUrl = null };
    }

    private static ImmutableArray<string> ReadChannels(YamlSection s)
    {
        var channels = s.Words("alerting") ?? [];
        foreach (var channel in channels)
        {
            if (channel == "email")
                s.Report(FindingKind.Ignored, "alerting", "names email, which is not honoured by this version: no mail is sent");
            else if (channel is not ("slack" or "webhook"))
                s.Report(FindingKind.Invalid, "alerting", $"must name slack or webhook, not '{FindingLog.Clip(channel, 40)}'");
        }
        return channels;
    }

    /// <summary>False: alerts of budgets are not among those that are wanted.</summary>
    private static bool ReadTypes(YamlSection s)
    {
        if (s.Words("alert_types") is not { IsEmpty: false } types)
            return true;
        if (types.Any(type => type != BudgetAlerts))
            s.Report(FindingKind.Ignored, "alert_types", $"is honoured for {BudgetAlerts} alone: alerts are of budgets only");
        return types.Contains(BudgetAlerts);
    }

    /// <summary>Slack's addresses for alerts of budgets. Null: they are not named here.</summary>
    private static ImmutableArray<Secret>? ReadOwnUrls(YamlSection s)
    {
        if (s.Section("alert_to_webhook_url", ConfigSections.Any) is not { } map)
            return null;
        var words = map.Words(BudgetAlerts);
        if (map.Unread().Any())
            s.Report(FindingKind.Ignored, "alert_to_webhook_url", $"is honoured for {BudgetAlerts} alone: alerts are of budgets only");
        return words is null ? null : [.. words.Value.Select(url => Checked(map, BudgetAlerts, Secret.Of(url))).OfType<Secret>()];
    }

    private static Secret? FromEnvironment(YamlSection s, string[] variables)
    {
        foreach (var name in variables)
        {
            if (!s.Context.Environment.TryGetValue(name, out var value) || value.Length == 0)
                continue;
            if (IsUrl(value))
                return Secret.Of(value);
            s.Context.Findings.Add(FindingKind.Invalid, name, 0, "", "the environment variable holds no URL as https://…; no alert is sent there");
        }
        return null;
    }

    private static Secret? Checked(YamlSection s, string key, Secret? url)
    {
        if (url is null || url.IsUsable && IsUrl(url.Reveal()))
            return url;
        s.Report(s.Blame(key), key, "comes to no URL as https://…; no alert is sent there");
        return null;
    }

    private static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp);
}
