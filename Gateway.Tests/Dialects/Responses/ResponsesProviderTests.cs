using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Gateway.Dialects;
using Gateway.Dialects.Hub;
using Gateway.Dialects.Responses;

namespace Gateway.Tests.Dialects.Responses;

/// <summary>What a provider that speaks Responses is asked for clients of other dialects, and what is read from its answers.</summary>
public sealed class ResponsesProviderTests
{
    private static readonly HubTarget Target = new("gpt-x", "openai") { DefaultMaxTokens = 4096 };

    [Test]
    public void MessagesBecomeItems()
    {
        var request = new HubRequest { MaxTokens = 50, Reasoning = new() { Budget = 2000 } };
        request.Messages.AddRange(
        [
            new(HubRole.System, [new HubText("Be brief.")]),
            new(HubRole.User, [new HubText("What is "), new HubMedia(HubMediaKind.Image) { MediaType = "image/png", Base64 = "QUJD"u8.ToArray() }]),
            new(HubRole.Assistant,
            [
                new HubThinking("Hm.") { Signature = new(WireFormat.Responses, "b3du"), Id = "rs_1" },
                new HubThinking("Foreign.") { Signature = new(WireFormat.Anthropic, "bm90") },
                new HubText("I look."), new HubToolCall("call_1", "look", "{}"),
            ]),
            new(HubRole.Tool, [new HubToolResult("call_1", [new HubText("nothing there")]) { IsError = true }]),
        ]);

        Assert.That(Write(request), Is.EqualTo(JsonNode.Parse("""
            {"model":"gpt-x","input":[{"type":"message","role":"system","content":"Be brief."},
              {"type":"message","role":"user","content":[{"type":"input_text","text":"What is "},
                {"type":"input_image","image_url":"data:image/png;base64,QUJD","detail":"auto"}]},
              {"type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}],"encrypted_content":"b3du"},
              {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]},
              {"type":"function_call","call_id":"call_1","name":"look","arguments":"{}"},
              {"type":"function_call_output","call_id":"call_1","output":"Error: nothing there"}],
             "reasoning":{"effort":"medium"},"max_output_tokens":50,"include":["reasoning.encrypted_content"],"store":false}
            """)!.ToJsonString()));
    }

    [Test]
    public void ModelsThatWereNotAskedToThinkAreNotAskedForSeals()
    {
        var request = new HubRequest { Reasoning = new() { Budget = 0 } };
        request.Messages.Add(new(HubRole.User, [new HubText("x")]));

        Assert.That(Write(request), Is.EqualTo("""{"model":"gpt-x","input":[{"type":"message","role":"user","content":"x"}],"store":false}"""));
    }

    [Test]
    public void ToolsOfAnotherProviderAreALossByName()
    {
        var request = new HubRequest();
        request.Tools.Add(new HubTool("web_search") { Foreign = JsonElement.Parse("""{"type":"web_search_20250305"}"""), ForeignFormat = WireFormat.Anthropic });
        request.Tools.Add(new HubTool("f"));
        request.Use(Feature.ServerTools, "tools[0] (web_search_20250305)");
        var losses = new HubLosses();
        new ResponsesProvider().Fit(request, Target, losses);

        Assert.That(losses.Params, Is.EqualTo(["tools[0] (web_search_20250305)"]));
        Assert.That(request.Tools.Select(tool => tool.Name), Is.EqualTo(["f"]));
    }

    [Test]
    public void ACustomToolOfAChatAndOfAResponseAreTheSame()
    {
        const string Tool = """{"type":"custom","name":"patch","description":"Patches.","format":{"type":"grammar","syntax":"lark","definition":"start: /a/"}}""";
        new ResponsesClient().Read(JsonElement.Parse($$"""{"input":"x","tool_choice":{"type":"custom","name":"patch"},"tools":[{{Tool}}]}"""), out var hub);

        Assert.That(hub.Tools[0].Foreign!.Value.GetRawText(), Is.EqualTo(
            """{"type":"custom","custom":{"name":"patch","description":"Patches.","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: /a/"}}}}"""));
        Assert.That(Write(hub), Does.Contain($"\"tools\":[{Tool}],\"tool_choice\":{{\"type\":\"custom\",\"name\":\"patch\"}}"));
    }

