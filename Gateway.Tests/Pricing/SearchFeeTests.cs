using Gateway.Catalog;
using Gateway.Dialects.OpenAi;
using Gateway.Pipeline;
using Gateway.Pricing;
using Gateway.Tests.Catalog;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Pricing;

/// <summary>Fees for searches that providers make themselves: booked where they are billed, bounded where they may be.</summary>
public sealed class SearchFeeTests
{
    private const string Tokens = "\"prompt_tokens\":1000,\"completion_tokens\":1000,\"total_tokens\":2000";

    // Tokens: gpt-4o-search-preview 2.5 and 10, sonar-deep-research 2 and 8, grok-3 3 and 15 USD per million.
    [TestCase("openai/gpt-4o-search-preview", "", "", 12_500_000 + 25_000_000)]
    [TestCase("openai/gpt-4o-search-preview", "\"web_search_options\":{\"search_context_size\":\"high\"},", "", 12_500_000 + 25_000_000)]
    [TestCase("perplexity/sonar-deep-research", "", ",\"num_search_queries\":28", 10_000_000 + 28 * 5_000_000)]
    [TestCase("perplexity/sonar-deep-research", "", "", 10_000_000 + 5_000_000)]
    [TestCase("xai/grok-3", "\"search_parameters\":{\"mode\":\"auto\"},", ",\"num_sources_used\":4", 18_000_000 + 4 * 25_000_000)]
    [TestCase("xai/grok-3", "\"search_parameters\":{\"mode\":\"auto\"},", ",\"num_sources_used\":0", 18_000_000)]
    public async Task SearchesAreBookedBesideTheTokens(string model, string asks, string usage, long nano)
    {
        foreach (var isStream in new[] { false, true })
        {
            var billed = await Billed.AskAsync($"model: {model}", $"{{{Tokens}{usage}}}", isStream, asks);
            Assert.That(billed.Nano, Is.EqualTo(nano), $"stream: {isStream}");
        }
    }

