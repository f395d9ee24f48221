using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;
using Gateway.Pipeline;
using Gateway.Pricing;
using Gateway.Tests.Catalog;

namespace Gateway.Tests.Pricing;

/// <summary>What a provider itself says that an answer has cost.</summary>
public sealed class ReportedCostTests
{
    private const string OpenRouter = "model: openrouter/openai/gpt-4o-mini";

    /// <summary>By the price book 1000 × 0.15 + 100 × 0.6 per million.</summary>
    private const long Computed = 210_000;

    [TestCase(OpenRouter, "\"cost\":0.00123", 1_230_000, "openrouter/openai/gpt-4o-mini@usage.cost")]
    [TestCase(OpenRouter, "\"cost\":1.5e-7", 150, "openrouter/openai/gpt-4o-mini@usage.cost")]
    [TestCase(OpenRouter, "\"cost\":0", 0, "openrouter/openai/gpt-4o-mini@usage.cost")]
    [TestCase(OpenRouter, "\"cost\":0.0000000125", 13, "openrouter/openai/gpt-4o-mini@usage.cost")]
    [TestCase(OpenRouter, "\"cost\":0.01,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0.2}", 210_000_000,
        "openrouter/openai/gpt-4o-mini@usage.cost")]
    [TestCase(OpenRouter, "\"cost\":0.01,\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":0.2}", 10_000_000,
        "openrouter/openai/gpt-4o-mini@usage.cost")]
    [TestCase("model: perplexity/sonar", "\"cost\":{\"request_cost\":0.005,\"total_cost\":0.0061}", 6_100_000,
        "perplexity/sonar@usage.cost.total_cost")]
    [TestCase("model: xai/grok-3", "\"cost_in_usd_ticks\":37756000", 3_775_600, "xai/grok-3@usage.cost_in_usd_ticks")]
    public async Task TheProvidersWordOnItsCostIsBooked(string deployment, string said, long nano, string priceId)
    {
        foreach (var isStream in new[] { false, true })
        {
            var billed = await Billed.AskAsync(deployment, Usage(said), isStream);

            Assert.That((billed.Nano, billed.PriceId, billed.IsEstimated), Is.EqualTo((nano, priceId, false)), $"stream: {isStream}");
            Assert.That(billed.Tokens, Is.EqualTo((1000L, 100L)));
            Assert.That(billed.Row["price"], Is.Null, "no rate was applied");
        }
    }

    [TestCase("\"cost\":\"0.5\"")]
    [TestCase("\"cost\":-0.5")]
    [TestCase("\"cost\":1e308")]
    [TestCase("\"cost\":5000000000")]
    [TestCase("\"cost\":null")]
    [TestCase("\"cost\":[0.5]")]
    [TestCase("\"cost\":{\"total_cost\":0.5}")]
    [TestCase("\"cost_in_usd_ticks\":5")]
    [TestCase("\"cost\":0,\"is_byok\":true")]
    [TestCase("\"cost\":0,\"is_byok\":true,\"cost_details\":null")]
    [TestCase("\"cost\":0,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":-1}")]
    public async Task ACostThatCannotBeBelievedIsComputed(string said)
    {
        var billed = await Billed.AskAsync(OpenRouter, Usage(said));
        Assert.That((billed.Nano, billed.IsEstimated), Is.EqualTo((Computed, false)));
        Assert.That(billed.PriceId, Does.Not.Contain("usage.cost"));
    }

    [TestCase("model: openai/gpt-4o-mini")]
    [TestCase("model: custom_openai/m, input_cost_per_token: 0.00000015, output_cost_per_token: 0.0000006")]
    [TestCase("model: openrouter/openai/gpt-4o-mini, input_cost_per_token: 0.00000015, output_cost_per_token: 0.0000006")]
    public async Task OtherServersAndModelsWithAPriceOfTheirOwnAreNotAsked(string deployment)
    {
        var billed = await Billed.AskAsync(deployment, Usage("\"cost\":0.0000001,\"cost_in_usd_ticks\":1"));
        Assert.That(billed.Nano, Is.EqualTo(Computed));
    }

    [Test]
    public async Task DiscountAndMarginCountOnIt()
    {
        var billed = await Billed.AskAsync(OpenRouter, Usage("\"cost\":0.01"), settings: """
            litellm_settings:
              cost_discount_config: {openrouter: 0.5}
              cost_margin_config: {global: {percentage: 0.1, fixed_amount: 0.001}}
            """);

        Assert.That((billed.Nano, billed.Header), Is.EqualTo((6_500_000L, "0.0065"))); // 0.01 × 0.5 × 1.1 + 0.001
    }

    [Test]
    public async Task AModelThatNobodyPricesCostsWhatItsProviderSays()
    {
        var billed = await Billed.AskAsync("model: openrouter/nobody/knows-it", Usage("\"cost\":0.25"));
        Assert.That((billed.Nano, billed.PriceId), Is.EqualTo((250_000_000L, "openrouter/nobody/knows-it@usage.cost")));
    }

    [Test]
    public async Task AStreamTellsItsClientTheCostThatIsBooked()
    {
        var billed = await Billed.AskAsync(OpenRouter, Usage("\"cost\":0.01"), isStream: true, asks: "\"stream_options\":{\"include_usage\":true},",
            settings: "litellm_settings: {include_cost_in_streaming_usage: true, cost_margin_config: {global: 0.1}}");

        Assert.That(billed.Text, Does.Contain("\"cost\":0.011").And.Not.Contain("\"cost\":0.01,"));
        Assert.That(billed.Nano, Is.EqualTo(11_000_000));
    }

    [Test]
    public void AServerThatTheClientChoseDoesNotNameItsPrice()
    {
        var deployment = CatalogFixture.Of(CatalogFixture.Entry("m", "openrouter/openai/gpt-4o-mini")).Catalog.Deployments.Single();
        Assert.That(new OpenAiDialect().Read(new("{}"u8.ToArray()), out var request), Is.Null);
        var bill = new ReportedBill { Cost = 1 };

        Assert.That(Cost(isClientTarget: false), Is.EqualTo(NanoUsd.FromUsd(1)));
        Assert.That(Cost(isClientTarget: true), Is.EqualTo(new NanoUsd(Computed)));

        NanoUsd? Cost(bool isClientTarget) => ToolFees
            .PriceOf(request, Operation.Chat, deployment, "openai/gpt-4o-mini", deployment.Price, isClientTarget)
            .CostOf(new Usage { Input = 1000, Output = 100 }, null, bill, TimeSpan.Zero);
    }

    [Test]
    public void TheReportedCostIsOneLineThatIsTheSum()
    {
        var price = new AnswerPrice { Model = "openrouter/m", Price = ModelPrice.Free("free"), Believed = CostReport.Cost };
        var line = price.LinesOf(default, null, new ReportedBill { Cost = 0.125m }, TimeSpan.Zero)!.Single();
        Assert.That((line.Name, line.Usd), Is.EqualTo(("usage.cost", 0.125m)));
    }

    [Test]
    public void ProvidersThatAreBelievedAreTheThreeThatDocumentTheirCost() =>
        Assert.That(Providers.All.Where(p => p.CostReport != CostReport.None).Select(p => (p.Name, p.CostReport)), Is.EquivalentTo(new[]
        {
            ("openrouter", CostReport.Cost), ("xai", CostReport.Ticks), ("perplexity", CostReport.TotalCost),
        }));

    private static string Usage(string said) =>
        $$"""{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,{{said}}}""";
}
