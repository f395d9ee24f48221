using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Hub;
using Gateway.Tests.Dialects.Hub;

namespace Gateway.Tests.Dialects.Bedrock;

/// <summary>What models of different makers get through Converse, and what is said about the rest.</summary>
public sealed class ConverseModelTests
{
    private const string Claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    private const string Opus = "global.anthropic.claude-opus-4-6-v1";
    private const string Nova = "us.amazon.nova-2-lite-v1:0";
    private const string OldNova = "amazon.nova-pro-v1:0";
    private const string GptOss = "openai.gpt-oss-120b-1:0";
    private const string Llama = "us.meta.llama3-3-70b-instruct-v1:0";
    private const string Mistral = "mistral.mistral-large-2402-v1:0";
    private const string Unknown = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3";
    private const string Tool = """{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}""";
    private const string Schema = """{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}}""";

    [TestCase(Claude, "top_k", "5", """{"top_k":5}""")]
    [TestCase(OldNova, "top_k", "5", """{"inferenceConfig":{"topK":5}}""")]
    [TestCase("cohere.command-r-v1:0", "top_k", "5", """{"k":5}""")]
    [TestCase(Unknown, "top_k", "5", """{"top_k":5}""")]
    [TestCase(Nova, "reasoning_effort", "\"minimal\"", """{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"low"}}""")]
    [TestCase(Nova, "reasoning_effort", "\"none\"", """{"reasoningConfig":{"type":"disabled"}}""")]
    [TestCase(GptOss, "reasoning_effort", "\"medium\"", """{"reasoning_effort":"medium"}""")]
    [TestCase(Opus, "reasoning_effort", "\"high\"", """{"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}}""")]
    [TestCase(Claude, "reasoning_effort", "\"none\"", null)]
    [TestCase(Llama, "reasoning_effort", "\"none\"", null)]
    public void WhatConverseHasNoWordForIsSaidInTheMakersWords(string model, string name, string value, string? fields)
    {
        var body = Written(model, $"\"{name}\":{value}");

        Assert.That(body["additionalModelRequestFields"]?.ToJsonString(), Is.EqualTo(fields));
    }

    [TestCase(Llama, "\"top_k\":5", "top_k", "does not take it")]
    [TestCase(Llama, "\"reasoning_effort\":\"low\"", "reasoning_effort", "cannot be said to Converse")]
    [TestCase(GptOss, "\"reasoning_effort\":\"none\"", "reasoning_effort", "cannot be kept from thinking")]
    [TestCase(GptOss, "\"temperature\":1.2", "temperature", "from 0 to 1")]
    [TestCase(Llama, $"\"response_format\":{Schema}", "response_format", "cannot be held to a form")]
    [TestCase(GptOss, "\"response_format\":{\"type\":\"json_object\"}", "response_format", "by a schema alone")]
    [TestCase(Llama, $"\"tools\":[{Tool}],\"tool_choice\":\"required\"", "tool_choice", "cannot be made to call")]
    [TestCase(Claude, "\"service_tier\":\"scale\"", "service_tier", "reserved")]
    [TestCase(Claude, "\"performanceConfig\":{\"latency\":\"optimized\"}", "performanceConfig", "")]
    [TestCase(Claude, "\"additionalModelRequestFields\":{\"max_tokens\":1000000}", "additionalModelRequestFields", "")]
    public void WhatAModelCannotDoIsNamedWithTheReason(string model, string member, string param, string why)
    {
        var refused = Translate(model, member, false, out _, out _);

        Assert.That(refused?.Status, Is.EqualTo(400));
        Assert.That(refused!.Message, Does.Contain($"['{param}']").And.Contain(why).And.Contain("converse"));
        Assert.That(Translate(model, member, true, out _, out var lost), Is.Null);
        Assert.That(lost, Is.EqualTo(new[] { param }));
    }