    // Tokens: haiku-4-5 1 and 5 USD per million; a search 0.01 USD.
    [TestCase("", 6_000_000)]
    [TestCase(",\"server_tool_use\":{\"web_search_requests\":3}", 6_000_000 + 3 * 10_000_000)]
    public async Task ClaudesSearchesAreBookedBesideTheTokens(string searches, long nano)
    {
        const string Message = """{"id":"m","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[CONTENT],"usage":{"input_tokens":1000,"output_tokens":OUT}}""";
        var usage = $"{{\"output_tokens\":1000{searches}}}";
        await using var whole = await ScriptedUpstream.AnswersAsync(
            Message.Replace("CONTENT", """{"type":"text","text":"hello"}""").Replace("OUT", $"1000{searches}"));
        await using var stream = await ScriptedUpstream.StreamsAsync(
            $"{{\"type\":\"message_start\",\"message\":{Message.Replace("CONTENT", "").Replace("OUT", "1")}}}",
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}""",
            """{"type":"content_block_stop","index":0}""",
            $"{{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}},\"usage\":{usage}}}",
            """{"type":"message_stop"}""");
        foreach (var (upstream, isStream) in new[] { (whole, false), (stream, true) })
        {
            await using var gateway = await GatewayHost.StartAsync("""
                model_list:
                  - model_name: claude
                    litellm_params: {model: anthropic/claude-haiku-4-5, api_base: "{upstream}", api_key: k}
                """, upstream);
            using var response = await gateway.ChatAsync(
                $$"""{"model":"claude","stream":{{(isStream ? "true" : "false")}},"messages":[{"role":"user","content":"hi"}]}""");
            await response.TextAsync();
            var row = (await gateway.StopAndReadAsync()).Single();
            Assert.That(row["cost_nano_usd"], Is.EqualTo(nano), $"stream: {isStream}");
        }
    }

    // The map: 0.03, 0.035 and 0.05 USD a search by size.
    [TestCase("openai/gpt-4o-search-preview", "", 35_000_000)]
    [TestCase("openai/gpt-4o-search-preview", "\"web_search_options\":{},", 35_000_000)]
    [TestCase("openai/gpt-4o-search-preview", "\"web_search_options\":{\"search_context_size\":\"low\"},", 30_000_000)]
    [TestCase("openai/gpt-4o-search-preview", "\"web_search_options\":{\"search_context_size\":\"high\"},", 50_000_000)]
    [TestCase("openai/gpt-4o-search-preview", "\"web_search_options\":{\"search_context_size\":\"huge\"},", 50_000_000)]
    [TestCase("perplexity/sonar", "\"web_search_options\":{\"search_context_size\":\"medium\"},", 8_000_000)]
    [TestCase("perplexity/sonar", "", 5_000_000, TestName = "PerplexitysSizeIsLowWhereNoneIsNamed")]
    public async Task AMapsFeesGoBySize(string model, string asks, long fee)
    {
        var billed = await Billed.AskAsync($"model: {model}", $"{{{Tokens}}}", asks: asks,
            settings: $$"""litellm_settings: {model_cost_map_url: "{{CostFixtureTests.InFolder("searches.json")}}"}""");
        Assert.That(billed.Nano, Is.EqualTo(2_000_000 + fee)); // 1 USD per million tokens
    }

    [TestCase("openai/gpt-4o", "{}", "0")]
    [TestCase("openai/gpt-4o", """{"web_search_options":null}""", "0")]
    [TestCase("openai/gpt-4o", """{"web_search_options":{}}""", "0.1")]                        // 10 × 0.01: no maximum is documented
    [TestCase("openai/gpt-4o-search-preview", "{}", "0.025")]
    [TestCase("openai/gpt-5-search-api-2025-10-14", "{}", "0.01")]
    [TestCase("xai/grok-3", "{}", "0")]
    [TestCase("xai/grok-3", """{"search_parameters":{"mode":"off"}}""", "0")]
    [TestCase("xai/grok-3", """{"search_parameters":{"mode":"on"}}""", "0.5")]                 // 20 × 0.025
    [TestCase("xai/grok-3", """{"search_parameters":{"max_search_results":3}}""", "0.075")]
    [TestCase("xai/grok-3", """{"search_parameters":{"max_search_results":1e9}}""", "1.25")]   // 50 at most
    [TestCase("xai/grok-3", """{"tools":[{"type":"live_search"}]}""", "0.5")]
    [TestCase("xai/grok-3", """{"extra_body":{"search_parameters":{}}}""", "0.5")]
    [TestCase("perplexity/sonar", "{}", "0")]                                                  // its fee is part of its price
    [TestCase("perplexity/sonar-deep-research", "{}", "0.5")]
    [TestCase("openrouter/openai/gpt-4o-mini", """{"plugins":[{"id":"web"}]}""", "0.052")]     // 13 × 0.004 covers a model's own search
    [TestCase("openrouter/openai/gpt-4o-mini", """{"plugins":[{"id":"web","max_results":20}]}""", "0.08")]
    [TestCase("openrouter/openai/gpt-4o-mini:online", "{}", "0.052")]
    [TestCase("ollama/llama3", """{"web_search_options":{}}""", "0")]
    public void WhatSearchesCanCostAtMostIsBounded(string model, string body, string usd)
    {
        var most = ToolFees.AtMost(Read(body), Deployment(model, out var upstream), upstream, Deployment(model, out _).Price, out _);
        var least = NanoUsd.FromUsd(decimal.Parse(usd, System.Globalization.CultureInfo.InvariantCulture));
        Assert.That(most.Value, Is.InRange(least.Value, least.Value + 1));
    }

    [TestCase("openai/gpt-4o", """{"tools":[{"type":"function","function":{"name":"web_search"}}]}""", true)]
    [TestCase("openai/gpt-4o-search-preview", "{}", true)]
    [TestCase("openrouter/openai/gpt-4o-mini", """{"tools":[{"type":"function"},{"function":{}},{"type":"custom"}]}""", true)]
    [TestCase("openrouter/openai/gpt-4o-mini", """{"tools":[{"type":"openrouter:web_search"}]}""", false)]
    [TestCase("openrouter/openai/gpt-4o-mini", """{"plugins":[{"id":"file-parser"}]}""", false)]
    [TestCase("openrouter/openai/gpt-4o-mini", """{"plugins":[7]}""", false)]
    [TestCase("moonshot/kimi-k2-0905-preview", """{"tools":[{"type":"builtin_function","function":{"name":"$web_search"}}]}""", false)]
    [TestCase("deepseek/deepseek-chat", """{"web_search_options":{}}""", false)]
    [TestCase("dashscope/qwen-max", """{"enable_search":true}""", false)]
    [TestCase("dashscope/qwen-max", """{"enable_search":false}""", true)]
    [TestCase("groq/groq/compound", "{}", false)]
    [TestCase("hosted_vllm/any", """{"web_search_options":{}}""", true)]
    public void AFeeThatNobodyKnowsIsSaid(string model, string body, bool isKnown)
    {
        var deployment = Deployment(model, out var upstream);
        ToolFees.AtMost(Read(body), deployment, upstream, deployment.Price, out var known);
        Assert.That(known, Is.EqualTo(isKnown));
    }

    [Test]
    public void APriceOfTheDeploymentsOwnIsTheWholePrice()
    {
        var deployment = Deployment("groq/groq/compound", out var upstream);
        var own = new ModelPrice { Id = "custom", Source = PriceSource.Deployment };
        var request = Read("""{"web_search_options":{}}""");
        Assert.That(ToolFees.AtMost(request, deployment, upstream, own, out var isKnown), Is.EqualTo(NanoUsd.Zero));
        Assert.That(isKnown, Is.True);
    }

    [TestCase("openai/gpt-4o-mini", "", "0.001", 200)]
    [TestCase("xai/grok-3", "", "0.1", 200)]
    // What a search finds is read too: the bound holds the whole window, 131072 × 3 per million, besides 20 × 0.025 or 2 × 0.025.
    [TestCase("xai/grok-3", "\"search_parameters\":{},", "0.5", 429, TestName = "SearchesThatTheBudgetCannotPayAreRefused")]
    [TestCase("xai/grok-3", "\"search_parameters\":{\"max_search_results\":2},", "0.5", 200)]
    [TestCase("openrouter/openai/gpt-4o-mini", "\"tools\":[{\"type\":\"openrouter:web_search\"}],", "100", 400,
        TestName = "AToolWhoseFeeNobodyKnowsIsRefusedToWhoHasABudget")]
    public async Task ABudgetCoversTheFees(string model, string asks, string budget, int status)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync($$"""
            {"id":"c","object":"chat.completion","model":"g",
            "choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{ {{Tokens}} } }
            """);
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: gpt-4o
                litellm_params: {model: {{model}}, api_base: "{upstream}", api_key: k}
            general_settings: {master_key: sk-master-1234}
            user_access: [{user_id: alice, api_key: sk-alice-1234, max_budget: {{budget}}}]
            """, upstream);
        using var response = await gateway.ChatAsync(
            $$"""{"model":"gpt-4o",{{asks}}"max_tokens":16,"messages":[{"role":"user","content":"hi"}]}""", "sk-alice-1234");
        Assert.That((int)response.StatusCode, Is.EqualTo(status), await response.TextAsync());
        Assert.That(upstream.Requests, Has.Count.EqualTo(status == 200 ? 1 : 0));
    }

