using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class DecisionRetentionTests
{
    [TestCase("", 7, 100_000)]
    [TestCase("decision_retention: 30d", 30, 100_000)]
    [TestCase("decision_retention: 500", 7, 500)]
    [TestCase("decision_retention: 1_000", 7, 1_000)]
    [TestCase("decision_retention: [2w, 1000000]", 14, 1_000_000)]
    [TestCase("decision_retention: off", 0, 0)]
    [TestCase("decision_retention: 0", 0, 0)]
    public void ATimeANumberOrBothAreRead(string line, int days, int count)
    {
        var config = ConfigText.Read($"general_settings:\n  block_robots: false\n  {line}\n");
        Assert.That(config.Config.General.DecisionRetention, Is.EqualTo(new DecisionRetention(TimeSpan.FromDays(days), count)));
        Assert.That(config.Findings, Is.Empty);
    }

    [TestCase("soon")]
    [TestCase("40d")]
    [TestCase("0d")]
    [TestCase("-5")]
    [TestCase("1.5")]
    [TestCase("20000000")]
    public void WhatIsNeitherIsReportedAndTheDefaultStays(string value)
    {
        var config = ConfigText.Read($"general_settings:\n  decision_retention: {value}\n");
        Assert.That(config.Config.General.DecisionRetention, Is.EqualTo(DecisionRetention.Default));
        var finding = config.Findings.Single();
        Assert.That((finding.Kind, finding.Line), Is.EqualTo((FindingKind.Invalid, 2)));
        Assert.That(finding.Path, Is.EqualTo("general_settings.decision_retention"));
        Assert.That(finding.Message, Does.StartWith("must be a time up to 31 days (7d), a number").And.EndWith($"not '{value}'"));
    }
}
