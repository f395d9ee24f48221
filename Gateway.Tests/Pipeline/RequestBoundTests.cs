using System.Collections.Immutable;
using System.Text;
using Gateway.Dialects;
using Gateway.Limits;
using Gateway.Pipeline;
using Gateway.Pricing;
using static Gateway.Tests.Pipeline.BoundFixture;

namespace Gateway.Tests.Pipeline;

/// <summary>Bounds computed by hand. Of 100 input tokens each costs 1,000 nano-dollars; an output token costs 2,000 unless told otherwise.</summary>
public sealed class RequestBoundTests
{
    private const long Input = 100_000;

    [Test]
    public void ARequestCostsItsInputAndAllThatTheModelCanWrite()
    {
        var bound = new BoundFixture(Models(Model("m"))).Bound("""{"model":"m"}""");

        Assert.That(bound.Cost, Is.EqualTo(new CostBound
        {
            FixedCost = new(Input),
            OutputRate = 2_000_000_000,
            InputTokens = 100,
            OutputCap = 1000,
            Choices = 1,
        }));
        Assert.That(bound.Cost.CostOf(1000).Value, Is.EqualTo(Input + 2_000_000));
        Assert.That((bound.CanLower, bound.IsCapExplicit, bound.UnpricedModel), Is.EqualTo((true, false, (string?)null)));
    }

    [TestCase("""{"model":"m","max_tokens":50}""", 50, 1, true)]
    [TestCase("""{"model":"m","max\u005ftokens":50}""", 50, 1, true)]
    [TestCase("""{"model":"m","max_tokens":50,"max_completion_tokens":60}""", 60, 1, true)]
    [TestCase("""{"model":"m","max_tokens":5000}""", 1000, 1, true)]
    [TestCase("""{"model":"m","max_tokens":1e308}""", 1000, 1, false)]
    [TestCase("""{"model":"m","max_tokens":-1}""", 1000, 1, false)]
    [TestCase("""{"model":"m","max_tokens":null}""", 1000, 1, false)]
    [TestCase("""{"model":"m","max_tokens":5,"max_completion_tokens":-1}""", 1000, 1, false)]
    [TestCase("""{"model":"m","n":100}""", 1000, 100, false)]
    [TestCase("""{"model":"m","\u006e":1e2}""", 1000, 100, false)]
    [TestCase("""{"model":"m","extra_body":{"n":100}}""", 1000, 100, false)]
    [TestCase("""{"model":"m","extra_body":{"best_of":7},"n":2}""", 1000, 7, false)]
    public void WhatTheBodyAsksForIsCounted(string body, long cap, long choices, bool isExplicit)
    {
        var bound = new BoundFixture(Models(Model("m"))).Bound(body);

        Assert.That((bound.Cost.OutputCap, bound.Cost.Choices, bound.IsCapExplicit), Is.EqualTo((cap, choices, isExplicit)));
    }

    [TestCase("max_tokens: 70", """{"model":"m"}""", 70, 1)]
    [TestCase("max_tokens: 70", """{"model":"m","max_completion_tokens":500}""", 500, 1)]
    [TestCase("extra_body: {max_completion_tokens: 70}", """{"model":"m","max_tokens":500}""", 70, 1)]
    [TestCase("n: 3", """{"model":"m"}""", 1000, 3)]
    [TestCase("n: 3", """{"model":"m","n":2}""", 1000, 2)]
    [TestCase("extra_body: {n: 3}", """{"model":"m","n":2}""", 1000, 3)]
    public void WhatTheDeploymentSaysIsCountedAsItIsSent(string settings, string body, long cap, long choices)
    {
        var bound = new BoundFixture(Models(Model("m", more: settings))).Bound(body);

        Assert.That((bound.Cost.OutputCap, bound.Cost.Choices), Is.EqualTo((cap, choices)));
    }

    [Test]
    public void EachPromptOfALegacyCompletionHasItsAnswers()
    {
        var bound = new BoundFixture(Models(Model("m"))).Bound("""{"model":"m","prompt":["a","b","c"],"n":2,"best_of":5}""", Operation.Completions);

        Assert.That(bound.Cost.Choices, Is.EqualTo(15));
        Assert.That(bound.Cost.CostOf(10).Value, Is.EqualTo(Input + 15 * 10 * 2000));
    }

    [Test]
    public void EmbeddingsHaveNoOutputAndNoLimitToLower()
    {
        var bound = new BoundFixture(Models(Model("m"))).Bound("""{"model":"m","input":"a","max_tokens":9,"n":5}""", Operation.Embeddings);

        Assert.That((bound.Cost.OutputCap, bound.Cost.OutputRate, bound.Cost.Choices), Is.EqualTo((0L, 0L, 1L)));
        Assert.That((bound.Cost.FixedCost.Value, bound.CanLower), Is.EqualTo((Input, false)));
    }