    [TestCase(OldNova, """{"tool":{"name":"gateway_json_answer"}}""", false)]
    [TestCase(GptOss, null, true)]
    [TestCase(Unknown, null, true)]
    [TestCase(Claude, """{"tool":{"name":"gateway_json_answer"}}""", false)] // its schemas must be closed or strict
    public void AFormIsHadByTheMeansOfTheModel(string model, string? choice, bool isHeld)
    {
        var body = Written(model, $"\"response_format\":{Schema}");

        Assert.That(body["toolConfig"]?["toolChoice"]?.ToJsonString(), Is.EqualTo(choice));
        Assert.That(body["outputConfig"] is not null, Is.EqualTo(isHeld));
    }

    [Test]
    public void AModelThatCannotBeGivenANameIsOfferedTheOneToolAlone()
    {
        var body = Written(Mistral, $"\"tools\":[{Tool},{Tool.Replace("\"f\"", "\"g\"", StringComparison.Ordinal)}],"
            + "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}}");

        Assert.That(body["toolConfig"]!["tools"]!.AsArray().Select(static tool => tool!["toolSpec"]!["name"]!.GetValue<string>()), Is.EqualTo(new[] { "g" }));
        Assert.That(body["toolConfig"]!["toolChoice"]!.ToJsonString(), Is.EqualTo("""{"any":{}}"""));
    }

    [Test]
    public void ToolsOfEarlierCallsAreDeclaredThoughNoneIsOffered()
    {
        const string Calls = """
            "messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"c.1","type":"function","function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"c.1","content":"1"}]
            """;
        var body = Written(Claude, Calls);

        Assert.That(body["toolConfig"]!["tools"]![0]!["toolSpec"]!["name"]!.GetValue<string>(), Is.EqualTo("f"));
        Assert.That(body["messages"]![1]!["content"]![0]!["toolUse"]!["toolUseId"]!.GetValue<string>(), Is.EqualTo("c_1"));
        Assert.That(body["messages"]![2]!["content"]![0]!["toolResult"]!["toolUseId"]!.GetValue<string>(), Is.EqualTo("c_1"));
        Assert.That(Translate(Claude, $"{Calls},\"tools\":[{Tool}],\"tool_choice\":\"none\"", false, out _, out _)!.Message, Does.Contain("'tool_choice'"));
    }

    [Test]
    public void ThoughtsAndCachePointsGoOnlyToModelsThatTakeThem()
    {
        const string Turns = """
            "messages":[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
            {"role":"assistant","content":"Ho","thinking_blocks":[{"type":"thinking","thinking":"Hm","signature":"c2VhbA=="}]},{"role":"user","content":"?"}]
            """;

        Assert.That(Written(Claude, Turns)["messages"]!.ToJsonString(), Does.Contain("c2VhbA==").And.Contain("\"1h\""));
        Assert.That(Written(OldNova, Turns)["messages"]!.ToJsonString(), Does.Not.Contain("c2VhbA==").And.Contain("cachePoint").And.Not.Contain("1h"));
        Assert.That(Written(Llama, Turns)["messages"]!.ToJsonString(), Does.Not.Contain("Hm").And.Not.Contain("cachePoint"));
    }

    [Test]
    public void SettingsOfTheConfigsOwnAreConversesOrTheModels()
    {
        var settings = new HubSettings
        {
            Overrides = [new("performanceConfig", """{"latency":"optimized"}"""), new("anthropic_beta", """["context-1m-2025-08-07"]""")],
        };

        var body = HubWriting.Body(WireFormat.Converse, Claude, "\"top_k\":5", settings);

        Assert.That(body["performanceConfig"]!.ToJsonString(), Is.EqualTo("""{"latency":"optimized"}"""));
        Assert.That(body["additionalModelRequestFields"]!.ToJsonString(), Is.EqualTo("""{"top_k":5,"anthropic_beta":["context-1m-2025-08-07"]}"""));
    }

    private static JsonNode Written(string model, string members) => HubWriting.Body(WireFormat.Converse, model, members);

    private static ApiError? Translate(string model, string members, bool drops, out JsonNode? body, out IReadOnlyList<string> lost) =>
        HubWriting.Translate(WireFormat.Converse, model, members, new HubSettings { DropsUnsupported = drops }, out body, out lost);
}
