using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Dialects.Anthropic;

/// <summary>What a Claude model gets of a request in another dialect, and what is said about the rest.</summary>
public sealed class AnthropicRequestTests
{
    private static readonly HubProvider Provider = HubDialects.ProviderOf(WireFormat.Anthropic);

    [TestCase("claude-sonnet-4-5", "low", 20_000, """{"type":"enabled","budget_tokens":1024}""", null)]
    [TestCase("claude-sonnet-4-5", "medium", 20_000, """{"type":"enabled","budget_tokens":2048}""", null)]
    [TestCase("claude-sonnet-4-5", "high", 20_000, """{"type":"enabled","budget_tokens":4096}""", null)]
    [TestCase("claude-sonnet-4-5", "high", 3_000, """{"type":"enabled","budget_tokens":1500}""", null)]
    [TestCase("claude-opus-4-6", "minimal", 20_000, """{"type":"adaptive"}""", """{"effort":"low"}""")]
    [TestCase("claude-opus-4-6", "xhigh", 20_000, """{"type":"adaptive"}""", """{"effort":"max"}""")]
    [TestCase("claude-opus-4-8", "xhigh", 20_000, """{"type":"adaptive","display":"summarized"}""", """{"effort":"xhigh"}""")]
    [TestCase("claude-haiku-5-5", "none", 20_000, """{"type":"disabled"}""", null)]
    [TestCase("claude-sonnet-5-5", "none", 20_000, """{"type":"between_tools"}""", null)]
    [TestCase("claude-sonnet-4-5", "none", 20_000, null, null)]
    public void AnEffortIsWhatTheModelThinksIn(string model, string effort, int maxTokens, string? thinking, string? config)
    {
        var (body, losses) = Write(model, ("reasoning_effort", $"\"{effort}\""), ("max_tokens", $"{maxTokens}"));

        Assert.That(body["thinking"]?.ToJsonString(), Is.EqualTo(thinking));
        Assert.That(body["output_config"]?.ToJsonString(), Is.EqualTo(config));
        Assert.That(losses.Params, Is.Empty);
    }

    [TestCase("claude-3-5-sonnet-20241022", """{"reasoning_effort":"low"}""", "reasoning_effort", "does not think")]
    [TestCase("claude-opus-5-5", """{"reasoning_effort":"none"}""", "reasoning_effort", "cannot be kept from thinking")]
    [TestCase("claude-sonnet-4-5", """{"reasoning_effort":"low","max_tokens":1024}""", "reasoning_effort", "1024 tokens at least")]
    [TestCase("claude-sonnet-4-5", """{"thinking":{"type":"enabled","budget_tokens":9000},"max_tokens":5000}""", "thinking", "smaller than the limit")]
    [TestCase("claude-sonnet-4-5", """{"temperature":1.4}""", "temperature", "from 0 to 1")]
    [TestCase("claude-opus-4-7", """{"temperature":0.3}""", "temperature", "chooses its words itself")]
    [TestCase("claude-sonnet-4-5", """{"temperature":0.3,"top_p":0.5}""", "top_p", "not both")]
    [TestCase("claude-sonnet-4-5", """{"temperature":0.3,"reasoning_effort":"low","max_tokens":9000}""", "temperature", "thinks")]
    [TestCase("claude-sonnet-4-5", """{"stop":[" \n","END"]}""", "stop", "white space")]
    [TestCase("claude-sonnet-4-5", """{"service_tier":"flex"}""", "service_tier", "auto and default")]
    [TestCase("claude-opus-5-5", """{"response_format":{"type":"json_object"}}""", "response_format", "json_schema")]
    [TestCase("claude-sonnet-4-5", """{"response_format":{"type":"json_object"},"reasoning_effort":"low","max_tokens":9000}""", "reasoning_effort", "form")]
    [TestCase("claude-opus-5-5", """{"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"}""", "tool_choice", "no tool can be forced")]
    [TestCase("claude-opus-4-1", """{"tools":[{"type":"function","function":{"name":"f","strict":true}}]}""", "tools[].function.strict", "not held to the schema")]
    [TestCase("claude-opus-4-1", """{"tools":[{"type":"code_interpreter"}]}""", "tools[0] (code_interpreter)", "another provider's")]
    public void WhatAModelCannotDoIsNamedWithTheReason(string model, string settings, string param, string why)
    {
        var (body, losses) = Write(model, Settings(settings));

        Assert.That(losses.Params, Is.EqualTo(new[] { param }));
        Assert.That(losses.Why, Does.Contain(why));
        Assert.That(body["messages"]!.AsArray(), Is.Not.Empty);
    }

