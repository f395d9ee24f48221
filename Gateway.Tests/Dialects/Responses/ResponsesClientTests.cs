using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Hub;
using Gateway.Dialects.Responses;

namespace Gateway.Tests.Dialects.Responses;

/// <summary>What clients that speak Responses ask for, and what they are answered where the provider speaks something else.</summary>
public sealed class ResponsesClientTests
{
    /// <summary>As codex asks: of our own making, in the form that was observed.</summary>
    private const string Codex = """
        {"model":"m","instructions":"You help with code.","stream":true,"store":false,"include":["reasoning.encrypted_content"],
         "parallel_tool_calls":false,"prompt_cache_key":"0199-thread","client_metadata":{"installation":"i"},"reasoning":{"effort":"high","summary":"auto"},
         "text":{"verbosity":"low"},"tool_choice":"auto",
         "input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"Sandbox: read-only."}]},
          {"type":"message","role":"developer","content":[{"type":"input_text","text":"Be terse."}]},
          {"type":"message","role":"user","content":[{"type":"input_text","text":"List the files."}]},
          {"type":"reasoning","summary":[{"type":"summary_text","text":"Look first."}],"content":null,"encrypted_content":"gw:2:c2VhbA=="},
          {"type":"function_call","name":"list","namespace":"files","arguments":"{\"path\":\".\"}","call_id":"call_1"},
          {"type":"function_call_output","call_id":"call_1","output":"a.txt"}],
         "tools":[{"type":"function","name":"shell","description":"Runs.","strict":false,"parameters":{"type":"object","properties":{}}},
          {"type":"namespace","name":"files","description":"About files.","tools":[
            {"type":"function","name":"list","description":"Lists.","parameters":{"type":"object"}},
            {"type":"function","name":"read","parameters":{"type":"object"},"defer_loading":true}]},
          {"type":"web_search","external_web_access":true}]}
        """;

    [Test]
    public void ARequestOfCodexIsReadWhole()
    {
        var hub = Read(Codex);

        Assert.That(hub.Messages.Select(message => (message.Role, message.IsDeveloper, message.Parts.Count)), Is.EqualTo(
        [
            (HubRole.System, false, 1), (HubRole.System, true, 1), (HubRole.System, true, 1), (HubRole.User, false, 1),
            (HubRole.Assistant, false, 2), (HubRole.Tool, false, 1),
        ]));
        Assert.That(hub.Messages[4].Parts[0], Is.EqualTo(new HubThinking("Look first.") { Signature = new(WireFormat.Anthropic, "c2VhbA==") }));
        Assert.That(hub.Messages[4].Parts[1], Is.EqualTo(new HubToolCall("call_1", "files__list", """{"path":"."}""")));
        Assert.That(((HubToolResult)hub.Messages[5].Parts[0]).Name, Is.EqualTo("files__list"));
        Assert.That(hub.Tools.Select(tool => tool.Name), Is.EqualTo(["shell", "files__list", "files__read", "web_search"]));
        Assert.That(hub.Tools[1].Description, Is.EqualTo("Lists.\n\nTools named files__…: About files."));
        Assert.That((hub.IsStream, hub.ParallelToolCalls, hub.PromptCacheKey, hub.Verbosity), Is.EqualTo((true, false, "0199-thread", "low")));
        Assert.That(hub.Reasoning, Is.EqualTo(new HubReasoning { Effort = "high", Summary = "auto" }));
        Assert.That(hub.Extras, Is.Empty);
        Assert.That(hub.Uses.Where(use => use.Feature is Feature.ServerTools or Feature.Unknown or Feature.Store),
            Is.EqualTo([new FeatureUse(Feature.ServerTools, "tools[3] (web_search)")]));
    }

