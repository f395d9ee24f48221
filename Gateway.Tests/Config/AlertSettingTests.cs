using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class AlertSettingTests
{
    private const string Slack = "https://hooks.slack.example/services/T0/B0/secret-path";
    private const string Hook = "https://hook.example/secret-path";

    [TestCase("alerting: [slack]", new[] { Slack }, null, TestName = "SlackIsWhereItsVariableSays")]
    [TestCase("alerting: slack", new[] { Slack }, null, TestName = "ASingleWordIsAListOfOne")]
    [TestCase("alerting: [webhook]", new string[0], Hook, TestName = "TheWebhookIsWhereItsVariableSays")]
    [TestCase("alerting: [slack, webhook]", new[] { Slack }, Hook, TestName = "BothMayBeTold")]
    [TestCase("alerting: [slack], alert_types: [budget_alerts]", new[] { Slack }, null, TestName = "BudgetAlertsAreWhatIsSent")]
    [TestCase("alerting: [slack], alert_to_webhook_url: {budget_alerts: https://other.example/x}", new[] { "https://other.example/x" }, null,
        TestName = "AnAddressOfTheFileWinsOverTheVariable")]
    [TestCase("alerting: [slack], alert_to_webhook_url: {budget_alerts: [https://a.example/x, https://b.example/x]}",
        new[] { "https://a.example/x", "https://b.example/x" }, null, TestName = "SeveralSlacksMayBeTold")]
    [TestCase("alerting_args: {webhook_url: https://other.example/x}", new string[0], "https://other.example/x",
        TestName = "AWebhookWithAnAddressNeedsNoOtherWord")]
    [TestCase("alerting: []", new string[0], null, TestName = "NobodyIsToldUnasked")]
    public void WhoIsToldIsAsInLiteLlm(string settings, string[] slack, string? webhook)
    {
        var loaded = Read(settings);
        Assert.That(loaded.Said(), Is.Empty);
        Assert.That(loaded.Config.General.Alerts.SlackUrls.Select(url => url.Reveal()), Is.EqualTo(slack));
        Assert.That(loaded.Config.General.Alerts.WebhookUrl?.Reveal(), Is.EqualTo(webhook));
    }

    [Test]
    public void TheSecretThatSignsIsRead() =>
        Assert.That(Read("alerting_args: {webhook_url: https://h.example, webhook_secret: os.environ/WEBHOOK_URL}")
            .Config.General.Alerts.WebhookSecret!.Reveal(), Is.EqualTo(Hook));

    [TestCase("alerting: [pager]", "Invalid", "must name slack or webhook, not 'pager'")]
    [TestCase("alerting: [email]", "Ignored", "no mail is sent")]
    [TestCase("alert_types: [budget_alerts, llm_too_slow]", "Ignored", "alerts are of budgets only")]
    [TestCase("alert_to_webhook_url: {llm_too_slow: https://a.example}", "Ignored", "alerts are of budgets only")]
    [TestCase("alerting_args: {webhook_url: ftp://a.example/secret-path}", "Invalid", "comes to no URL")]
    [TestCase("alerting_args: {daily_report_frequency: 60}", "Ignored", "alerts are of budgets only")]
    [TestCase("alerting_args: {webhok_url: https://a.example}", "Unknown", "did you mean 'webhook_url'?")]
    [TestCase("alerting_threshold: 300", "Ignored", "slow answers")]
    public void WhatIsNotHonouredIsReportedWithoutAnAddress(string settings, string kind, string message)
    {
        var said = Read(settings).Said();
        Assert.That(said, Has.Length.EqualTo(1));
        Assert.That(said[0], Does.StartWith(kind).And.Contains(message).And.Not.Contains("secret-path"));
    }

    [TestCase("alerting: [slack]", "SLACK_WEBHOOK_URL")]
    [TestCase("alerting: [webhook]", "WEBHOOK_URL")]
    public void AChannelWithoutAnAddressIsReported(string settings, string named) =>
        Assert.That(ConfigText.Read($"general_settings: {{{settings}}}").Said(), Has.Exactly(1).StartWith("Invalid").And.Contains(named));

    [Test]
    public void WhatCouldNotBeSignedIsNotSent()
    {
        var loaded = Read("alerting_args: {webhook_url: https://h.example, webhook_secret: os.environ/MISSING}");
        Assert.That(loaded.Said(), Has.Some.Contains("no webhook is called, as none could be signed"));
        Assert.That(loaded.Config.General.Alerts.WebhookUrl, Is.Null);
    }

    [Test]
    public void AVariableWithoutAnAddressIsReportedAndNotShown()
    {
        var loaded = ConfigText.Read("general_settings: {alerting: [slack]}", ("SLACK_WEBHOOK_URL", "secret-path"));
        Assert.That(loaded.Said(), Has.Some.Contains("SLACK_WEBHOOK_URL"));
        Assert.That(string.Join('\n', loaded.Said()), Does.Not.Contain("secret-path"));
        Assert.That(loaded.Config.General.Alerts.SlackUrls, Is.Empty);
    }

    [Test]
    public void OtherTypesOfAlertsAloneMeanThatNobodyIsTold() =>
        Assert.That(Read("alerting: [slack, webhook], alert_types: [llm_too_slow]").Config.General.Alerts, Is.EqualTo(new AlertSettings()));

    private static LoadedConfig Read(string settings) =>
        ConfigText.Read($"general_settings: {{{settings}}}", ("SLACK_WEBHOOK_URL", Slack), ("WEBHOOK_URL", Hook));
}
