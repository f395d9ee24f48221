using System.Text;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;
using Gateway.Tests.Catalog;

namespace Gateway.Tests.Config;

public sealed class CostSettingTests
{
    [TestCase("cost_discount_config: {openai: 1.5}",
        "cost_discount_config.openai: must be a number from 0 to 1, not '1.5'")]
    [TestCase("cost_discount_config: {openai: -0.1}",
        "cost_discount_config.openai: must be a number from 0 to 1, not '-0.1'")]
    [TestCase("cost_discount_config: {global: 0.1}", "cost_discount_config.global: is no provider, so that nothing is changed by it")]
    [TestCase("cost_margin_config: {opneai: 0.1}",
        "cost_margin_config.opneai: is no provider, so that nothing is changed by it; did you mean")]
    [TestCase("cost_margin_config: {openai: 11}", "cost_margin_config.openai: must be a number from 0 to 10, not '11'")]
    [TestCase("cost_margin_config: {openai: {percentge: 0.1}}",
        "cost_margin_config.openai.percentge: is not a known setting; did you mean 'percentage'?")]
    [TestCase("cost_margin_config: {openai: {fixed_amount: -1}}",
        "cost_margin_config.openai.fixed_amount: must be a number from 0 to 1000")]
    [TestCase("cost_margin_config: [0.1]", "cost_margin_config: must be a map; it is left out")]
    public void AWrongDiscountOrMarginIsReportedWithItsLine(string setting, string said) =>
        Assert.That(Said($"model_list: []\nlitellm_settings:\n  {setting}"),
            Has.Exactly(1).StartsWith("test.yaml:3: litellm_settings." + said));

    [TestCase("https://example.com/prices.json", "is not fetched")]
    [TestCase("s3://bucket/prices.json", "is not fetched")]
    public void AMapElsewhereIsNotFetchedAndTheGatewayStarts(string url, string said)
    {
        var loaded = ConfigText.Read($"litellm_settings: {{model_cost_map_url: '{url}'}}");
        Assert.That(loaded.Said().Single(), Does.StartWith("Ignored: ").And.Contain("model_cost_map_url: " + said).And.Contain("download"));
        Assert.That((loaded.WouldStart, loaded.Config.LiteLlm.PriceMap), Is.EqualTo((true, (PriceMapFile?)null)));
    }

    [TestCase("{", "prices.json:1: is no JSON")]
    [TestCase("{\n\"a\": NaN}", "prices.json:2: is no JSON")]
    [TestCase("[]", "prices.json:1: must be a JSON object")]
    [TestCase("", "prices.json:1: is no JSON")]
    [TestCase(null, "model_cost_map_url: names")]
    public void AMapThatCannotBeReadStopsTheStart(string? text, string said)
    {
        using var folder = new TemporaryFolder();
        if (text is not null)
            folder.Write("prices.json", text);
        var config = folder.Write("config.yaml", "litellm_settings: {model_cost_map_url: prices.json}");
        var loaded = ConfigReader.Load(config, ConfigText.NoVariables);
        Assert.That(loaded.Said().Single(), Does.StartWith("Fatal: ").And.Contain(said));
    }

    [TestCase("/no/such/folder/prices.json")]
    [TestCase("a\\0b")]
    [TestCase(".")]
    public void WhatCannotBeAMapIsReportedAndNothingIsThrown(string path) =>
        Assert.That(Said($"litellm_settings: {{model_cost_map_url: \"{path}\"}}").Single(), Does.Contain("model_cost_map_url: names"));

