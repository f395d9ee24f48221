using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Anthropic;

namespace Gateway.Tests.Dialects.Anthropic;

/// <summary>Anthropic's bodies and streams where both sides speak them: what passes, and what is learned on the way.</summary>
public sealed class AnthropicDialectTests
{
    private const string Stream =
        """
        event: message_start
        data: {"type":"message_start","message":{"model":"claude-sonnet-4-5","id":"msg_1","usage":{"input_tokens":20,"cache_read_input_tokens":300,"cache_creation_input_tokens":70,"cache_creation":{"ephemeral_1h_input_tokens":50},"output_tokens":1,"service_tier":"priority"}}}

        event: ping
        data: {"type": "ping"}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"The model \"claude\" says: Inari"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":30,"output_tokens_details":{"thinking_tokens":12},"server_tool_use":{"web_search_requests":2}}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    private static readonly AnthropicDialect Dialect = new();

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(7)]
    [TestCase(4096)]
    public void AStreamPassesUnderTheNameThatTheClientKnowsHoweverItIsCut(int size)
    {
        var (output, translator) = Run(Stream, size);

        Assert.That(output, Is.EqualTo(Stream.Replace("\"model\":\"claude-sonnet-4-5\"", "\"model\":\"my-model\"")));
        Assert.That(translator.IsComplete);
        Assert.That(translator.Usage, Is.EqualTo(
            new Usage { Input = 20, CachedRead = 300, CacheWrite = 20, CacheWriteHour = 50, Output = 18, Reasoning = 12 }));
        Assert.That(translator.Service, Is.EqualTo(ServiceTier.Priority));
        Assert.That(translator.Bill?.Searches, Is.EqualTo(2));
    }

    [Test]
    public void TheUsageThatIsKeptHoldsWhatBothEventsSaid()
    {
        var usage = JsonNode.Parse(Run(Stream, 4096).Translator.RawUsage!)!;

        Assert.That(usage["input_tokens"]!.GetValue<int>(), Is.EqualTo(20));
        Assert.That(usage["output_tokens"]!.GetValue<int>(), Is.EqualTo(30));
        Assert.That(usage["service_tier"]!.GetValue<string>(), Is.EqualTo("priority"));
    }

    [Test]
    public void AStreamThatIsCutKnowsItsPromptAndLeavesTheOutputToBeEstimated()
    {
        var cut = Stream[..Stream.IndexOf("event: message_delta", StringComparison.Ordinal)];
        var (_, translator) = Run(cut, 4096);

        Assert.That(translator.Usage, Is.EqualTo(new Usage { Input = 20, CachedRead = 300, CacheWrite = 20, CacheWriteHour = 50 }));
        Assert.That(translator.OutputBytes, Is.GreaterThan(20));
        Assert.That(translator.IsComplete, Is.False);
    }

    [Test]
    public void AStreamIsWholeOnlyBehindItsReasonToStop()
    {
        var finished = Stream.IndexOf("\"stop_reason\":\"end_turn\"", StringComparison.Ordinal);
        for (var length = 0; length < Stream.Length; length++)
        {
            if (Run(Stream[..length], int.MaxValue).Translator.IsComplete)
                Assert.That(length, Is.GreaterThan(finished));
        }
    }

    [Test]
    public void AnErrorEventIsKeptBackWithAllThatFollows()
    {
        const string Error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
        var start = Stream[..Stream.IndexOf("event: content_block_stop", StringComparison.Ordinal)];
        var (output, translator) = Run(start + Error + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", 4096);

        Assert.That(Encoding.UTF8.GetString(translator.ErrorEvent!), Does.Contain("overloaded_error"));
        Assert.That(output, Does.Not.Contain("overloaded_error").And.Not.Contain("message_stop"));
        Assert.That(translator.IsComplete, Is.False);
    }

    [Test]
    public void ATextThatNamesAModelIsLeftAlone()
    {
        const string Event = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":"
            + "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"model\":\"x\"}}}\n\n";

        Assert.That(Run(Event, 4096).Output, Is.EqualTo(Event));
    }

    [Test]
    public void AnAnswerTellsItsModelItsUsageAndItsText()
    {
        var json = """{"id":"msg_1","type":"message","model":"claude-opus-4-6","content":[{"type":"thinking","thinking":"12345","signature":"s"},{"type":"text","text":"1234567890"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"usage":{"input_tokens":7,"output_tokens":9}}"""u8;

        Assert.That(Dialect.TryReadAnswer(json, out var facts));
        Assert.That(Encoding.UTF8.GetString(json.Slice(facts.ModelStart, facts.ModelLength)), Is.EqualTo("\"claude-opus-4-6\""));
        Assert.That(Encoding.UTF8.GetString(json[facts.RawUsage]), Is.EqualTo("""{"input_tokens":7,"output_tokens":9}"""));
        Assert.That(facts.Usage, Is.EqualTo(new Usage { Input = 7, Output = 9 }));
        Assert.That(facts.OutputBytes, Is.EqualTo(5 + 10 + """{"a":1}""".Length));
        Assert.That(facts.IsError, Is.False);
    }

    [Test]
    public void AnErrorInPlaceOfAnAnswerIsKnown()
    {
        Assert.That(Dialect.TryReadAnswer("""{"type":"error","error":{"type":"api_error","message":"no"}}"""u8, out var facts));
        Assert.That(facts.IsError);
    }

    [TestCase(400, "invalid_request_error")]
    [TestCase(401, "authentication_error")]
    [TestCase(402, "billing_error")]
    [TestCase(403, "permission_error")]
    [TestCase(404, "not_found_error")]
    [TestCase(408, "timeout_error")]
    [TestCase(413, "request_too_large")]
    [TestCase(422, "invalid_request_error")]
    [TestCase(429, "rate_limit_error")]
    [TestCase(500, "api_error")]
    [TestCase(502, "api_error")]
    [TestCase(503, "overloaded_error")]
    [TestCase(529, "overloaded_error")]
    public void AnErrorIsToldInAnthropicsEnvelope(int status, string type)
    {
        var error = new ApiError { Status = status, Type = "x", Message = "Said \"no\"." };
        var body = new ArrayBufferWriter<byte>();
        Dialect.WriteError(body, error);
        var framed = new ArrayBufferWriter<byte>();
        Dialect.WriteErrorEvent(framed, error);

        var json = Encoding.UTF8.GetString(body.WrittenSpan);
        Assert.That(json, Is.EqualTo($$$"""{"type":"error","error":{"type":"{{{type}}}","message":"Said \"no\"."}}"""));
        Assert.That(Encoding.UTF8.GetString(framed.WrittenSpan), Is.EqualTo($"event: error\ndata: {json}\n\n"));
    }

    [Test]
    public void ARequestTellsWhatTheGatewayMustKnow()
    {
        var request = Read("""{"model":"m","stream":true,"max_tokens":99,"metadata":{"user_id":"u-1"},"service_tier":"standard_only","messages":[]}""");

        Assert.That(request.Model, Is.EqualTo("m"));
        Assert.That(request.IsStream);
        Assert.That(request.MaxTokens, Is.EqualTo(99));
        Assert.That(request.User, Is.EqualTo("u-1"));
        Assert.That(request.Terms.Service, Is.EqualTo(ServiceTier.Standard));
    }

    [TestCase("""{"model":1}""", "model")]
    [TestCase("""{"stream":"yes"}""", "stream")]
    [TestCase("""{"max_tokens":"many"}""", "max_tokens")]
    [TestCase("""{"extra_body":{"model":"other"}}""", "extra_body")]
    public void AWrongValueIsRefusedByName(string body, string param)
    {
        var error = Dialect.Read(new(Encoding.UTF8.GetBytes(body)), out _);

        Assert.That(error?.Status, Is.EqualTo(400));
        Assert.That(error?.Param, Is.EqualTo(param));
    }

    [Test]
    public void OnlyTheModelAndACapChangeInABodyThatPasses()
    {
        const string Body = """{ "model" : "mine", "max_tokens": 5000, "thinking":{"type":"enabled","budget_tokens":2048,"display":"omitted"}, "betas_of_tomorrow":[1] }""";

        var sent = Compose(Body, new RequestChanges { Model = "claude-opus-4-6", OutputCap = 4000 });

        Assert.That(sent, Is.EqualTo(
            """{"model" : "claude-opus-4-6", "max_tokens": 4000, "thinking":{"type":"enabled","budget_tokens":2048,"display":"omitted"}, "betas_of_tomorrow":[1]}"""));
    }

    [Test]
    public void OnBedrockTheBodyNamesTheVersionAndTheBetasButNeitherModelNorStream()
    {
        var changes = AnthropicEnvelope.Of("bedrock").Apply(new RequestChanges { Model = "anthropic.claude-opus-4-6-v1" }, ["a-1", "b\"2"]);

        var sent = JsonNode.Parse(Compose("""{"stream":true,"model":"mine","max_tokens":9,"messages":[]}""", changes))!;

        Assert.That(JsonNode.DeepEquals(sent, JsonNode.Parse(
            """{"max_tokens":9,"messages":[],"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["a-1","b\"2"]}""")), sent.ToJsonString());
    }

    [Test]
    public void OnVertexTheBodyNamesTheVersionAndKeepsTheStream()
    {
        var changes = AnthropicEnvelope.Of("vertex_ai").Apply(new RequestChanges { Model = "claude-opus-4-6" }, ["a-1"]);

        var sent = JsonNode.Parse(Compose("""{"model":"mine","max_tokens":9,"stream":true,"messages":[]}""", changes))!;

        Assert.That(JsonNode.DeepEquals(sent, JsonNode.Parse(
            """{"max_tokens":9,"stream":true,"messages":[],"anthropic_version":"vertex-2023-10-16"}""")), sent.ToJsonString());
    }

    [Test]
    public void TokensAreEstimatedWhereNobodyCountsThem()
    {
        var few = AnthropicTokenCount.Estimate(Read("""{"model":"m","messages":[{"role":"user","content":"Hello"}]}"""));
        var many = AnthropicTokenCount.Estimate(Read($$"""{"model":"m","messages":[{"role":"user","content":"{{new string('a', 40_000)}}"}]}"""));
        var output = new ArrayBufferWriter<byte>();
        AnthropicTokenCount.Write(output, few);

        Assert.That(few, Is.InRange(1, 30));
        Assert.That(many, Is.InRange(9_000, 11_000));
        Assert.That(Encoding.UTF8.GetString(output.WrittenSpan), Is.EqualTo($$"""{"input_tokens":{{few}}}"""));
    }

    private static ClientRequest Read(string body)
    {
        Assert.That(Dialect.Read(new(Encoding.UTF8.GetBytes(body)), out var request), Is.Null);
        return request;
    }

    private static string Compose(string body, RequestChanges changes) =>
        Encoding.UTF8.GetString(Dialect.Compose(Read(body), changes).ToSequence().ToArray());

    private static (string Output, StreamTranslator Translator) Run(string stream, int size)
    {
        var translator = Dialect.Translate(new StreamOptions("my-model", HidesUsage: false, CostOf: null));
        var output = new ArrayBufferWriter<byte>();
        var waiting = new List<byte>();
        var bytes = Encoding.UTF8.GetBytes(stream);
        foreach (var chunk in bytes.Chunk(Math.Max(1, Math.Min(size, bytes.Length))))
        {
            waiting.AddRange(chunk);
            waiting.RemoveRange(0, translator.Translate(waiting.ToArray(), atEnd: false, output));
        }
        translator.Translate(waiting.ToArray(), atEnd: true, output);
        return (Encoding.UTF8.GetString(output.WrittenSpan), translator);
    }
}