    [TestCase("\"seed\":7", Feature.Seed, "seed")]
    [TestCase("\"max_output_tokens\":7", Feature.MaxTokens, "max_output_tokens")]
    [TestCase("\"text\":{\"format\":{\"type\":\"json_object\"}}", Feature.JsonObject, "text.format")]
    [TestCase("\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{}}}", Feature.JsonSchema, "text.format")]
    [TestCase("\"text\":{\"new\":1}", Feature.Unknown, "text.new")]
    [TestCase("\"reasoning\":{\"effort\":\"low\"}", Feature.ReasoningEffort, "reasoning.effort")]
    [TestCase("\"reasoning\":{\"new\":1}", Feature.Unknown, "reasoning.new")]
    [TestCase("\"include\":[\"message.output_text.logprobs\"]", Feature.Logprobs, "include")]
    [TestCase("\"include\":[\"file_search_call.results\"]", Feature.ServerTools, "include (file_search_call.results)")]
    [TestCase("\"truncation\":\"auto\"", Feature.Truncation, "truncation")]
    [TestCase("\"max_tool_calls\":3", Feature.ServerTools, "max_tool_calls")]
    [TestCase("\"conversation\":\"conv_1\"", Feature.StoredConversation, "conversation")]
    [TestCase("\"previous_response_id\":\"resp_1\"", Feature.StoredConversation, "previous_response_id")]
    [TestCase("\"prompt\":{\"id\":\"pmpt_1\"}", Feature.StoredConversation, "prompt")]
    [TestCase("\"metadata\":{\"a\":\"b\"}", Feature.Metadata, "metadata")]
    [TestCase("\"safety_identifier\":\"s\"", Feature.EndUser, "safety_identifier")]
    [TestCase("\"max_tokens\":7", Feature.Unknown, "max_tokens")]
    [TestCase("\"extra_body\":{\"new\":1}", Feature.Unknown, "new")]
    [TestCase("\"tool_choice\":{\"type\":\"web_search\"}", Feature.ServerTools, "tool_choice")]
    [TestCase("\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]}", Feature.ToolChoiceAllowed, "tool_choice")]
    [TestCase("\"tools\":[{\"type\":\"custom\",\"name\":\"patch\"}]", Feature.CustomTools, "tools[0] (custom)")]
    public void EachUseIsNotedByTheClientsName(string member, Feature feature, string param) =>
        Assert.That(Read($$"""{"input":"x",{{member}}}""").Uses, Does.Contain(new FeatureUse(feature, param)));

    [TestCase("\"store\":true")]
    [TestCase("\"store\":false")]
    [TestCase("\"truncation\":\"disabled\"")]
    [TestCase("\"background\":false")]
    [TestCase("\"include\":[\"reasoning.encrypted_content\"]")]
    [TestCase("\"stream_options\":{\"include_obfuscation\":false}")]
    [TestCase("\"metadata\":null,\"temperature\":null,\"previous_response_id\":null")]
    [TestCase("\"num_retries\":2,\"tags\":[\"a\"],\"api_key\":\"k\"", Description = "for the gateway")]
    public void WhatChangesNoAnswerIsNoUse(string member) => Assert.That(Read($$"""{"input":"x",{{member}}}""").Uses, Is.Empty);

    [TestCase("{}", "input")]
    [TestCase("""{"input":7}""", "input")]
    [TestCase("""{"input":"x","background":true}""", "background")]
    [TestCase("""{"input":"x","temperature":"warm"}""", "temperature")]
    [TestCase("""{"input":"x","tools":[{"name":"f"}]}""", "tools")]
    [TestCase("""{"input":"x","tool_choice":7}""", "tool_choice")]
    [TestCase("""{"input":"x","reasoning":"high"}""", "reasoning")]
    [TestCase("""{"input":[{"role":"user","content":"x"},{"type":"item_reference"}]}""", "input[1]")]
    [TestCase("""{"input":[{"role":"critic","content":"x"}]}""", "input[0].role")]
    [TestCase("""{"input":[{"type":"function_call","name":"f"}]}""", "input[0]")]
    [TestCase("""{"input":[{"type":"function_call_output","call_id":"c","output":7}]}""", "input[0].output")]
    public void WhatCannotBeReadIsRefusedByName(string body, string param)
    {
        var error = new ResponsesClient().Read(JsonElement.Parse(body), out _)!;

        Assert.That((error.Status, error.Param), Is.EqualTo((400, param)));
    }