    [Test]
    public void WebSearchOfAChatIsATool()
    {
        var request = new HubRequest
        {
            WebSearchOptions = JsonElement.Parse("""{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"city":"Bern"}}}"""),
        };

        Assert.That(Write(request), Does.Contain("""
            [{"type":"web_search","search_context_size":"low","user_location":{"type":"approximate","city":"Bern"}}]
            """));
    }

    private const string Answer = """
        {"id":"resp_1","object":"response","created_at":1764417600,"status":"completed","error":null,"model":"gpt-x","service_tier":"priority","output":[
          {"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"A"},{"type":"summary_text","text":"B"}],"encrypted_content":"b3du"},
          {"id":"rs_2","type":"reasoning","summary":[],"encrypted_content":"aGlkZGVu"},
          {"id":"ws_1","type":"web_search_call","status":"completed"},
          {"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Yes.","annotations":[{"type":"url_citation","url":"https://a.example"}],
             "logprobs":[{"token":"Yes","logprob":-0.1,"bytes":[89],"top_logprobs":[]}]}]},
          {"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":"{\"a\":1}"}],
         "usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":8,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":18}}
        """;

    [Test]
    public void AWholeAnswerIsRead()
    {
        var answer = ReadAnswer(Answer)!;
        var choice = answer.Choices.Single();

        Assert.That(choice.Parts[0], Is.EqualTo(new HubThinking("A\n\nB") { Id = "rs_1", Signature = new(WireFormat.Responses, "b3du") }));
        Assert.That(choice.Parts[1], Is.EqualTo(new HubThinking("") { Id = "rs_2", Signature = new(WireFormat.Responses, "aGlkZGVu"), IsHidden = true }));
        Assert.That(choice.Parts[2], Is.TypeOf<HubForeignPart>());
        var text = (HubText)choice.Parts[3];
        Assert.That((text.Text, text.CitationFormat, text.Citations?.GetArrayLength()), Is.EqualTo(("Yes.", WireFormat.OpenAi, 1)));
        Assert.That(choice.Parts[4], Is.EqualTo(new HubToolCall("call_1", "f", "{\"a\":1}")));
        Assert.That(choice.Logprobs!.Value.GetProperty("content")[0].GetProperty("token").GetString(), Is.EqualTo("Yes"));
        Assert.That((choice.Finish, answer.Id, answer.Service, answer.CreatedAt), Is.EqualTo(
            (HubFinish.ToolCalls, "resp_1", ServiceTier.Priority, DateTimeOffset.FromUnixTimeSeconds(1764417600))));
        Assert.That(answer.Usage, Is.EqualTo(new Usage { Input = 6, CachedRead = 4, Output = 5, Reasoning = 3 }));
        Assert.That(answer.RawUsage, Does.StartWith("{\"input_tokens\":10"));
    }

    [TestCase("max_output_tokens", HubFinish.Length)]
    [TestCase("content_filter", HubFinish.ContentFilter)]
    [TestCase("something_new", HubFinish.Length)]
    public void AnAnswerThatIsNotWholeNeverLooksSo(string reason, HubFinish finish)
    {
        var response = $$"""{"id":"r","status":"incomplete","incomplete_details":{"reason":"{{reason}}"},"output":[]}""";

        Assert.That(ReadAnswer(response)!.Choices[0].Finish, Is.EqualTo(finish));
        Assert.That(ReadStream($$"""data: {"type":"response.incomplete","response":{{response}}}""" + "\n\n").Steps[0].Finish, Is.EqualTo(finish));
    }