    [Test]
    public void NoChargeIsMoreThanItsBound()
    {
        var adjustment = PriceAdjustment.Of(0.333333m, 0.123457m, 0.01m);
        var price = new ModelPrice
        {
            Id = "p",
            Source = PriceSource.Map,
            Rates = PriceRates.Of(150_000_007, 600_000_011),
            Search = SearchFee.Of(25_000_000_000_003),
            Adjustment = adjustment,
        };
        for (var tokens = 0; tokens < 500; tokens++)
        {
            var terms = SearchTerms.Of("openai", "gpt-4o-search-preview", price, default);
            var cost = price.CostOf(new Usage { Input = tokens, Output = tokens }, TimeSpan.Zero, searches: terms.ChargeOf(null));
            var bound = price.BoundOf(tokens, tokens, default) + terms.MostCost(adjustment.WithoutFixed());
            Assert.That(cost, Is.LessThanOrEqualTo(bound));
        }
    }

    private static Gateway.Dialects.ClientRequest Read(string body)
    {
        Assert.That(new OpenAiDialect().Read(new(System.Text.Encoding.UTF8.GetBytes(body)), out var request), Is.Null);
        return request;
    }

    private static Deployment Deployment(string model, out string upstream)
    {
        var deployment = CatalogFixture.Of(CatalogFixture.Entry("m", model)).Catalog.Deployments.Single();
        upstream = deployment.UpstreamModel;
        return deployment;
    }
}