    [Test]
    public void MediaAreReadAsTheyAreGiven()
    {
        var hub = Read("""
            {"input":[{"role":"user","content":[
              {"type":"input_image","image_url":"data:image\/png;base64,QU\u004aD","detail":"high"},{"type":"input_image","image_url":"https://a.example/b.png"},
              {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,UERG"},{"type":"input_file","file_id":"file_1"},
              {"type":"input_file","file_url":"https://a.example/c.pdf"},{"type":"input_audio","input_audio":{"data":"TVAz","format":"mp3"}}]}]}
            """);
        var media = hub.Messages[0].Parts.Cast<HubMedia>().ToList();

        Assert.That(media.Select(medium => (medium.Kind, medium.MediaType, Encoding.UTF8.GetString(medium.Base64.Span), medium.Url ?? medium.FileId)), Is.EqualTo(
        [
            (HubMediaKind.Image, "image/png", "QUJD", null), (HubMediaKind.Image, null, "", "https://a.example/b.png"),
            (HubMediaKind.Document, "application/pdf", "UERG", null), (HubMediaKind.Document, null, "", "file_1"),
            (HubMediaKind.Document, null, "", "https://a.example/c.pdf"), (HubMediaKind.Audio, "audio/mpeg", "TVAz", (string?)null),
        ]));
        Assert.That(hub.Uses.Select(use => use.Feature), Is.EquivalentTo(
            (Feature[])[Feature.Images, Feature.ImageDetail, Feature.ImageUrls, Feature.Documents, Feature.FileIds, Feature.DocumentUrls, Feature.AudioInput]));
    }

    [Test]
    public void ANameOfANamespaceStaysTheSameAndFits()
    {
        var space = new string('s', 40);
        var tools = Enumerable.Range(0, 20).Select(i => $$"""{"type":"function","name":"{{new string('t', 30)}}{{i}}"}""");
        var body = $$"""{"input":"x","tools":[{"type":"namespace","name":"{{space}}","description":"","tools":[{{string.Join(",", tools)}}]}]}""";
        var names = Read(body).Tools.Select(tool => tool.Name).ToList();

        Assert.That(names, Is.Unique);
        Assert.That(names, Has.All.Length.LessThanOrEqualTo(64));
        Assert.That(Read(body).Tools.Select(tool => tool.Name), Is.EqualTo(names));
    }

    [Test]
    public void AWholeAnswerRepeatsTheRequestAndNamesToolsAsTheClientDoes()
    {
        var answer = new HubAnswer { Usage = new Usage { Input = 10, CachedRead = 4, Output = 6, Reasoning = 2 } };
        answer.Choices.Add(new HubChoice { Finish = HubFinish.ToolCalls });
        answer.Choices[0].Parts.AddRange(
            [new HubThinking("Hm.") { Signature = new(WireFormat.Anthropic, "c2VhbA==") }, new HubText("I "), new HubText("look."), new HubToolCall("call_2", "files__read", "{}")]);
        var json = Write(Codex, answer);

        Assert.That(json["output"]!.AsArray().Select(item => (string?)item!["type"]), Is.EqualTo(["reasoning", "message", "function_call"]));
        Assert.That((string?)json["output"]![0]!["summary"]![0]!["text"], Is.EqualTo("Hm."));
        Assert.That((string?)json["output"]![0]!["encrypted_content"], Is.EqualTo("gw:2:c2VhbA=="));
        Assert.That((string?)json["output"]![1]!["content"]![0]!["text"], Is.EqualTo("I look."));
        Assert.That(((string?)json["output"]![2]!["namespace"], (string?)json["output"]![2]!["name"], (string?)json["output"]![2]!["call_id"]), Is.EqualTo(("files", "read", "call_2")));
        Assert.That(json["tools"]!.AsArray(), Has.Count.EqualTo(3));
        Assert.That(((string?)json["status"], (string?)json["model"], (string?)json["id"], (bool)json["store"]!), Is.EqualTo(("completed", "mine", "resp_RANDOM", false)));
        Assert.That(json["usage"]!.ToJsonString(), Is.EqualTo(
            """{"input_tokens":14,"input_tokens_details":{"cached_tokens":4},"output_tokens":8,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":22}"""));
    }