    [TestCase("""{"status":"failed","output":[],"error":{"code":"server_error","message":"no"}}""")]
    [TestCase("""{"status":"queued","output":[]}""")]
    [TestCase("""{"error":{"message":"no"}}""")]
    [TestCase("[]")]
    [TestCase("{")]
    public void WhatIsNoAnswerIsNone(string body) => Assert.That(ReadAnswer(body), Is.Null);

    private const string Stream = """
        event: response.created
        data: {"type":"response.created","response":{"id":"resp_1"}}

        event: response.output_item.added
        data: {"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}

        data: {"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0}

        data: {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"A"}

        data: {"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":1}

        data: {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"B"}

        data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"text":"A"},{"text":"B"}],"encrypted_content":"b3du"}}

        data: {"type":"response.output_item.done","output_index":1,"item":{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"aGlkZGVu"}}

        data: {"type":"response.output_text.delta","output_index":2,"content_index":0,"delta":"Yes","logprobs":[]}

        data: {"type":"response.output_item.done","output_index":2,"item":{"type":"message","content":[{"type":"output_text","text":"Yes"}]}}

        data: {"type":"response.output_item.added","output_index":3,"item":{"type":"function_call","call_id":"call_1","name":"f","arguments":""}}

        data: {"type":"response.function_call_arguments.delta","output_index":3,"delta":"{\"a\":"}

        data: {"type":"response.function_call_arguments.delta","output_index":3,"delta":"1}"}

        data: {"type":"response.function_call_arguments.done","output_index":3,"arguments":"{\"a\":1}"}

        data: {"type":"response.output_item.done","output_index":3,"item":{"type":"function_call","call_id":"call_1","name":"f","arguments":"{\"a\":1}"}}

        data: {"type":"response.output_item.done","output_index":4,"item":{"type":"custom_tool_call","call_id":"call_2","name":"p","input":"whole"}}

        data: {"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}}


        """;

    [Test]
    public void AStreamIsReadHoweverItIsCut([Values(1, 2, 3, 7, 4096)] int size)
    {
        var (steps, isMalformed) = ReadStream(Stream, size);

        Assert.That(isMalformed, Is.False);
        Assert.That(steps.Select(step => $"{step.Kind} {step.Text}{step.Id}{step.Signature?.Value}".Trim()), Is.EqualTo(
        [
            "Start resp_1", "Thinking A", "Thinking \n\n".Trim(), "Thinking B", "Signature rs_1b3du", "ThinkingEnd", "HiddenThinking rs_2aGlkZGVu",
            "Text Yes", "ToolCall call_1", "ToolArguments {\"a\":", "ToolArguments 1}", "ToolCall call_2", "ToolArguments whole",
            "Finish", "Usage", "End",
        ]));
        Assert.That(steps.Where(step => step.Kind == HubEventKind.ToolCall).Select(step => (step.Call, step.Name, step.IsCustom)), Is.EqualTo([(0, "f", false), (1, "p", true)]));
        Assert.That(steps.Single(step => step.Kind == HubEventKind.Finish).Finish, Is.EqualTo(HubFinish.ToolCalls));
    }

    [Test]
    public void ACutStreamHasNoEnd()
    {
        var end = Stream.IndexOf("data: {\"type\":\"response.completed\"", StringComparison.Ordinal);
        foreach (var cut in Enumerable.Range(0, end + 40))
            Assert.That(ReadStream(Stream[..cut]).Steps.Select(step => step.Kind), Has.None.EqualTo(HubEventKind.End).And.None.EqualTo(HubEventKind.Finish));
    }

    [TestCase("""{"type":"error","code":"server_error","message":"no"}""")]
    [TestCase("""{"type":"response.failed","response":{"error":{"code":"server_error","message":"no"}}}""")]
    [TestCase("""{"error":{"message":"no"}}""")]
    public void AFailureIsAnError(string data)
    {
        var step = ReadStream($"data: {data}\n\n").Steps.Single();

        Assert.That((step.Kind, step.Json!.Value.GetProperty("message").GetString()), Is.EqualTo((HubEventKind.Error, "no")));
    }

