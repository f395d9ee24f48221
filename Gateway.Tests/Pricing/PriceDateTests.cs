using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Pricing;

/// <summary>The price that holds when an attempt begins is the one that is booked.</summary>
public sealed class PriceDateTests
{
    private const string Tokens = """{"prompt_tokens":1000,"completion_tokens":1000,"total_tokens":2000}""";

    [TestCase("openai/o3", "2025-06-09T23:59:59Z", 50_000_000, "openai/o3@prices.json")]
    [TestCase("openai/o3", "2025-06-10T00:00:00Z", 10_000_000, "openai/o3@prices.json from 2025-06-10")]
    [TestCase("openai/gpt-5.6-sol", "2026-08-20T23:59:59Z", 35_000_000, "openai/gpt-5.6-sol@prices.json")]
    [TestCase("openai/gpt-5.6-sol", "2026-08-21T00:00:00Z", 24_000_000, "openai/gpt-5.6-sol@prices.json from 2026-08-21")]
    [TestCase("deepseek/deepseek-chat", "2026-11-24T00:29:59Z", 685_000, null)]
    [TestCase("deepseek/deepseek-chat", "2026-11-24T00:30:00Z", 1_370_000, null)]
    public async Task ThePriceOfTheMomentIsBooked(string model, string at, long nano, string? priceId)
    {
        var time = new FakeTimeProvider(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture));
        var billed = await Billed.AskAsync($"model: {model}", Tokens, time: time);
        Assert.That(billed.Nano, Is.EqualTo(nano));
        if (priceId is not null)
            Assert.That(billed.PriceId, Is.EqualTo(priceId));
    }

    [Test]
    public async Task ADeploymentByAnotherNameCostsWhatItsBaseModelDoes()
    {
        var time = new FakeTimeProvider(new(2025, 6, 10, 0, 0, 0, TimeSpan.Zero));
        var billed = await Billed.AskAsync("model: azure/my-o3", Tokens, settings: "    model_info: {base_model: azure/o3}", time: time);
        Assert.That(billed.Nano, Is.EqualTo(10_000_000));
    }

    [Test]
    public async Task AMapHasOnePriceForAllDays()
    {
        var time = new FakeTimeProvider(new(2025, 6, 10, 0, 0, 0, TimeSpan.Zero));
        var billed = await Billed.AskAsync("model: openai/gpt-4o", Tokens, time: time,
            settings: $$"""litellm_settings: {model_cost_map_url: "{{CostFixtureTests.InFolder("overlay.json")}}"}""");
        Assert.That((billed.Nano, billed.PriceId), Is.EqualTo((10_000_000L, "gpt-4o@overlay.json")));
    }
}