    [TestCase(HubFinish.Stop, "completed", null)]
    [TestCase(HubFinish.StopSequence, "completed", null)]
    [TestCase(HubFinish.Length, "incomplete", "max_output_tokens")]
    [TestCase(HubFinish.ContentFilter, "incomplete", "content_filter")]
    [TestCase(HubFinish.Refusal, "incomplete", "content_filter")]
    public void WhyAnAnswerEndedIsSaid(HubFinish finish, string status, string? reason)
    {
        var answer = new HubAnswer();
        answer.Choices.Add(new HubChoice { Finish = finish });
        answer.Choices[0].Parts.Add(new HubText("So"));
        var json = Write("""{"input":"x"}""", answer);

        Assert.That(((string?)json["status"], (string?)json["incomplete_details"]?["reason"], (string?)json["output"]![0]!["status"]), Is.EqualTo((status, reason, status)));
        var events = Stream("""{"input":"x"}""", HubEvent.OfText(0, "So"), HubEvent.OfFinish(0, finish));
        Assert.That((string?)events[^1]["type"], Is.EqualTo($"response.{status}"));
        Assert.That((string?)events[^1]["response"]!["incomplete_details"]?["reason"], Is.EqualTo(reason));
    }

    [Test]
    public void AStreamOpensAndClosesWhatGrows()
    {
        var events = Stream(
            Codex,
            new HubEvent(HubEventKind.Start) { Id = "x" },
            HubEvent.OfThinking(0, "Hm."),
            new HubEvent(HubEventKind.Signature) { Signature = new(WireFormat.Anthropic, "c2VhbA==") },
            new HubEvent(HubEventKind.ThinkingEnd),
            HubEvent.OfText(0, "Two "),
            HubEvent.OfText(0, "calls."),
            HubEvent.OfToolCall(0, 0, "call_1", "shell"),
            HubEvent.OfToolCall(0, 1, "call_2", "files__list"),
            HubEvent.OfArguments(0, 1, "{\"b\":2}"),
            HubEvent.OfArguments(0, 0, "{\"a\":1}"),
            HubEvent.OfFinish(0, HubFinish.ToolCalls),
            new HubEvent(HubEventKind.Usage) { Usage = new Usage { Input = 3, Output = 4 } });

        Assert.That(events.Select(e => ((string)e["type"]!)["response.".Length..]), Is.EqualTo(
        [
            "created", "in_progress",
            "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta", "reasoning_summary_text.done",
            "reasoning_summary_part.done", "output_item.done",
            "output_item.added", "content_part.added", "output_text.delta", "output_text.delta", "output_text.done", "content_part.done",
            "output_item.done",
            "output_item.added", "output_item.added", "function_call_arguments.delta", "function_call_arguments.delta",
            "function_call_arguments.done", "output_item.done", "function_call_arguments.done", "output_item.done",
            "completed",
        ]));
        Assert.That(events.Select(e => (int)e["sequence_number"]!), Is.EqualTo(Enumerable.Range(0, events.Count)));
        var output = events[^1]["response"]!["output"]!.AsArray();
        Assert.That(output.Select(item => (string?)item!["arguments"]), Is.EqualTo([null, null, "{\"a\":1}", "{\"b\":2}"]));
        // What a client puts together from the items that ended is what the last event says.
        var ended = events.Where(e => (string?)e["type"] == "response.output_item.done").OrderBy(e => (int)e["output_index"]!).Select(e => e["item"]!.ToJsonString());
        Assert.That(ended, Is.EqualTo(output.Select(item => item!.ToJsonString())));
        Assert.That((int)events[^1]["response"]!["usage"]!["total_tokens"]!, Is.EqualTo(7));
    }

