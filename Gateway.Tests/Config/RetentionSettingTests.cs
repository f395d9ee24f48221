using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class RetentionSettingTests
{
    [Test]
    public void TheRetentionOfTheLedgerIsRead()
    {
        var config = LedgerFixture.Config("""
            general_settings: { maximum_spend_logs_retention_period: 6mo, maximum_spend_logs_retention_interval: 12h }
            """);
        Assert.That(config.General.SpendLogsRetention, Is.EqualTo(Limits.LimitFixture.Period("6mo")));
        Assert.That(config.General.SpendLogsRetentionInterval, Is.EqualTo(TimeSpan.FromHours(12)));
    }

    [Test]
    public void ARetentionThatCannotBeReadKeepsEveryRowAndIsSaid()
    {
        var loaded = ConfigReader.Parse(
            "general_settings:\n  maximum_spend_logs_retention_period: soon", "c.yaml", new Dictionary<string, string>());
        Assert.That(loaded.Config.General.SpendLogsRetention, Is.Null);
        Assert.That(loaded.Findings.Select(finding => finding.ToString()), Has.Exactly(1).EqualTo(
            "c.yaml:2: general_settings.maximum_spend_logs_retention_period: must be a time as 90d, 12w or 6mo, not 'soon'; "
            + "the database keeps every row"));
    }
}