    [Test]
    public void AMapOfMoreThan16MbIsRefused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("prices.json", "{" + new string(' ', 16 << 20) + "}");
        Assert.That(Said($"litellm_settings: {{model_cost_map_url: '{path}'}}").Single(), Does.Contain("which is larger than 16 MB"));
    }

    [Test]
    public void TheVariableNamesTheMapWhereTheFileDoesNot()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("prices.json", "\uFEFF{}");
        var url = new Uri(path).AbsoluteUri;
        var variable = ("LITELLM_MODEL_COST_MAP_URL", url);
        var map = ConfigText.Read("model_list: []", variable).Config.LiteLlm.PriceMap!;
        Assert.That((map.Name, Encoding.UTF8.GetString(map.Json.Span)), Is.EqualTo(("prices.json", "{}")));
        var inTheFile = ConfigText.Read("litellm_settings: {model_cost_map_url: 'https://e.example/p.json'}", variable);
        Assert.That(inTheFile.Config.LiteLlm.PriceMap, Is.Null, "the file's word counts");
        Assert.That(ConfigText.Read("model_list: []", ("LITELLM_MODEL_COST_MAP_URL", "/no/such.json")).Said().Single(),
            Does.StartWith("Fatal: LITELLM_MODEL_COST_MAP_URL").And.Contain("does not exist"));
    }

    [Test]
    public void ABadEntryOfTheMapIsAFindingOfItsFile()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("prices.json", """{"gpt-4o": {"input_cost_per_token": -1}}""");
        Assert.That(Said($"litellm_settings: {{model_cost_map_url: '{path}'}}").Single(),
            Does.StartWith(path).And.Contain("the entry 'gpt-4o'"));
    }

    [Test]
    public void PricesForLongPromptsAndUrgenciesAreRead()
    {
        var loaded = ConfigText.ReadParams("""
            input_cost_per_token: 1e-6
            input_cost_per_token_above_200k_tokens: 2e-6
            output_cost_per_token_priority: 3e-6
            tiered_pricing: [{range: [32000, 64000], input_cost_per_token: 4e-6}]
            """);
        Assert.That(loaded.Findings, Is.Empty);
        var settings = loaded.Config.ModelList[0].Params;
        Assert.That(settings.Price.Further.Select(f => (f.Field, f.Usd)), Is.EqualTo(new[]
        {
            (new PriceField(PriceUnit.Input, 200_000), 0.000002m),
            (new PriceField(PriceUnit.Output, 0, ServiceTier.Priority), 0.000003m),
            (new PriceField(PriceUnit.Input, 32_000), 0.000004m),
        }));
        Assert.That(settings.Defaults, Is.Empty, "a price is not sent to the provider");
    }

    [TestCase("input_cost_per_token_above_200k_tokens: -1", "input_cost_per_token_above_200k_tokens: must be an amount in USD")]
    [TestCase("tiered_pricing: [{input_cost_per_token: 1e-6}]", "range: must be two numbers of tokens")]
    [TestCase("input_cost_per_pixel: 1e-6", "input_cost_per_pixel: is not honoured by this version")]
    public void APriceThatCannotBeReadIsReported(string setting, string said) =>
        Assert.That(ConfigText.ReadParams(setting).Said(), Has.Exactly(1).Contains(said));

    [Test]
    public void TwoDeploymentsThatDifferInATierHaveDifferentIds()
    {
        var ids = new[] { "1e-6", "2e-6" }.Select(usd => ConfigText.ReadParams($"input_cost_per_token_above_200k_tokens: {usd}"))
            .Select(loaded => CatalogFixture.Of(loaded.Config).Catalog.Deployments.Single().Id);
        Assert.That(ids.Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public void AnAdjustedPriceIsMadeOnce()
    {
        var loaded = ConfigText.Read("""
            model_list:
            - {model_name: m, litellm_params: {model: openai/gpt-4o, mock_response: x}}
            - {model_name: own, litellm_params: {model: openai/gpt-4o, mock_response: x, input_cost_per_token: 1e-6}}
            - {model_name: free, litellm_params: {model: ollama/x, mock_response: x}}
            litellm_settings: {cost_margin_config: {global: 0.1}}
            """);
        var catalog = CatalogFixture.Of(loaded.Config).Catalog;
        foreach (var deployment in catalog.Deployments)
        {
            var first = catalog.PriceFor(deployment, deployment.UpstreamModel, CatalogFixture.Now);
            Assert.That(first!.Adjustment.Margin, Is.EqualTo(100_000));
            Assert.That(catalog.PriceFor(deployment, deployment.UpstreamModel, CatalogFixture.Now), Is.SameAs(first));
        }
    }

    private static string[] Said(string yaml)
    {
        var loaded = ConfigText.Read(yaml);
        var findings = new List<ConfigFinding>(loaded.Findings);
        ModelCatalog.Build(loaded.Config, loaded.Environment, PriceBook.Embedded, CatalogFixture.Now, findings);
        return [.. findings.Select(finding => finding.ToString())];
    }
}