    [Test]
    public void AThoughtIsShownAsItIsWhereNoSummaryWasAskedFor()
    {
        var events = Stream("""{"input":"x"}""", HubEvent.OfThinking(0, "Hm."), HubEvent.OfText(0, "Yes"), HubEvent.OfFinish(0, HubFinish.Stop));

        Assert.That(events.Select(e => (string?)e["type"]), Does.Contain("response.reasoning_text.delta"));
        Assert.That(events[^1]["response"]!["output"]![0]!["content"]!.ToJsonString(), Is.EqualTo("""[{"type":"reasoning_text","text":"Hm."}]"""));
    }

    [Test]
    public void APictureThatTheModelMadeIsAnItem()
    {
        var image = new HubMedia(HubMediaKind.Image) { MediaType = "image/png", Base64 = "QUJD"u8.ToArray() };
        var answer = new HubAnswer();
        answer.Choices.Add(new HubChoice { Finish = HubFinish.Stop });
        answer.Choices[0].Parts.Add(image);
        var whole = Write("""{"input":"x"}""", answer)["output"]![0]!;
        var streamed = Stream("""{"input":"x"}""", new HubEvent(HubEventKind.Media) { Media = image }, HubEvent.OfFinish(0, HubFinish.Stop));

        Assert.That(whole.ToJsonString(), Is.EqualTo("""{"id":"ig_RANDOM00","type":"image_generation_call","status":"completed","result":"QUJD"}"""));
        Assert.That(streamed[^1]["response"]!["output"]![0]!.ToJsonString(), Is.EqualTo(whole.ToJsonString()));
    }

    [Test]
    public void SealsOfThoughtsAndCallsComeBackAsTheyWere()
    {
        HubPart[] parts =
        [
            new HubThinking("") { Signature = new(WireFormat.Anthropic, "aGlkZGVu"), IsHidden = true },
            new HubThinking("") { Signature = new(WireFormat.Anthropic, "bGVmdCBvdXQ=") },
            new HubThinking("Seen.") { Signature = new(WireFormat.Responses, "b3du") },
            new HubToolCall("c:1", "f", "{}") { Signature = new(WireFormat.Gemini, "Z2VtaW5p") },
        ];
        var answer = new HubAnswer();
        answer.Choices.Add(new HubChoice { Finish = HubFinish.ToolCalls });
        answer.Choices[0].Parts.AddRange(parts);
        var items = Write("""{"input":"x"}""", answer)["output"]!.AsArray();
        foreach (var item in items)
            item!.AsObject().Remove("id"); // as codex does

        Assert.That(Read($$"""{"input":{{items.ToJsonString()}}}""").Messages.Single().Parts, Is.EqualTo(parts));
    }

    private static HubRequest Read(string body)
    {
        Assert.That(new ResponsesClient().Read(JsonElement.Parse(body), out var hub), Is.Null);
        return hub;
    }

    private static HubShown Shown(string body) => new("mine")
    {
        RandomId = "RANDOM",
        Now = DateTimeOffset.UnixEpoch.AddYears(56),
        Request = Read(body),
        Body = JsonElement.Parse(body),
    };

    private static JsonNode Write(string body, HubAnswer answer)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            new ResponsesClient().WriteAnswer(answer, Shown(body), json);
        return JsonNode.Parse(output.WrittenSpan)!;
    }

    private static List<JsonNode> Stream(string body, params ReadOnlySpan<HubEvent> steps)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ResponsesClient().OpenStream(Shown(body));
        foreach (var step in steps)
            writer.Write(step, output);
        writer.End(output);
        var events = Encoding.UTF8.GetString(output.WrittenSpan).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.That(events.Select(e => e.Split('\n')[0]["event: ".Length..]), Is.EqualTo(events.Select(e => (string?)JsonNode.Parse(e.Split('\n')[1][6..])!["type"])));
        return [.. events.Select(e => JsonNode.Parse(e.Split('\n')[1][6..])!)];
    }
}
