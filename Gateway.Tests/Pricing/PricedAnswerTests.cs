using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Pricing;

/// <summary>Configured prices on the way of a request, from config text to the ledger.</summary>
public sealed class PricedAnswerTests
{
    private const string Answer = """
        {"candidates":[{"content":{"role":"model","parts":[{"text":"x"}]},"finishReason":"STOP","index":0}],
        "usageMetadata":{"promptTokenCount":300,"candidatesTokenCount":1300,"thoughtsTokenCount":100,"totalTokenCount":1700,
        "promptTokensDetails":[{"modality":"TEXT","tokenCount":42},{"modality":"IMAGE","tokenCount":258}],
        "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}}
        """;

    [Test]
    public async Task ImagesAndTheMarginAreBookedAndNoTokenIsLost()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Answer);
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: gpt-4o
                litellm_params: {model: gemini/gemini-2.5-flash-image, api_base: "{upstream}", api_key: k}
            litellm_settings:
              cost_margin_config: {global: {percentage: 0.1, fixed_amount: 0.001}}
            """, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);
        await response.TextAsync();

        // 300 × 0.3 + 110 × 2.5 + 1290 × 30 = 39065 per million; × 1.1 + 1000 per million
        Assert.That(response.Header("x-litellm-response-cost"), Is.EqualTo("0.0439715"));
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["prompt_tokens"], row["completion_tokens"], row["reasoning_tokens"], row["cost_nano_usd"]),
            Is.EqualTo((300L, 1400L, 100L, 43_971_500L)));
        Assert.That(row["price"], Is.EqualTo(
            """{"input":0.3,"image input":0.3,"output":2.5,"reasoning":2.5,"image output":30,"margin":0.1,"fixed":0.001}"""));
    }

    [Test]
    public async Task AMockCostsWhatTheMapSaysThatTheNamedModelCosts()
    {
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: gpt-4o
                litellm_params: {model: openai/gpt-4o, mock_response: Hello}
            litellm_settings: {model_cost_map_url: "{{CostFixtureTests.InFolder("overlay.json")}}"}
            """);

        using var response = await gateway.ChatAsync(Wire.Question);
        await response.TextAsync();

        var row = (await gateway.StopAndReadAsync()).Single();
        var cost = (long)row["prompt_tokens"]! * 2_000 + (long)row["completion_tokens"]! * 8_000;
        Assert.That((row["price_id"], row["cost_nano_usd"]), Is.EqualTo(("gpt-4o@overlay.json", cost)));
        Assert.That(cost, Is.Positive);
    }
}