    [TestCase("claude-sonnet-4-5", """{"temperature":1.4}""", "temperature", "1")]
    [TestCase("claude-sonnet-4-5", """{"stop":[" ","END"]}""", "stop_sequences", """["END"]""")]
    [TestCase("claude-opus-4-7", """{"temperature":0.3}""", "temperature", null)]
    [TestCase("claude-sonnet-4-5", """{"thinking":{"type":"enabled","budget_tokens":9000},"max_tokens":5000}""", "thinking", """{"type":"enabled","budget_tokens":4999}""")]
    public void ModifyParamsMendsInSilence(string model, string settings, string name, string? sent)
    {
        var (body, losses) = Write(model, Settings(settings), modifies: true);

        Assert.That(losses.Params, Is.Empty);
        Assert.That(body[name]?.ToJsonString(), Is.EqualTo(sent));
    }

    [Test]
    public void DefaultsThatAModelRefusesAreLeftOutWithoutALoss()
    {
        var (body, losses) = Write("claude-opus-4-8", ("temperature", "1"), ("top_p", "1.0"));

        Assert.That(losses.Params, Is.Empty);
        Assert.That(body["temperature"] ?? body["top_p"], Is.Null);
    }

    [Test]
    public void AJsonObjectIsAToolThatMustBeCalled()
    {
        var (body, losses) = Write("claude-sonnet-4-5", ("response_format", """{"type":"json_object"}"""));

        Assert.That(losses.Params, Is.Empty);
        Assert.That(body["tools"]![0]!["name"]!.GetValue<string>(), Is.EqualTo("gateway_json_answer"));
        Assert.That(body["tool_choice"]!.ToJsonString(), Is.EqualTo(
            """{"type":"tool","name":"gateway_json_answer","disable_parallel_tool_use":true}"""));
    }

    [Test]
    public void WithToolsOfTheClientsTheFormIsOneToolAmongThem()
    {
        var (body, _) = Write("claude-sonnet-4-5",
            ("response_format", """{"type":"json_object"}"""), ("tools", """[{"type":"function","function":{"name":"f"}}]"""));

        Assert.That(body["tools"]!.AsArray().Select(tool => tool!["name"]!.GetValue<string>()), Is.EqualTo(new[] { "f", "gateway_json_answer" }));
        Assert.That(body["tool_choice"]!.ToJsonString(), Is.EqualTo("""{"type":"any"}"""));
    }

    [TestCase("claude-sonnet-4-5", true, true, "output_config")]
    [TestCase("claude-sonnet-4-5", false, true, "output_config")]
    [TestCase("claude-sonnet-4-5", false, false, "tool_choice")]
    [TestCase("claude-opus-4-1", true, true, "tool_choice")]
    [TestCase("claude-opus-5-5", false, false, "output_config")]
    public void ASchemaIsKeptByTheModelsOwnMeansWhereItHasThem(string model, bool isStrict, bool isClosed, string member)
    {
        var schema = """{"type":"object","properties":{"a":{"type":"string"}}""" + (isClosed ? ""","additionalProperties":false}""" : "}");
        var format = new JsonObject
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject { ["name"] = "x", ["strict"] = isStrict, ["schema"] = JsonNode.Parse(schema) },
        };
        var (body, losses) = Write(model, ("response_format", format.ToJsonString()));