    [Test]
    public void APredictionThatFailsIsPaidForWithEachAnswer()
    {
        var run = new BoundFixture(Models(Model("m"))).Run("""{"model":"m","n":2}""");
        var bound = RequestBound.Of(run, new() { TextAtMost = 100, ExtraOutputAtMost = 30 }, Now);

        Assert.That(bound.Cost.FixedCost.Value, Is.EqualTo(Input + 2 * 30 * 2000));
        Assert.That(bound.Cost.TokensOf(10), Is.EqualTo(100 + 2 * 30 + 2 * 10));
    }

    [Test]
    public void FeesPerRequestAndSecondsUpToTheTimeLimitAreInIt()
    {
        var fixture = new BoundFixture(Models(Model("m", more: "input_cost_per_request: 0.001, output_cost_per_second: 0.0001, timeout: 10")));

        Assert.That(fixture.Bound("""{"model":"m"}""").Cost.FixedCost.Value, Is.EqualTo(Input + 1_000_000 + 6000 * 100_000L),
            "the whole request has LiteLLM's 6,000 seconds");
        Assert.That(fixture.Bound("""{"model":"m","timeout":20}""").Cost.FixedCost.Value, Is.EqualTo(Input + 1_000_000 + 20 * 100_000));
    }

    [Test]
    public void TextThatTheConfigAddsIsInput() => Assert.That(
        new BoundFixture(Models(Model("m", more: "extra_body: {tools: [ab]}"))).Bound("""{"model":"m"}""").Cost.InputTokens,
        Is.GreaterThan(100 + "tools".Length + "[\"ab\"]".Length));

    [Test]
    public void TheInputIsNeverLongerThanTheContextWindow() => Assert.That(
        new BoundFixture(Models(Model("m", info: "max_input_tokens: 40"))).Bound("""{"model":"m"}""").Cost.InputTokens, Is.EqualTo(40));

    [Test]
    public void OfAGroupTheDearestOfEachCounts()
    {
        var bound = new BoundFixture(Models(
            Model("m", 2, "n: 4"), Model("m", 9, info: "max_output_tokens: 10"), Model("m", 3, info: "max_output_tokens: 7000"))).Bound("""{"model":"m"}""");

        Assert.That((bound.Cost.OutputRate, bound.Cost.OutputCap, bound.Cost.Choices), Is.EqualTo((9_000_000_000, 7000L, 4L)));
    }

    private static readonly string Chain = Models(Model("m"), Model("a", 3), Model("b", 4), Model("c", 5), Model("d", 6), Model("z", 99)) + """
        router_settings:
          fallbacks: [{m: [a]}, {a: [m]}, {b: [c, nowhere]}]
          context_window_fallbacks: [{m: [b]}, {d: [m]}]
          content_policy_fallbacks: [{c: [d]}]
          max_fallbacks: 1
          model_group_alias: {other: m}

        """;

    [TestCase("m", 6, Description = "m → b (window) → c (general) → d (policy); z is nobody's")]
    [TestCase("a", 6)]
    [TestCase("c", 6, Description = "c → d → m → a, b")]
    [TestCase("z", 99)]
    [TestCase("other", 6)]
    public void EveryGroupBehindItCountsHoweverItFails(string model, long dearest) => Assert.That(
        new BoundFixture(Chain).Bound($$"""{"model":"{{model}}"}""").Cost.OutputRate, Is.EqualTo(dearest * 1_000_000_000));

    [Test]
    public void WithoutFallbacksOnlyTheGroupCounts()
    {
        var fixture = new BoundFixture(Chain);

        Assert.That(fixture.Bound("""{"model":"m"}""").Cost.OutputRate, Is.EqualTo(6_000_000_000));
        Assert.That(fixture.Bound("""{"model":"m","disable_fallbacks":true}""").Cost.OutputRate, Is.EqualTo(2_000_000_000));
        Assert.That(fixture.Bound("""{"model":"m"}""").Cost.OutputRate, Is.EqualTo(6_000_000_000));
    }

    [TestCase(""" "fallbacks":["z"] """, "*", 99)]
    [TestCase(""" "fallbacks":["z"] """, "m", 2, Description = "the client may not use it")]
    [TestCase(""" "context_window_fallbacks":[{"m":["z"]}] """, "*", 99)]
    [TestCase(""" "content_policy_fallbacks":[{"m":["z"]}] """, "*", 99)]
    [TestCase(""" "fallbacks":[] """, "*", 2)]
    public void TheClientsOwnFallbacksCountAsTheyWillBeTaken(string fallbacks, string allowed, long dearest) => Assert.That(
        new BoundFixture(Chain.Replace("{m: [a]}, ", "").Replace("{m: [b]}, ", "")).Bound($$"""{"model":"m",{{fallbacks}}}""", allowed: [allowed]).Cost.OutputRate,
        Is.EqualTo(dearest * 1_000_000_000));

