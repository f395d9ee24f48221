using Gateway.Config;

namespace Gateway.Tests.Config;

/// <summary>The settings by which deployments are chosen and left alone.</summary>
public sealed class RoutingSettingTests
{
    [Test]
    public void EveryRoutingSettingIsReadWithoutAFinding()
    {
        var loaded = ConfigText.Read("""
            model_list:
            - model_name: m
              litellm_params: {model: openai/m, order: 2, tags: [a, b], max_parallel_requests: 3, cooldown_time: 9}
              model_info: {cooldown_time: 7, allowed_fails: 4, allowed_fails_policy: {TimeoutErrorAllowedFails: 0}}
            router_settings:
              routing_strategy: latency-based-routing
              routing_strategy_args: {ttl: 60, lowest_latency_buffer: 0.5, max_latency_list_size: 20}
              enable_pre_call_checks: true
              optional_pre_call_checks: [enforce_model_rate_limits]
              enable_tag_filtering: true
              tag_filtering_match_any: false
              default_max_parallel_requests: 10
              enable_health_check_routing: true
              allowed_fails_policy:
                BadRequestErrorAllowedFails: 1
                AuthenticationErrorAllowedFails: 2
                TimeoutErrorAllowedFails: 3
                RateLimitErrorAllowedFails: 4
                ContentPolicyViolationErrorAllowedFails: 5
                InternalServerErrorAllowedFails: 6
                ServiceUnavailableErrorAllowedFails: 7
                BadGatewayErrorAllowedFails: 8
                NotFoundErrorAllowedFails: 9
            general_settings: {background_health_checks: true}
            """);
        Assert.That(loaded.Said(), Is.Empty);
        var (router, deployment) = (loaded.Config.Router, loaded.Config.ModelList[0]);
        Assert.That((router.EnablePreCallChecks, router.EnforceModelRateLimits, router.EnableTagFiltering, router.TagFilteringMatchAny,
            router.DefaultMaxParallelRequests, router.EnableHealthCheckRouting), Is.EqualTo((true, true, true, false, (int?)10, true)));
        Assert.That((router.LatencyTtl.TotalSeconds, router.LowestLatencyBuffer, router.MaxLatencyListSize), Is.EqualTo((60.0, 0.5, 20)));
        Assert.That(router.AllowedFailsPolicy, Is.EqualTo(new AllowedFailsPolicy
        {
            BadRequestError = 1,
            AuthenticationError = 2,
            TimeoutError = 3,
            RateLimitError = 4,
            ContentPolicyViolationError = 5,
            InternalServerError = 6,
            ServiceUnavailableError = 7,
            BadGatewayError = 8,
            NotFoundError = 9,
        }));
        Assert.That((deployment.Params.Order, deployment.Params.MaxParallelRequests, deployment.Params.CooldownTime?.TotalSeconds),
            Is.EqualTo(((int?)2, (int?)3, (double?)7)), "model_info's cooldown_time comes first");
        Assert.That(deployment.Params.Tags, Is.EqualTo(new[] { "a", "b" }));
        Assert.That((deployment.Info.AllowedFails, deployment.Info.AllowedFailsPolicy?.TimeoutError), Is.EqualTo(((int?)4, (int?)0)));
    }

    [Test]
    public void LeftOutSettingsHaveLiteLlmsDefaults()
    {
        var router = ConfigText.Read("router_settings: {}").Config.Router;
        Assert.That((router.EnablePreCallChecks, router.EnableTagFiltering, router.TagFilteringMatchAny, router.EnableHealthCheckRouting),
            Is.EqualTo((false, false, true, false)));
        Assert.That((router.DefaultMaxParallelRequests, router.AllowedFailsPolicy, router.MaxLatencyListSize),
            Is.EqualTo((default(int?), default(AllowedFailsPolicy), 10)));
    }

    [Test]
    public void HealthChecksMayBeFollowedBySayingSoInTheGeneralSettings() => Assert.That(
        ConfigText.Read("general_settings: {enable_health_check_routing: true}").Config.Router.EnableHealthCheckRouting, Is.True);

    [TestCase("allowed_fails_policy: {TimeoutErrorAllowedFail: 3}", FindingKind.Unknown, "did you mean 'TimeoutErrorAllowedFails'?")]
    [TestCase("allowed_fails_policy: {TimeoutErrorAllowedFails: many}", FindingKind.Invalid,
        "must be a whole number from 0 to 2147483647, not 'many'")]
    [TestCase("allowed_fails_policy: 3", FindingKind.Invalid, "must be a map")]
    [TestCase("default_max_parallel_requests: 0", FindingKind.Invalid, "must be a whole number from 1 to")]
    [TestCase("enable_pre_call_checks: perhaps", FindingKind.Invalid, "must be true or false, not 'perhaps'")]
    [TestCase("optional_pre_call_checks: [prompt_caching]", FindingKind.Ignored, "'prompt_caching' is not honoured")]
    [TestCase("optional_pre_call_checks: [enforce_rate_limits]", FindingKind.Invalid,
        "'enforce_rate_limits' is no check; there are enforce_model_rate_limits")]
    [TestCase("routing_strategy_args: {ttl: 60}", FindingKind.Ignored, "has no effect with simple-shuffle")]
    [TestCase("enable_health_check_routing: true", FindingKind.Ignored, "has no effect without general_settings.background_health_checks")]
    [TestCase("routing_strategy_args: {rolling_window_size: 10}", FindingKind.Ignored, "is not honoured by this version")]
    [TestCase("{routing_strategy: latency-based, routing_strategy_args: {max_latency_list_size: 0}}", FindingKind.Invalid, "must be a whole number from 1 to 1000")]
    public void AWrongRouterSettingIsReportedWithItsLine(string setting, FindingKind kind, string message)
    {
        var finding = ConfigText.Read($"router_settings:\n  {setting}").Findings.Single();
        Assert.That((finding.Kind, finding.Line), Is.EqualTo((kind, 2)));
        Assert.That(finding.Message, Does.Contain(message));
    }

    [TestCase("order: first", "must be a whole number from -1000000 to 1000000, not 'first'")]
    [TestCase("tags: {a: b}", "must be a list, not a map")]
    [TestCase("max_parallel_requests: 0", "must be a whole number from 1 to")]
    public void AWrongSettingOfADeploymentIsReportedWithItsLine(string setting, string message)
    {
        var finding = ConfigText.ReadParams(setting).Findings.Single();
        Assert.That((finding.Kind, finding.Line), Is.EqualTo((FindingKind.Invalid, 5)));
        Assert.That(finding.Message, Does.Contain(message));
    }
}