        Assert.That(losses.Params, Is.Empty);
        Assert.That(body[member], Is.Not.Null);
        Assert.That(body[member == "output_config" ? "tool_choice" : "output_config"], Is.Null);
        var sent = member == "output_config" ? body["output_config"]!["format"]!["schema"] : body["tools"]![0]!["input_schema"];
        Assert.That(sent!.ToJsonString(), Is.EqualTo(schema));
    }

    [Test]
    public void InstructionsStandWhereTheModelTakesThem()
    {
        HubMessage[] messages =
        [
            Message(HubRole.System, "first"), Message(HubRole.User, "a"), Message(HubRole.Assistant, "b"), Message(HubRole.System, "c"),
            Message(HubRole.User, "d"), Message(HubRole.System, "e"),
        ];

        var body = WriteMessages("claude-opus-4-8", messages);

        Assert.That(body["system"]!.GetValue<string>(), Is.EqualTo("first"));
        // Behind the model's turn none may stand: there it is marked and part of the user's.
        Assert.That(Roles(body), Is.EqualTo("user assistant user system"));
        var marked = body["messages"]![2]!["content"]!.AsArray().Select(static part => part!["text"]!.GetValue<string>());
        Assert.That(marked, Is.EqualTo(new[] { "<system>\nc\n</system>", "d" }));
        Assert.That(body["messages"]![3]!["content"]!.GetValue<string>(), Is.EqualTo("e"));
    }

    [TestCase("claude-sonnet-4-5", "anthropic")]
    [TestCase("claude-opus-4-8", "bedrock")]
    [TestCase("claude-opus-4-8", "vertex_ai")]
    public void ElsewhereInstructionsBetweenTurnsAreMarkedTextOfTheUsers(string model, string provider)
    {
        var body = WriteMessages(model, [Message(HubRole.User, "a"), Message(HubRole.System, "be brief")], provider);

        Assert.That(Roles(body), Is.EqualTo("user"));
        Assert.That(body["messages"]![0]!["content"]![1]!["text"]!.GetValue<string>(), Is.EqualTo("<system>\nbe brief\n</system>"));
    }

    [Test]
    public void TurnsAreJoinedAndResultsStandFirst()
    {
        var body = WriteMessages("claude-sonnet-4-5",
        [
            Message(HubRole.User, "a"),
            new(HubRole.Assistant, [new HubToolCall("call:1", "f", "{}")]),
            new(HubRole.Assistant, [new HubToolCall("call_2", "f", "not json")]),
            Message(HubRole.System, "hurry"),
            new(HubRole.Tool, [new HubToolResult("call:1", [new HubText("one")])]),
            new(HubRole.Tool, [new HubToolResult("call_2", []) { IsError = true }]),
            Message(HubRole.User, "and?"),
        ]);

        Assert.That(Roles(body), Is.EqualTo("user assistant user"));
        var last = body["messages"]![2]!["content"]!.AsArray();
        Assert.That(last.Select(part => part!["type"]!.GetValue<string>()), Is.EqualTo(new[] { "tool_result", "tool_result", "text", "text" }));
        Assert.That(last[0]!["tool_use_id"]!.GetValue<string>(), Is.EqualTo(body["messages"]![1]!["content"]![0]!["id"]!.GetValue<string>()));
        Assert.That(last[1]!["is_error"]!.GetValue<bool>());
        Assert.That(body["messages"]![1]!["content"]![1]!["input"]!.ToJsonString(), Is.EqualTo("""{"_raw":"not json"}"""));
        Assert.That(body["tool_choice"]!["type"]!.GetValue<string>(), Is.EqualTo("none"), "a client without tools can have none called");
    }

    [Test]
    public void AConversationThatBeginsWithTheModelIsRefusedOrGetsAFirstWord()
    {
        HubMessage[] messages = [Message(HubRole.Assistant, "a"), Message(HubRole.User, "b")];

        Assert.That(Fit("claude-sonnet-4-5", Request(messages), modifies: false).Params, Is.EqualTo(new[] { "messages" }));
        Assert.That(Fit("claude-sonnet-4-5", Request(messages), modifies: true).Params, Is.Empty);
        Assert.That(Roles(WriteMessages("claude-sonnet-4-5", messages)), Is.EqualTo("user assistant user"));
    }

    [Test]
    public void ThoughtsOfOthersAreLeftOutAndAnthropicsGoBack()
    {
        var body = WriteMessages("claude-sonnet-4-5",
        [
            Message(HubRole.User, "a"),
            new(HubRole.Assistant,
            [
                new HubThinking("own") { Signature = new(WireFormat.Anthropic, "s1") },
                new HubThinking("") { IsHidden = true, Signature = new(WireFormat.Anthropic, "s2") },
                new HubThinking("other") { Signature = new(WireFormat.Gemini, "s3") },
                new HubThinking("none"),
                new HubText("b"),
            ]),
            Message(HubRole.User, "c"),
        ]);

        Assert.That(body["messages"]![1]!["content"]!.ToJsonString(), Is.EqualTo(
            """[{"type":"thinking","thinking":"own","signature":"s1"},{"type":"redacted_thinking","data":"s2"},{"type":"text","text":"b"}]"""));
    }

    [Test]
    public void ClaudeOnBedrockGetsTheSameBodyInItsEnvelope()
    {
        var request = Request([Message(HubRole.User, "a")]);
        request.IsStream = true;

        Assert.That(Body("claude-sonnet-4-5", request, "bedrock").ToJsonString(), Is.EqualTo(
            """{"anthropic_version":"bedrock-2023-05-31","max_tokens":4096,"messages":[{"role":"user","content":"a"}]}"""));
        Assert.That(Body("claude-sonnet-4-5", request, "vertex_ai").ToJsonString(), Is.EqualTo(
            """{"anthropic_version":"vertex-2023-10-16","stream":true,"max_tokens":4096,"messages":[{"role":"user","content":"a"}]}"""));
    }

    [Test]
    public void OpenAisWebSearchIsAnthropicsTool()
    {
        var (body, losses) = Write("claude-sonnet-4-5",
            ("web_search_options", """{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"country":"FI","city":"Inari"}}}"""));

        Assert.That(losses.Params, Is.Empty);
        Assert.That(body["tools"]!.ToJsonString(), Is.EqualTo(
            """[{"type":"web_search_20250305","name":"web_search","max_uses":1,"user_location":{"type":"approximate","country":"FI","city":"Inari"}}]"""));
    }

    private static HubMessage Message(HubRole role, string text) => new(role, [new HubText(text)]);

    private static HubRequest Request(IEnumerable<HubMessage> messages)
    {
        var request = new HubRequest();
        request.Messages.AddRange(messages);
        return request;
    }

    private static (string, string)[] Settings(string json) =>
        [.. JsonNode.Parse(json)!.AsObject().Select(static member => (member.Key, member.Value!.ToJsonString()))];

    private static (JsonNode Body, HubLosses Losses) Write(string model, params (string Name, string Json)[] settings) => Write(model, settings, false);

    private static (JsonNode Body, HubLosses Losses) Write(string model, (string Name, string Json)[] settings, bool modifies)
    {
        var request = Request([Message(HubRole.User, "Name a lake.")]);
        foreach (var (name, json) in settings)
            Assert.That(HubClient.ReadSetting(request, name, JsonDocument.Parse(json).RootElement), Is.Null);
        var losses = Fit(model, request, modifies);
        return (Body(model, request), losses);
    }

    private static HubLosses Fit(string model, HubRequest request, bool modifies)
    {
        var losses = new HubLosses();
        Provider.Fit(request, new HubTarget(model, "anthropic") { DefaultMaxTokens = 4096, ModifiesParams = modifies }, losses);
        return losses;
    }

    private static JsonNode WriteMessages(string model, IEnumerable<HubMessage> messages, string provider = "anthropic")
    {
        var request = Request(messages);
        Fit(model, request, modifies: true);
        return Body(model, request, provider);
    }

    private static JsonNode Body(string model, HubRequest request, string provider = "anthropic")
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            Provider.Write(request, new HubTarget(model, provider) { DefaultMaxTokens = 4096 }, json);
        return JsonNode.Parse(Encoding.UTF8.GetString(output.WrittenSpan))!;
    }

    private static string Roles(JsonNode body) =>
        string.Join(' ', body["messages"]!.AsArray().Select(static message => message!["role"]!.GetValue<string>()));
}
