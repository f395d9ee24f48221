using System.CommandLine;
using Gateway.Cli;
using Gateway.Routing;
using Gateway.Tests.Config;

namespace Gateway.Tests.Cli;

/// <summary>Every setting of routing, retries, fallbacks, hedging, health and decisions is honoured: check has nothing to say.</summary>
public sealed class CheckRoutingTests
{
    private const string Everything = """
        model_list:
          - model_name: gpt-4o
            litellm_params:
              {model: openai/gpt-4o, api_key: sk-1, weight: 2, rpm: 100, tpm: 1000, order: 1, tags: [paid, default],
               max_parallel_requests: 5, cooldown_time: 5, timeout: 60, stream_timeout: 10, num_retries: 1}
            model_info:
              {id: a, access_groups: [beta], health_check_model: openai/gpt-4o-mini, health_check_timeout: 10,
               health_check_max_tokens: 1, disable_background_health_check: true, max_input_tokens: 1000, allowed_fails: 2,
               allowed_fails_policy: {RateLimitErrorAllowedFails: 1}, cooldown_time: 3}
          - {model_name: small, litellm_params: {model: mock/echo, request_timeout: 30}}
          - model_name: "openai/*"
            litellm_params: {model: "openai/*", api_key: sk-1}
            model_info: {health_check_model: openai/gpt-4o-mini}
        user_access: [{user_id: u, api_key: sk-user-12345678, models: [beta, small]}]
        router_settings:
          routing_strategy: latency-based
          routing_strategy_args: {ttl: 3600, lowest_latency_buffer: 0.1, max_latency_list_size: 10}
          enable_pre_call_checks: true
          optional_pre_call_checks: [enforce_model_rate_limits]
          default_max_parallel_requests: 50
          enable_tag_filtering: true
          tag_filtering_match_any: true
          enable_health_check_routing: true
          model_group_alias: {gpt-4: gpt-4o, old: {model: small, hidden: true}}
          allowed_fails: 3
          allowed_fails_policy:
            {BadRequestErrorAllowedFails: 100, AuthenticationErrorAllowedFails: 0, TimeoutErrorAllowedFails: 3,
             RateLimitErrorAllowedFails: 0, ContentPolicyViolationErrorAllowedFails: 100, InternalServerErrorAllowedFails: 3,
             ServiceUnavailableErrorAllowedFails: 1, BadGatewayErrorAllowedFails: 1, NotFoundErrorAllowedFails: 0}
          cooldown_time: 5
          max_cooldown: 300
          disable_cooldowns: false
          num_retries: 2
          retry_policy:
            {BadRequestErrorRetries: 0, AuthenticationErrorRetries: 1, TimeoutErrorRetries: 1, RateLimitErrorRetries: 1,
             ContentPolicyViolationErrorRetries: 0, InternalServerErrorRetries: 1, NotFoundErrorRetries: 0,
             ServiceUnavailableErrorRetries: 1, DefaultRetries: 1}
          model_group_retry_policy: {gpt-4o: {RateLimitErrorRetries: 5}}
          retry_after: 1
          timeout: 600
          stream_timeout: 60
          retry_budget: {ratio: 0.2, floor: 10}
          hedge_after: p95
          hedge_max_share: 0.05
          fallbacks: [{gpt-4o: [small]}]
          context_window_fallbacks: [{gpt-4o: [small]}]
          content_policy_fallbacks: [{gpt-4o: [small]}]
          default_fallbacks: [small]
          max_fallbacks: 5
          enforce_fallback_model_access: true
        litellm_settings:
          request_timeout: 600
          num_retries: 2
          allowed_fails: 3
          fallbacks: [{gpt-4o: [small]}]
          context_window_fallbacks: [{gpt-4o: [small]}]
          content_policy_fallbacks: [{gpt-4o: [small]}]
          default_fallbacks: [small]
          retry_policy: {TimeoutErrorRetries: 1}
        general_settings:
          master_key: sk-master-12345678
          background_health_checks: true
          health_check_interval: 300
          health_check_details: true
          health_check_ignore_transient_errors: true
          decision_retention: [7d, 100000]

        """;

    private const string OfLatency = "  routing_strategy_args: {ttl: 3600, lowest_latency_buffer: 0.1, max_latency_list_size: 10}\n";

    private static IEnumerable<string> Strategies => RoutingStrategies.Names;

    [TestCaseSource(nameof(Strategies))]
    public void AFileWithEverySettingOfRoutingGivesNoFinding(string strategy)
    {
        using var folder = new TemporaryFolder();
        var yaml = Everything.Replace("routing_strategy: latency-based\n", $"routing_strategy: {strategy}\n");
        Assert.That(yaml, Does.Contain(OfLatency));
        if (!strategy.StartsWith("latency-based", StringComparison.Ordinal))
            yaml = yaml.Replace(OfLatency, "").Replace("hedge_after: p95", "hedge_after: 800ms");
        var path = folder.Write("config.yaml", yaml);
        var output = new StringWriter();
        var exitCode = CheckCommand.Create(ConfigText.NoVariables, ModelFindings.Of)
            .Parse($"-c {path} --strict").Invoke(new InvocationConfiguration { Output = output, Error = output });

        Assert.That((exitCode, output.ToString().Trim()), Is.EqualTo((0, $"{path}: would start; 3 deployments, 1 user; no findings")));
    }
}
