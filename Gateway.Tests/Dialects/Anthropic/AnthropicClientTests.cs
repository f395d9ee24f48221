using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Dialects.Anthropic;

/// <summary>What Anthropic's clients are told of answers that other dialects give, and send back of them.</summary>
public sealed class AnthropicClientTests
{
    private static readonly HubClient Client = HubDialects.ClientOf("anthropic");

    private static readonly HubShown Shown = new("shown")
    {
        RandomId = "0123456789abcdef01234567",
        Now = DateTimeOffset.UnixEpoch,
        Request = new HubRequest(),
    };

    private static readonly HubToolCall SealedCall = new("c1", "f", """{"a":1}""") { Signature = new(WireFormat.Gemini, "seal") };

    [Test]
    public void ASealThatHasNoPlaceHereFindsItsWayBackToItsCall()
    {
        var answer = Answer(SealedCall, new HubToolCall("c2", "g", "{}"));

        var back = Read($$"""{"messages":[{"role":"assistant","content":{{answer["content"]!.ToJsonString()}}}]}""");

        Assert.That(back.Messages[0].Parts, Has.Count.EqualTo(2));
        Assert.That(back.Messages[0].Parts[0], Is.EqualTo(SealedCall));
        Assert.That(((HubToolCall)back.Messages[0].Parts[1]).Signature, Is.Null);
        Assert.That(back.Uses.Select(static use => use.Feature), Does.Not.Contain(Feature.ThinkingHistory));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void TheSameIsStreamedWhetherTheSealComesWithTheCallOrBehindIt(bool isBehind)
    {
        var call = HubEvent.OfToolCall(0, 0, "c1", "f") with { Signature = isBehind ? null : SealedCall.Signature };
        var seal = new HubEvent(HubEventKind.CallSignature) { Call = 0, Signature = SealedCall.Signature };
        HubEvent[] steps =
            [call, .. isBehind ? new[] { seal } : [], HubEvent.OfArguments(0, 0, "{}"), HubEvent.OfFinish(0, HubFinish.ToolCalls)];

        var events = Stream(steps);

        Assert.That(events.Select(TypeOf), Is.EqualTo(new[]
        {
            "message_start", "content_block_start redacted_thinking", "content_block_stop", "content_block_start tool_use",
            "content_block_delta", "content_block_stop", "message_delta", "message_stop",
        }));
        Assert.That(events[1]["content_block"]!["data"]!.GetValue<string>(), Is.EqualTo("gw:3:seal"));
    }

    [Test]
    public void ArgumentsOfMixedCallsKeepTheIndexOfTheirBlock()
    {
        var events = Stream(
            HubEvent.OfToolCall(0, 0, "c1", "f"), HubEvent.OfToolCall(0, 1, "c2", "g"),
            HubEvent.OfArguments(0, 0, "{}"), HubEvent.OfArguments(0, 1, "[]"));

        var deltas = events.Where(static e => e["type"]!.GetValue<string>() == "content_block_delta")
            .Select(static e => $"{e["index"]} {e["delta"]!["partial_json"]}");
        Assert.That(deltas, Is.EqualTo(new[] { "0 {}", "1 []" }));
    }

    [Test]
    public void AnAnswerOfNothingIsStillAMessage() => Assert.That(
        Stream().Select(TypeOf), Is.EqualTo(new[] { "message_start", "message_delta", "message_stop" }));

    [Test]
    public void LinksOfOtherDialectsAreCitationsAndAreNotHeldAgainstTheClientLater()
    {
        var links = JsonDocument.Parse("""[{"type":"url_citation","url_citation":{"url":"https://a.example","title":"A"}},{"type":"file_citation","file_id":"f"}]""");
        var answer = Answer(new HubText("Inari") { Citations = links.RootElement, CitationFormat = WireFormat.OpenAi });

        Assert.That(answer["content"]![0]!["citations"]!.ToJsonString(), Is.EqualTo(
            """[{"type":"web_search_result_location","url":"https://a.example","title":"A","cited_text":"","encrypted_index":""}]"""));
        var back = Read($$"""{"messages":[{"role":"assistant","content":{{answer["content"]!.ToJsonString()}}}]}""");
        Assert.That(back.Uses.Select(static use => use.Feature), Does.Not.Contain(Feature.Citations));
    }

    [Test]
    public void ARefusalIsTextThatStopsAsOne()
    {
        var answer = Answer(new HubRefusal("I will not."));

        Assert.That(answer["content"]![0]!["text"]!.GetValue<string>(), Is.EqualTo("I will not."));
        Assert.That(answer["stop_reason"]!.GetValue<string>(), Is.EqualTo("refusal"));
    }

    [TestCase("""{}""", "messages")]
    [TestCase("""{"messages":[{"role":"tool","content":"x"}]}""", "messages[0].role")]
    [TestCase("""{"messages":[{"role":"user","content":"x"},{"role":"user"}]}""", "messages[1].content")]
    [TestCase("""{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64"}}]}]}""", "messages[0].content")]
    [TestCase("""{"messages":[],"system":3}""", "system")]
    [TestCase("""{"messages":[],"tools":[{"input_schema":{}}]}""", "tools")]
    [TestCase("""{"messages":[],"tool_choice":{"type":"tool"}}""", "tool_choice")]
    [TestCase("""{"messages":[],"thinking":{"type":"enabled"}}""", "thinking")]
    [TestCase("""{"messages":[],"temperature":"hot"}""", "temperature")]
    [TestCase("""{"messages":[],"stop_sequences":"END"}""", "stop_sequences")]
    [TestCase("""{"messages":[],"output_config":{"format":{"type":"text"}}}""", "output_config")]
    public void WhatIsWrongIsNamed(string body, string param)
    {
        var error = Client.Read(JsonDocument.Parse(body).RootElement, out _);

        Assert.That(error?.Status, Is.EqualTo(400));
        Assert.That(error?.Param, Is.EqualTo(param));
    }

    [Test]
    public void WhatTheGatewayReadsForItselfIsNoParameterOfTheProviders()
    {
        var request = Read("""{"messages":[{"role":"user","content":"x"}],"num_retries":2,"tags":["a"],"metadata":{"tags":["b"],"user_id":"u"}}""");

        Assert.That(request.Extras, Is.Empty);
        Assert.That(request.EndUser, Is.EqualTo("u"));
    }

    private static string TypeOf(JsonNode e) => $"{e["type"]} {e["content_block"]?["type"]}".TrimEnd();

    private static HubRequest Read(string body)
    {
        Assert.That(Client.Read(JsonDocument.Parse(body).RootElement, out var request), Is.Null);
        return request;
    }

    private static JsonNode Answer(params HubPart[] parts)
    {
        var choice = new HubChoice();
        choice.Parts.AddRange(parts);
        var answer = new HubAnswer();
        answer.Choices.Add(choice);
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            Client.WriteAnswer(answer, Shown, json);
        return JsonNode.Parse(Encoding.UTF8.GetString(output.WrittenSpan))!;
    }

    private static JsonNode[] Stream(params HubEvent[] steps)
    {
        var writer = Client.OpenStream(Shown);
        var output = new ArrayBufferWriter<byte>();
        foreach (var step in steps)
            writer.Write(step, output);
        writer.End(output);
        return [.. Encoding.UTF8.GetString(output.WrittenSpan).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(static e => JsonNode.Parse(e[(e.IndexOf("data: ", StringComparison.Ordinal) + 6)..])!)];
    }
}