    [TestCase("general_settings: {enforce_fallback_model_access: true}", 3)]
    [TestCase("", 6)]
    public void FallbacksThatTheCallerMayNotUseCountUnlessThatIsEnforced(string settings, long dearest)
    {
        var fixture = new BoundFixture(Chain + settings);

        Assert.That(fixture.Bound("""{"model":"m"}""").Cost.OutputRate, Is.EqualTo(6_000_000_000), "this one may use all");
        Assert.That(fixture.Bound("""{"model":"m"}""", allowed: ["m", "a"]).Cost.OutputRate, Is.EqualTo(dearest * 1_000_000_000));
    }

    [TestCase("deny", "openai/nobody-knows")]
    [TestCase("allow", null)]
    public void AModelWithoutAPriceIsNamedUnlessThatIsAllowed(string setting, string? unpriced)
    {
        var fixture = new BoundFixture(Models(Model("m"), """
              - model_name: m
                litellm_params: {model: openai/nobody-knows, api_base: "http://server:1/v1", api_key: k}

            """) + $"general_settings: {{unknown_price: {setting}}}\n");
        var bound = fixture.Bound("""{"model":"m"}""");

        Assert.That(bound.UnpricedModel, Is.EqualTo(unpriced));
        Assert.That(bound.Cost.OutputRate, Is.EqualTo(2_000_000_000));
    }

    [TestCase("{model: openai/gpt-4o, mock_response: hi}", 2_500_000_000, Description = "a mock costs what the named model costs")]
    [TestCase("{model: openai/gpt-4o, mock_response: hi, input_cost_per_token: 7.0e-6}", 7_000_000_000)]
    [TestCase("{model: mock/any}", 0)]
    [TestCase("{model: mock/any, input_cost_per_token: 7.0e-6}", 7_000_000_000)]
    [TestCase("{model: hosted_vllm/any, api_base: 'http://server:1', input_cost_per_token: 7.0e-6}", 7_000_000_000)]
    public void ADeploymentsOwnPriceWinsAndAMockCostsWhatItNames(string settings, long inputRate)
    {
        var bound = new BoundFixture($"model_list: [{{model_name: m, litellm_params: {settings}}}]").Bound("""{"model":"m"}""");

        Assert.That(bound.UnpricedModel, Is.Null);
        Assert.That(bound.Cost.FixedCost.Value, Is.EqualTo(inputRate * 100 / 1_000_000));
    }

    private static readonly string Urgent = Models(Model("m", more:
        "input_cost_per_token_priority: 0.000004, output_cost_per_token_priority: 0.000008, output_cost_per_token_flex: 0.0000005"));

    [TestCase("", 8, Description = "nobody said, so any may be billed")]
    [TestCase(""","service_tier":"auto" """, 8)]
    [TestCase(""","service_tier":"default" """, 2)]
    [TestCase(""","service_tier":"flex" """, 2, Description = "a provider may always do it at the list price")]
    [TestCase(""","service_tier":"priority" """, 8)]
    [TestCase(""","extra_body":{"service_tier":"priority"} """, 8)]
    [TestCase(""","service_tier":"unheard-of" """, 8)]
    public void TheDearestUrgencyThatMayBeBilledCounts(string member, long dearest)
    {
        var bound = new BoundFixture(Urgent).Bound($$"""{"model":"m"{{member}}}""");

        Assert.That(bound.Cost.OutputRate, Is.EqualTo(dearest * 1_000_000_000));
        Assert.That(bound.UnpricedModel, Is.Null);
    }

    [TestCase("priority", "openai/x")]
    [TestCase("unheard-of", "openai/x")]
    [TestCase("default", null)]
    [TestCase("auto", null)]
    public void AnUrgencyWithoutAPriceIsAnUnknownPrice(string service, string? unpriced) => Assert.That(
        new BoundFixture(Models(Model("m"))).Bound($$"""{"model":"m","service_tier":"{{service}}"}""").UnpricedModel, Is.EqualTo(unpriced));