    [Test]
    public void WhatAStreamSaysIsWhatAClientOfTheSameDialectIsTold()
    {
        new ResponsesClient().Read(JsonElement.Parse("""{"input":"x","reasoning":{"summary":"auto"}}"""), out var request);
        var writer = new ResponsesClient().OpenStream(new HubShown("m") { RandomId = "R", Now = DateTimeOffset.UnixEpoch, Request = request });
        var output = new ArrayBufferWriter<byte>();
        var said = ReadStream(Stream).Steps;
        foreach (var step in said.Where(step => step.Kind != HubEventKind.End))
            writer.Write(step, output);
        writer.End(output);
        var heard = ReadStream(Encoding.UTF8.GetString(output.WrittenSpan)).Steps;

        Assert.That(Tell(heard), Is.EqualTo(Tell(said)));
    }

    private static string Tell(List<HubEvent> steps) => string.Concat(
        steps.Where(step => step.Kind is not (HubEventKind.Start or HubEventKind.ThinkingEnd) && step.Text != "\n\n")
            .Select(step => $"{step.Kind} {step.Call} {step.Text}{step.Name}{step.Signature?.Value}{step.Usage?.Total}\n"));

    [Test]
    public void NothingThatAProviderSendsMakesAReaderThrow() =>
        Gen.Select(Gen.OneOf(Gen.Const(Answer), Gen.Const(Stream)), Gen.Int[0, 2000], Gen.Byte.Array[0, 12], Gen.Int[0, 12])
            .Sample((text, at, noise, removed) =>
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                at %= bytes.Length;
                byte[] mutated = [.. bytes.AsSpan(0, at), .. noise, .. bytes.AsSpan(Math.Min(bytes.Length, at + removed))];
                new ResponsesProvider().ReadAnswer(mutated);
                ReadStream(mutated, 4096);
                new ResponsesDialect().TryReadAnswer(mutated, out _);
                var translator = new ResponsesDialect().Translate(new StreamOptions("m", false, null));
                translator.Translate(mutated, true, new ArrayBufferWriter<byte>());
            }, iter: 3000);

    [Test]
    public void NothingThatAClientSendsMakesTheReaderThrow() => JsonGen.Value().Sample(json =>
    {
        foreach (var body in new[]
        {
            $$"""{"input":{{json}}}""", $$"""{"input":[{{json}}],"tools":{{json}},"tool_choice":{{json}}}""", $$"""{"input":[{"type":"message","role":"user","content":[{{json}}]}]}""",
            $$"""{"input":"x","text":{{json}},"reasoning":{{json}},"include":{{json}}}""", $$"""{"input":[{"type":"reasoning","summary":{{json}},"content":[{{json}}]}]}""",
        })
        {
            if (HubJson.TryParse(body) is { } parsed && new ResponsesClient().Read(parsed, out var hub) is null)
                Write(hub);
        }
    }, iter: 1000);

    private static string Write(HubRequest request)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            new ResponsesProvider().Write(request, Target, json);
        return JsonNode.Parse(output.WrittenSpan)!.ToJsonString(new JsonSerializerOptions
        {
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });
    }

    private static HubAnswer? ReadAnswer(string body) => new ResponsesProvider().ReadAnswer(Encoding.UTF8.GetBytes(body));

    private static (List<HubEvent> Steps, bool IsMalformed) ReadStream(string stream, int size = int.MaxValue) => ReadStream(Encoding.UTF8.GetBytes(stream), size);

    private static (List<HubEvent> Steps, bool IsMalformed) ReadStream(byte[] bytes, int size)
    {
        var reader = new ResponsesProvider().OpenStream();
        var steps = new List<HubEvent>();
        var (start, end) = (0, 0);
        do
        {
            end = size > bytes.Length ? bytes.Length : Math.Min(bytes.Length, end + size);
            start += reader.Read(bytes.AsSpan(start..end), end == bytes.Length, steps);
        }
        while (end < bytes.Length);
        return (steps, reader.IsMalformed);
    }
}
