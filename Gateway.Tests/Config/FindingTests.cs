using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class FindingTests
{
    [TestCase("router_settings:\n  routing_stratgey: simple-shuffle", "Unknown: test.yaml:2: router_settings.routing_stratgey: is not a known setting; did you mean 'routing_strategy'?")]
    [TestCase("genral_settings:\n  a: 1", "Unknown: test.yaml:1: genral_settings: is not a known setting; did you mean 'general_settings'?")]
    [TestCase("general_settings:\n  something_else: 1", "Unknown: test.yaml:2: general_settings.something_else: is not a known setting")]
    [TestCase("user_access:\n- user_id: a\n  max_buget: 5", "Unknown: test.yaml:3: user_access[0].max_buget: is not a known setting; did you mean 'max_budget'?")]
    [TestCase("litellm_settings:\n  drop-params: true", "Unknown: test.yaml:2: litellm_settings.drop-params: is not a known setting; did you mean 'drop_params'?")]
    public void AMisspeltKeyIsReportedWithWhatWasMeant(string yaml, string finding) =>
        Assert.That(ConfigText.Read(yaml).Said(), Is.EqualTo(new[] { finding }));

    [TestCase("general_settings:\n  request_timeout: 5", "general_settings.request_timeout: belongs in litellm_settings; ignored here")]
    [TestCase("litellm_settings:\n  cooldown_time: 5", "litellm_settings.cooldown_time: belongs in router_settings; ignored here")]
    [TestCase("fallbacks: [{a: [b]}]", "fallbacks: belongs in router_settings; ignored here")]
    [TestCase("callbacks: [prometheus]", "callbacks: belongs in litellm_settings; ignored here")]
    [TestCase("model_list:\n- model_name: m\n  api_key: k\n  litellm_params: {model: openai/m}", "model_list[0].api_key: belongs in litellm_params; ignored here")]
    public void AKeyOfAnotherSectionIsReportedWithItsPlace(string yaml, string finding)
    {
        var config = ConfigText.Read(yaml);
        Assert.That(config.Said().Single(), Does.StartWith("Unknown: ").And.EndsWith(finding));
        Assert.That(config.Config.General.MasterKey, Is.Null);
    }

    [TestCase("supports_function_calling: true", "belongs in model_info; ignored here")]
    [TestCase("max_input_tokens: 5", "belongs in model_info; ignored here")]
    [TestCase("rpm_limit: 5", "is not a known setting; did you mean 'rpm'?")]
    [TestCase("routing_strategy: least-busy", "belongs in router_settings; ignored here")]
    public void AStraySettingIsNotSentToTheProvider(string line, string message)
    {
        var config = ConfigText.ReadParams(line);
        Assert.That(config.Findings.Single().Message, Is.EqualTo(message));
        Assert.That(config.Config.ModelList[0].Params.Defaults, Is.Empty);
    }

    [Test]
    public void AMisspeltBodyParameterIsSentAndReported()
    {
        var config = ConfigText.ReadParams("temprature: 0.2");
        Assert.That(config.Findings.Single().Message, Is.EqualTo("is not a known setting and is sent to the provider as it is; did you mean 'temperature'?"));
        Assert.That(config.Config.ModelList[0].Params.Defaults.Single().Key, Is.EqualTo("temprature"));
    }

    [TestCase("general_settings: {database_url: 'postgresql://u:p@h/d'}", FindingKind.Ignored, "SQLite")]
    [TestCase("router_settings: {redis_host: redis}", FindingKind.Ignored, "Redis")]
    [TestCase("litellm_settings: {cache: true, cache_params: {type: redis}}", FindingKind.Ignored, "every call goes to the provider")]
    [TestCase("litellm_settings: {max_internal_user_budget: 0}", FindingKind.Ignored, "set max_budget per user in user_access")]
    [TestCase("litellm_settings: {callbacks: my.handler}", FindingKind.Refused, "'my.handler' needs Python")]
    [TestCase("litellm_settings: {success_callback: [prometheus, langfuse]}", FindingKind.Ignored, "'langfuse' is not built in")]
    [TestCase("guardrails: [{guardrail_name: a}]", FindingKind.Refused, "no guardrail runs")]
    [TestCase("mcp_servers: {a: {url: b}}", FindingKind.Refused, "MCP")]
    [TestCase("router_settings: {routing_groups: [{group_name: a}]}", FindingKind.Ignored, "is not honoured by this version")]
    [TestCase("general_settings: {pass_through_endpoints: [{path: /a, target: http://b}]}", FindingKind.Ignored, "404")]
    [TestCase("litellm_settings: {aiohttp_trust_env: true}", FindingKind.Ignored, "no proxy is taken from the environment")]
    [TestCase("litellm_settings: {prometheus_client_labels: {team: [a]}}", FindingKind.Unknown, "those are end_user, client_ip, user_agent")]
    [TestCase("litellm_settings: {prometheus_client_labels: {user_email: [a]}}", FindingKind.Ignored, "does not know e-mail addresses")]
    [TestCase("litellm_settings: {prometheus_emit_stream_label: true}", FindingKind.Ignored, "is not honoured by this version")]
    public void ASettingWithoutEffectIsNamedWithTheReason(string yaml, FindingKind kind, string reason)
    {
        var finding = ConfigText.Read(yaml).Findings.Single();
        Assert.That(finding.Kind, Is.EqualTo(kind));
        Assert.That(finding.Message, Does.Contain(reason));
    }

    [TestCase("litellm_settings: {set_verbose: false, telemetry: False, cache: false, turn_off_message_logging: true, callbacks: [], success_callback: prometheus}")]
    [TestCase("general_settings: {store_prompts_in_spend_logs: false, disable_spend_logs: false, enable_jwt_auth: false, custom_auth: null, alerting: [], allowed_ips: null}")]
    [TestCase("router_settings: {cache_responses: false, retry_policy: {}, enable_pre_call_checks: false, enable_tag_filtering: no}")]
    [TestCase("x-anything: {a: b}")]
    public void SettingsThatAskForNothingMakeNoNoise(string yaml) => Assert.That(ConfigText.Read(yaml).Said(), Is.Empty);

    [TestCase("router_settings: {routing_strategy: random}", "must be one of simple-shuffle, least-busy, usage-based-routing, usage-based-routing-v2, usage-based, latency-based-routing, latency-based, cost-based-routing, cost-based, not 'random'")]
    [TestCase("general_settings: {ledger_sync: sometimes}", "must be one of normal, full, not 'sometimes'")]
    [TestCase("general_settings: {token_counting: roughly}", "must be one of bytes, exact")]
    [TestCase("general_settings: {compat_status_codes: old}", "must be one of current, legacy, not 'old'")]
    [TestCase("router_settings: {fallbacks: {a: [b]}}", "must be a list of maps")]
    [TestCase("router_settings: {fallbacks: [{a: [b], c: [d]}]}", "must be a list of maps")]
    [TestCase("litellm_settings: {fallbacks: [{a: b}]}", "must be a list of maps")]
    [TestCase("litellm_settings: {default_fallbacks: a}", "must be a list of models")]
    public void WhatLiteLlmDoesNotStartWithIsFatal(string yaml, string message)
    {
        var config = ConfigText.Read(yaml);
        Assert.That(config.WouldStart, Is.False);
        Assert.That(config.Findings.Single().Message, Does.StartWith(message));
    }

    [TestCase("fallbacks: null")]
    [TestCase("fallbacks: []")]
    [TestCase("default_fallbacks: []")]
    [TestCase("routing_strategy: usage-based")]
    [TestCase("routing_strategy: Latency-Based-Routing")]
    public void TheseAreFine(string line) => Assert.That(ConfigText.Read("router_settings:\n  " + line).Said(), Is.Empty);

    [Test]
    public void TheSameFindingInManyEntriesStandsOnceWithTheNumberOfTheOthers()
    {
        var entries = string.Concat(Enumerable.Repeat("- {model_name: m, litellm_params: {model: openai/m, max_retries: 3}}\n", 5));
        Assert.That(ConfigText.Read("model_list:\n" + entries).Said(), Is.EqualTo(new[]
        {
            "Ignored: test.yaml:2: model_list[0].litellm_params.max_retries: has no effect, as in LiteLLM's proxy; use num_retries (and 4 more like it)",
        }));
    }

    [Test]
    public void APathIntoAParameterIsNotRemovedAndReported()
    {
        var config = ConfigText.ReadParams("additional_drop_params: [logit_bias, 'tools[*].strict']");
        Assert.That(config.Config.ModelList[0].Params.AdditionalDropParams, Is.EqualTo(new[] { "logit_bias" }));
        Assert.That(config.Findings.Single().Message, Does.StartWith("'tools[*].strict' is a path into a parameter"));
    }

    [Test]
    public void AListUnderDropParamsCountsAsTrueAsInPython()
    {
        var config = ConfigText.ReadParams("drop_params: [tool_choice]");
        Assert.That(config.Config.ModelList[0].Params.DropParams, Is.True);
        Assert.That(config.Findings.Single().Kind, Is.EqualTo(FindingKind.Approximated));
    }

    [Test]
    public void AKeyWithLineBreaksDoesNotBreakTheLineOfItsFinding() =>
        Assert.That(ConfigText.Read("\"a\\nb\\u2028\": 1").Said().Single(), Is.EqualTo("Unknown: test.yaml:1: a?b?: is not a known setting"));

    [TestCase("rpm", "rmp", 1)]
    [TestCase("routing_strategy", "routing_stratgey", 1)]
    [TestCase("kitten", "sitting", 3)]
    [TestCase("", "abc", 3)]
    public void SlipsAreCounted(string a, string b, int slips) => Assert.That(SpellingDistance.Between(a, b), Is.EqualTo(slips));
}