    [Test]
    public void AudioCountsOnlyWhereItCanOccur()
    {
        var fixture = new BoundFixture(Models(Model("m", more: "input_cost_per_audio_token: 0.00003, output_cost_per_audio_token: 0.00005")));
        long InputOf(InputSize input) => RequestBound.Of(fixture.Run("""{"model":"m"}"""), input, Now).Cost.FixedCost.Value;

        Assert.That(InputOf(new() { TextAtMost = 100 }), Is.EqualTo(Input));
        Assert.That(InputOf(new() { TextAtMost = 90, AudioAtMost = 10 }), Is.EqualTo(100 * 30_000));
        Assert.That(fixture.Bound("""{"model":"m"}""").Cost.OutputRate, Is.EqualTo(2_000_000_000));
        Assert.That(fixture.Bound("""{"model":"m","modalities":["text","\u0061udio"]}""").Cost.OutputRate, Is.EqualTo(50_000_000_000));
        var elsewhere = new BoundFixture(Models(Model("m", more: "output_cost_per_audio_token: 0.00005", model: "xai/x")));
        Assert.That(elsewhere.Bound("""{"model":"m"}""").Cost.OutputRate, Is.EqualTo(50_000_000_000), "who knows when it speaks");
    }

    [TestCase("anthropic/x", """{"model":"m","messages":[]}""", "", 1)]
    [TestCase("anthropic/x", """{"model":"m","messages":[{"content":[{"cache_control":{}}]}]}""", "", 2)]
    [TestCase("anthropic/x", """{"model":"m","messages":[{"content":[{"c\u0061che_control":{}}]}]}""", "", 2)]
    [TestCase("anthropic/x", """{"model":"m","messages":[]}""", "extra_body: {cache_control: {type: ephemeral}}", 2)]
    [TestCase("openai/x", """{"model":"m","messages":[]}""", "", 2)]
    public void CacheWritesCountUnlessTheyAreCertainNotToOccur(string model, string body, string more, long inputRate)
    {
        var settings = "cache_creation_input_token_cost: 0.000002" + (more == "" ? "" : ", ") + more;
        var bound = new BoundFixture(Models(Model("m", more: settings, model: model))).Bound(body);

        Assert.That(bound.Cost.FixedCost.Value, Is.EqualTo(inputRate * 1000 * bound.Cost.InputTokens));
    }

    [TestCase("2026-11-23T21:00:00Z", 1, Description = "the night's price is two hours away")]
    [TestCase("2026-11-23T22:59:30Z", 2)]
    [TestCase("2026-11-23T21:30:00Z", 2, Description = "the request may take until then")]
    [TestCase("2026-11-24T08:00:00Z", 1)]
    public void OfThePricesUntilTheRequestMustHaveEndedTheDearestCounts(string at, long inputRate)
    {
        const string Day = """{"usd_per_million":{"input_mtok":1,"output_mtok":1}}""";
        const string Night = """
            {"daily":{"start_time":"23:00:00Z","end_time":"06:00:00Z","type":"time_of_date"},"usd_per_million":{"input_mtok":2,"output_mtok":1}}
            """;
        const string Model = $$"""{"id":"night","match":{"equals":"night"},"prices":[{{Day}},{{Night}}]}""";
        var prices = PriceBook.Load(
            Utf8($$"""{"provider":"openai","name":"","api_pattern":"","models":[{{Model}}]}"""), Utf8("""{"provider":"openai","models":[]}"""));
        var fixture = new BoundFixture("""
            model_list: [{model_name: m, litellm_params: {model: openai/night, api_key: k}}]
            litellm_settings: {request_timeout: 600}
            """, prices);

        Assert.That(BoundFixture.Bound(fixture.Run("""{"model":"m"}"""), DateTimeOffset.Parse(at)).Cost.FixedCost.Value, Is.EqualTo(inputRate * Input));
    }

    [Test]
    public void AWildcardsModelHasItsOwnPriceSizeAndName()
    {
        var fixture = new BoundFixture("""
            model_list:
              - {model_name: "openai/*", litellm_params: {model: "openai/*", api_key: k}}
            """);
        var bound = fixture.Bound("""{"model":"openai/gpt-4o"}""");

        Assert.That((bound.Cost.FixedCost.Value, bound.Cost.OutputRate, bound.Cost.OutputCap), Is.EqualTo((250_000L, 10_000_000_000, 16_384L)));
        Assert.That(fixture.Bound("""{"model":"openai/nobody-knows"}""").UnpricedModel, Is.EqualTo("openai/nobody-knows"));
        Assert.That(fixture.Bound("""{"model":"openai/nobody-knows"}""").Cost.OutputCap, Is.EqualTo(4096));
    }

    [Test]
    public void AProviderThatCannotBeCalledYetCostsNothingAndIsNotUnpriced()
    {
        var bound = new BoundFixture(Models(Model("m"), "  - {model_name: m, litellm_params: {model: replicate/unheard-of, api_key: k}}\n"))
            .Bound("""{"model":"m"}""");

        Assert.That(bound.UnpricedModel, Is.Null);
    }

    private static MemoryStream Utf8(string text) => new(Encoding.UTF8.GetBytes(text));
}
