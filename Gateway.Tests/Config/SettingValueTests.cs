using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class SettingValueTests
{
    [TestCase("true", true)]
    [TestCase("True", true)]
    [TestCase("yes", true)]
    [TestCase("on", true)]
    [TestCase("\"true\"", true)]
    [TestCase("off", false)]
    [TestCase("NO", false)]
    [TestCase("null", false)]
    [TestCase("", false)]
    public void BooleansMayBeSpelledAsInPythonAndOldYaml(string written, bool expected)
    {
        var config = ConfigText.Read($"litellm_settings:\n  json_logs: {written}\n");
        Assert.That(config.Config.LiteLlm.JsonLogs, Is.EqualTo(expected));
        Assert.That(config.Said(), Is.Empty);
    }

    [TestCase("60", 60)]
    [TestCase("\"60\"", 60)]
    [TestCase("1_000", 1000)]
    [TestCase("1e2", 100)]
    [TestCase("3.0", 3)]
    public void NumbersMayBeTextOrHaveUnderscoresOrAnExponent(string written, long expected)
    {
        var config = ConfigText.ReadParams($"rpm: {written}");
        Assert.That(config.Config.ModelList[0].Params.Rpm, Is.EqualTo(expected));
        Assert.That(config.Said(), Is.Empty);
    }

    [TestCase("1e-6")]
    [TestCase("0.000001")]
    [TestCase("\"0.000001\"")]
    [TestCase("1.0E-06")]
    public void PricesAreExactInEverySpelling(string written) =>
        Assert.That(ConfigText.ReadParams($"input_cost_per_token: {written}").Config.ModelList[0].Params.Price.InputCostPerToken, Is.EqualTo(0.000001m));

    [TestCase("30", 30_000)]
    [TestCase("0.001", 1)]
    [TestCase("500ms", 500)]
    [TestCase("2s", 2_000)]
    [TestCase("1.5m", 90_000)]
    [TestCase("1h", 3_600_000)]
    [TestCase("7d", 604_800_000)]
    [TestCase("\"1e1\"", 10_000)]
    public void TimesAreSecondsUnlessTheySayOtherwise(string written, int milliseconds)
    {
        var config = ConfigText.ReadParams($"timeout: {written}");
        Assert.That(config.Config.ModelList[0].Params.Timeout, Is.EqualTo(TimeSpan.FromMilliseconds(milliseconds)));
        Assert.That(config.Said(), Is.Empty);
    }

    [TestCase("rpm: fast", "must be a whole number of at least 0, not 'fast'")]
    [TestCase("rpm: -1", "must be a whole number of at least 0, not '-1'")]
    [TestCase("rpm: 1.5", "must be a whole number of at least 0, not '1.5'")]
    [TestCase("rpm: 1e30", "must be a whole number of at least 0, not '1e30'")]
    [TestCase("weight: .nan", "must be a number from 0 to 1000000000000000, not '.nan'")]
    [TestCase("timeout: -3", "must be a time above 0 to 31 days, as 30, 500ms, 2s or 7d, not '-3'")]
    [TestCase("timeout: 1e9", "must be a time above 0 to 31 days, as 30, 500ms, 2s or 7d, not '1e9'")]
    [TestCase("timeout: [1]", "must be a single value")]
    [TestCase("timeout: soon", "must be a time above 0 to 31 days, as 30, 500ms, 2s or 7d, not 'soon'")]
    [TestCase("extra_body: 1", "must be a map")]
    [TestCase("input_cost_per_token: -1", "must be an amount in USD, from 0 to 9000000000")]
    public void AValueThatCannotBeReadIsReportedWithItsLineAndCountsAsAbsent(string line, string message)
    {
        var config = ConfigText.ReadParams(line);
        var finding = config.Findings.Single();
        Assert.That(finding, Is.EqualTo(new ConfigFinding(FindingKind.Invalid, "test.yaml", 5, $"model_list[0].litellm_params.{line[..line.IndexOf(':')]}", finding.Message)));
        Assert.That(finding.Message, Does.StartWith(message));
        Assert.That(config.Config.ModelList[0].Params, Is.EqualTo(ConfigText.ReadParams("").Config.ModelList[0].Params).Using<LiteLlmParams>(
            (a, b) => (a.Rpm, a.Weight, a.Timeout, a.Price) == (b.Rpm, b.Weight, b.Timeout, b.Price) ? 0 : 1));
    }

    [TestCase("20", "20")]
    [TestCase("0.10", "0.10")]
    [TestCase(".5", "0.5")]
    [TestCase("+007", "7")]
    [TestCase("-5.", "-5.0")]
    [TestCase("1e-6", "1e-6")]
    [TestCase("0x1F", "31")]
    [TestCase("0o17", "15")]
    [TestCase("\"20\"", "\"20\"")]
    [TestCase("True", "true")]
    [TestCase("'true'", "\"true\"")]
    [TestCase(".inf", "\".inf\"")]
    [TestCase("2024-02-01", "\"2024-02-01\"")]
    [TestCase("{a: [1, ~, b]}", """{"a":[1,null,"b"]}""")]
    public void BodyParametersBecomeJsonByTheCoreSchema(string written, string json)
    {
        var config = ConfigText.ReadParams($"top_k: {written}");
        Assert.That(config.Config.ModelList[0].Params.Defaults.Single(), Is.EqualTo(KeyValuePair.Create("top_k", json)));
        Assert.That(config.Said(), Is.Empty);
    }

    [Test]
    public void KeysThatAreNoSettingsAreSentToTheProviderInFileOrder()
    {
        var config = ConfigText.ReadParams("temperature: 0.2\ntimeout: 5\nstop: [a, b]\nmin_tokens_per_page: 3\nseed: null");
        Assert.That(config.Config.ModelList[0].Params.Defaults.Select(pair => $"{pair.Key}={pair.Value}"),
            Is.EqualTo(new[] { "temperature=0.2", """stop=["a","b"]""", "min_tokens_per_page=3" }));
        Assert.That(config.Said(), Is.Empty);
    }

    [Test]
    public void SettingsOfProvidersAreNeverSentAsBodyParameters() =>
        Assert.That(ConfigText.ReadParams("aws_region_name: us-west-2\nvertex_project: p\nmax_retries: 3\ntags: [a]\nrpm_limit: 5\ninput_cost_per_image: 0.1")
            .Config.ModelList[0].Params.Defaults, Is.Empty);

    [Test]
    public void ATextWhereAListIsMeantIsAListOfOne()
    {
        var config = ConfigText.ReadParams("additional_drop_params: logit_bias");
        Assert.That(config.Config.ModelList[0].Params.AdditionalDropParams, Is.EqualTo(new[] { "logit_bias" }));
        Assert.That(config.Said(), Is.Empty);
    }

    [Test]
    public void AListOfOrganizationsIsADeploymentForEach() =>
        Assert.That(ConfigText.ReadParams("organization: [a, b]").Config.ModelList.Select(d => d.Params.Organization), Is.EqualTo(new[] { "a", "b" }));

    [Test]
    public void LimitsBesideTheParametersWinOverThoseInThemAndThoseInModelInfo()
    {
        var config = ConfigText.Read("""
            model_list:
            - model_name: m
              rpm: 1
              litellm_params: {model: openai/m, rpm: 2, tpm: 3}
              model_info: {rpm: 4, tpm: 5}
            """);
        Assert.That((config.Config.ModelList[0].Params.Rpm, config.Config.ModelList[0].Params.Tpm), Is.EqualTo((1L, 3L)));
    }

    [Test]
    public void PricesOfModelInfoCountWhereTheParametersHaveNone()
    {
        var config = ConfigText.Read("""
            model_list:
            - model_name: m
              litellm_params: {model: openai/m, input_cost_per_token: 1e-6}
              model_info: {input_cost_per_token: 5e-6, output_cost_per_token: 2e-6, description: mine, api_key: sk-stray}
            """).Config.ModelList[0];
        Assert.That((config.Params.Price.InputCostPerToken, config.Params.Price.OutputCostPerToken), Is.EqualTo((0.000001m, 0.000002m)));
        Assert.That(config.Info.All.Select(pair => pair.Key), Is.EqualTo(new[] { "input_cost_per_token", "output_cost_per_token", "description" }));
    }

    [Test]
    public void TheRouterWinsWhereBothSectionsSaySomething()
    {
        var config = ConfigText.Read("""
            litellm_settings: {num_retries: 7, allowed_fails: 8, fallbacks: [{a: [b]}], default_fallbacks: [z]}
            router_settings: {num_retries: 1, fallbacks: [{c: [d, e]}]}
            """).Config.Router;
        Assert.That((config.NumRetries, config.AllowedFails), Is.EqualTo((1, 8)));
        Assert.That(config.Fallbacks.Select(rule => $"{rule.Group}: {string.Join(' ', rule.Targets)}"), Is.EqualTo(new[] { "c: d e", "*: z" }));
    }

    [Test]
    public void AliasesMayBeNamesOrMaps() =>
        Assert.That(ConfigText.Read("router_settings: {model_group_alias: {gpt-4: demo, old: {model: demo, hidden: true}}}").Config.Router.ModelGroupAlias
                .Select(alias => (alias.Alias, alias.Model, alias.Hidden)),
            Is.EqualTo(new[] { ("gpt-4", "demo", false), ("old", "demo", true) }));

    [TestCase("600", 600)]
    [TestCase("10m", 600)]
    [TestCase("", 6000)]
    [TestCase("0", 6000)]
    [TestCase("soon", 6000)]
    public void TheRequestTimeoutMayStandInItsVariable(string value, int seconds)
    {
        var timeout = TimeSpan.FromSeconds(seconds);
        Assert.That(ConfigText.Read("x-a: 1", ("REQUEST_TIMEOUT", value)).Config.LiteLlm.RequestTimeout, Is.EqualTo(timeout));
        Assert.That(ConfigText.Read("litellm_settings: {request_timeout: 5}", ("REQUEST_TIMEOUT", value)).Config.LiteLlm.RequestTimeout,
            Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void NullSectionsAreAbsentSections()
    {
        var config = ConfigText.Read("model_list:\nlitellm_settings:\nrouter_settings: ~\ngeneral_settings: null\nuser_access:\n");
        Assert.That(config.Said(), Is.Empty);
        Assert.That(config.Config.RequiresKeys, Is.False);
    }

    [TestCase("model_list: hello")]
    [TestCase("model_list: {a: b}")]
    [TestCase("general_settings: [a]")]
    public void ASectionOfTheWrongKindIsReportedAndTheGatewayStarts(string yaml)
    {
        var config = ConfigText.Read(yaml);
        Assert.That(config.WouldStart, Is.True);
        Assert.That(config.Findings.Select(finding => finding.Kind), Is.Not.Empty.And.All.EqualTo(FindingKind.Invalid));
    }

    [TestCase("- model_name: m", "model_list[0]: has no litellm_params; the entry is left out")]
    [TestCase("- litellm_params: {model: openai/m}", "model_list[0]: has no model_name; the entry is left out")]
    [TestCase("- model_name: m\n  litellm_params: {api_base: http://a}", "model_list[0].litellm_params: has no model; the entry is left out")]
    [TestCase("- hello", "model_list[0]: must be a map; it is left out")]
    public void AnEntryWithoutAModelIsLeftOut(string entry, string message)
    {
        var config = ConfigText.Read("model_list:\n" + entry);
        Assert.That(config.Config.ModelList, Is.Empty);
        Assert.That(config.WouldStart, Is.True);
        Assert.That(config.Said(), Has.One.EndsWith(message));
    }
}
