using Gateway.Config;

namespace Gateway.Tests.Config;

/// <summary>The settings of health checks.</summary>
public sealed class HealthSettingTests
{
    [Test]
    public void TheyAreReadWithoutAFinding()
    {
        var read = ConfigText.Read("""
            model_list:
            - model_name: m
              litellm_params: {model: openai/m}
              model_info: {health_check_model: openai/small, health_check_timeout: 1, health_check_max_tokens: 3,
                disable_background_health_check: true, health_check_voice: alloy}
            general_settings: {background_health_checks: true, health_check_interval: 60, health_check_details: false,
              enable_health_check_routing: true, health_check_ignore_transient_errors: true}
            """);
        var (info, general) = (read.Config.ModelList[0].Info, read.Config.General);

        Assert.That(read.Said(), Is.Empty);
        Assert.That((info.HealthCheckModel, info.HealthCheckTimeout, info.HealthCheckMaxTokens, info.DisableBackgroundHealthCheck),
            Is.EqualTo(("openai/small", TimeSpan.FromSeconds(1), 3, true)));
        Assert.That((general.BackgroundHealthChecks, general.HealthCheckInterval, general.HealthCheckDetails),
            Is.EqualTo((true, TimeSpan.FromMinutes(1), false)));
        Assert.That((general.EnableHealthCheckRouting, general.HealthCheckIgnoreTransientErrors), Is.EqualTo((true, true)));
    }

    [Test]
    public void NothingIsCheckedUnlessTheConfigSaysSo()
    {
        var general = ConfigText.Read("general_settings: {}").Config.General;
        Assert.That(
            (general.BackgroundHealthChecks, general.HealthCheckInterval, general.HealthCheckDetails, general.EnableHealthCheckRouting),
            Is.EqualTo((false, TimeSpan.FromSeconds(300), true, false)));
    }

    [TestCase("health_check_interval: 0.2", "Approximated: test.yaml:2: general_settings.health_check_interval: is below a second")]
    [TestCase("health_check_interval: often", "Invalid: test.yaml:2: general_settings.health_check_interval: must be a time")]
    [TestCase("enable_health_check_routing: true",
        "Ignored: test.yaml:2: general_settings.enable_health_check_routing: has no effect without")]
    [TestCase("health_check_staleness_threshold: 60",
        "Ignored: test.yaml:2: general_settings.health_check_staleness_threshold: has no effect: a result counts until the next check")]
    [TestCase("health_check_colour: red", "Ignored: test.yaml:2: general_settings.health_check_colour: is not honoured by this version")]
    public void WhatCannotBeDoneIsSaid(string line, string finding) =>
        Assert.That(ConfigText.Read($"general_settings:\n  {line}\n").Said(), Has.One.StartsWith(finding));

    [Test]
    public void AnIntervalBelowASecondCountsAsOne() =>
        Assert.That(ConfigText.Read("general_settings: {health_check_interval: 0.2}").Config.General.HealthCheckInterval,
            Is.EqualTo(TimeSpan.FromSeconds(1)));
}
