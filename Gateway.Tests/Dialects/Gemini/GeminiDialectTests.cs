using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Gemini;

namespace Gateway.Tests.Dialects.Gemini;

/// <summary>Google's own clients at Google's own models: bytes pass, but for what the gateway must say itself.</summary>
public sealed class GeminiDialectTests
{
    private const string Hi = """{"contents":[{"parts":[{"text":"Hi"}]}]}""";

    [Test]
    public void ABodyThatNothingIsSaidAboutPassesAsItIs()
    {
        const string Body = """{ "contents" : [], "generation_config":{"temperature":0.50} , "newThing":[1e2] }""";

        Assert.That(Compose(Body, new() { Model = "gemini-2.5-flash" }), Is.EqualTo(Body));
    }

    [TestCase("""{"generationConfig":{"maxOutputTokens":900,"topK":4}}""", """{"generationConfig":{"topK":4,"maxOutputTokens":50}}""")]
    [TestCase("""{"generation_config":{"max_output_tokens":900}}""", """{"generationConfig":{"maxOutputTokens":50}}""")]
    [TestCase("""{"generationConfig":{"maxOutputTokens":20}}""", """{"generationConfig":{"maxOutputTokens":20}}""")]
    [TestCase("""{"generationConfig":{"maxOutputTokens":-1}}""", """{"generationConfig":{"maxOutputTokens":50}}""")]
    [TestCase("""{"generationConfig":null}""", """{"generationConfig":{"maxOutputTokens":50}}""")]
    [TestCase("""{"contents":[]}""", """{"contents":[],"generationConfig":{"maxOutputTokens":50}}""")]
    [TestCase("""{}""", """{"generationConfig":{"maxOutputTokens":50}}""")]
    public void ACapLowersTheLimitOrSetsIt(string body, string expected) =>
        Assert.That(Compose(body, new() { Model = "m", OutputCap = 50 }), Is.EqualTo(expected));

    [Test]
    public void ADeploymentsSettingsGoByOpenAisNamesOrByGoogles()
    {
        var changes = new RequestChanges
        {
            Model = "gemini-3-flash",
            Defaults = [new("temperature", "0.2"), new("top_p", "0.9"), new("reasoning_effort", "\"low\""), new("max_tokens", "70")],
            Overrides = [new("safetySettings", "[]"), new("generationConfig", """{"topK":3}""")],
            Dropped = ["seed"],
        };

        var sent = JsonNode.Parse(Compose("""{"model":"x","contents":[],"generationConfig":{"temperature":1,"seed":4,"topK":9}}""", changes));

        Assert.That(JsonNode.DeepEquals(sent, JsonNode.Parse(
            """
            {"contents":[],"generationConfig":{"temperature":1,"topK":3,"topP":0.9,"thinkingConfig":{"includeThoughts":true,"thinkingLevel":"LOW"},
             "maxOutputTokens":70},"safetySettings":[]}
            """)), sent!.ToJsonString());
    }

    [TestCase("""{"generationConfig":{"maxOutputTokens":5},"generation_config":{"maxOutputTokens":900}}""")]
    [TestCase("""{"generationConfig":{"maxOutputTokens":5,"max_output_tokens":900}}""")]
    [TestCase("""{"generationConfig":{"maxOutputTokens":5,"maxOutput\u0054okens":900}}""")]
    [TestCase("""{"generationConfig":{"maxOutputTokens":"900"}}""", Description = "Google would take it for a number")]
    [TestCase("""{"generationConfig":{"candidateCount":1,"candidate_count":8}}""")]
    [TestCase("""{"generationConfig":7}""")]
    public void ALimitThatTwoReadersCouldReadDifferentlyIsRefused(string body)
    {
        var refused = new GeminiDialect().Read(Bytes(body), out _);

        Assert.That(refused?.Status, Is.EqualTo(400));
        Assert.That(refused!.Message, Does.Contain("generationConfig").Or.Contain("generation_config"));
    }

    [Test]
    public void WhatTheCostDependsOnIsRead()
    {
        const string Body = """
            {"generationConfig":{"maxOutputTokens":100,"candidateCount":3,"responseModalities":["TEXT","AUDIO"]},"serviceTier":"flex"}
            """;

        Assert.That(new GeminiDialect().Read(Bytes(Body), out var request), Is.Null);

        Assert.That(request.MaxTokens, Is.EqualTo(100));
        Assert.That(request.Terms, Is.EqualTo(new AnswerTerms
        {
            MaxTokens = 100,
            Choices = 3,
            Speaks = true,
            HasService = true,
            Service = ServiceTier.Flex,
        }));
        Assert.That(new GeminiDialect().Read(Bytes("""{"generationConfig":{"responseModalities":["TEXT","IMAGE"]}}"""), out request), Is.Null);
        Assert.That(request.Terms.Speaks, Is.False);
    }

    [Test]
    public void AnAnswersUsageIsFoundAndItsBytesAreLeftAlone()
    {
        var answer = """{"candidates":[{"content":{"parts":[{"text":"Hello"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}}"""u8;

        Assert.That(new GeminiDialect().TryReadAnswer(answer, out var facts));

        Assert.That(facts.Usage, Is.EqualTo(new Usage { Input = 3, Output = 2 }));
        Assert.That(Encoding.UTF8.GetString(answer[facts.RawUsage]), Does.StartWith("{\"promptTokenCount\""));
        Assert.That((facts.ModelStart, facts.OutputBytes, facts.IsError), Is.EqualTo((-1, 5L, false)));
        Assert.That(new GeminiDialect().TryReadAnswer("""{"error":{"code":503}}"""u8, out facts) && facts.IsError);
    }

    private const string Chunks =
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"The \"}]},\"index\":0}]}\r\n\r\n"
        + "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"a\",\"args\":{\"x\":\"yz\"}}}]},\"finishReason\":\"STOP\",\"index\":0}],"
        + "\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":2,\"totalTokenCount\":5}}\r\n\r\n";

    [TestCase(1), TestCase(2), TestCase(7), TestCase(4096)]
    public void AStreamPassesByteForByte(int size)
    {
        var (passed, translator) = Stream(new GeminiDialect(), Chunks, size);

        Assert.That(passed, Is.EqualTo(Chunks));
        Assert.That((translator.IsFinished, translator.IsComplete, translator.OutputBytes), Is.EqualTo((true, true, 6L)));
        Assert.That(translator.Usage, Is.EqualTo(new Usage { Input = 3, Output = 2 }));
    }

    [TestCase(1), TestCase(7), TestCase(4096)]
    public void AClientThatAskedForNoEventsGetsOneArray(int size)
    {
        var (array, _) = Stream(new GeminiDialect(isJsonArray: true), Chunks, size);

        Assert.That(JsonNode.Parse(array)!.AsArray(), Has.Count.EqualTo(2));
    }

    [Test]
    public void AStreamWithoutAReasonToFinishIsCutAndItsArrayStaysOpenForTheError()
    {
        var cut = Chunks[..(Chunks.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)];
        var dialect = new GeminiDialect(isJsonArray: true);

        var (array, translator) = Stream(dialect, cut, 4096);
        var error = new ArrayBufferWriter<byte>();
        dialect.WriteErrorEvent(error, ApiError.InvalidParameter("x", "is wrong"));

        Assert.That((translator.IsFinished, translator.IsComplete), Is.EqualTo((false, false)));
        var items = JsonNode.Parse(array + Encoding.UTF8.GetString(error.WrittenSpan))!.AsArray();
        Assert.That(items[1]!["error"]!["status"]!.GetValue<string>(), Is.EqualTo("INVALID_ARGUMENT"));
    }

    [Test]
    public void APromptThatWasHeldBackIsAWholeStream()
    {
        var (_, translator) = Stream(new GeminiDialect(), "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\r\n\r\n", 4096);

        Assert.That((translator.IsFinished, translator.IsComplete, translator.MeaningfulEvents), Is.EqualTo((true, true, 1)));
    }

    [Test]
    public void AnErrorIsGooglesWithItsStatusAndHowLongToWait()
    {
        var output = new ArrayBufferWriter<byte>();

        new GeminiDialect().WriteError(output, ApiError.InvalidJson("x") with { Status = 429, RetryAfter = TimeSpan.FromSeconds(2.5) });

        var error = JsonNode.Parse(output.WrittenSpan)!["error"]!;
        Assert.That(error["code"]!.GetValue<int>(), Is.EqualTo(429));
        Assert.That(error["status"]!.GetValue<string>(), Is.EqualTo("RESOURCE_EXHAUSTED"));
        Assert.That(error["details"]![0]!["retryDelay"]!.GetValue<string>(), Is.EqualTo("3s"));
    }

    [Test]
    public void TokensAreCountedWithoutAskingAModel()
    {
        var output = new ArrayBufferWriter<byte>();

        GeminiDialect.WriteCount(output, Bytes(Hi));

        Assert.That(Encoding.UTF8.GetString(output.WrittenSpan), Is.EqualTo($$"""{"totalTokens":{{(Hi.Length + 3) / 4}}}"""));
    }

    private static ReadOnlySequence<byte> Bytes(string json) => new(Encoding.UTF8.GetBytes(json));

    private static string Compose(string body, RequestChanges changes)
    {
        var dialect = new GeminiDialect();
        Assert.That(dialect.Read(Bytes(body), out var request), Is.Null);
        return Encoding.UTF8.GetString(dialect.Compose(request, changes).ToSequence().ToArray());
    }

    internal static (string Passed, StreamTranslator Translator) Stream(GeminiDialect dialect, string events, int size)
    {
        var translator = dialect.Translate(new StreamOptions("shown", false, null));
        var output = new ArrayBufferWriter<byte>();
        var bytes = Encoding.UTF8.GetBytes(events);
        var (start, end) = (0, 0);
        while (end < bytes.Length)
        {
            end = Math.Min(end + size, bytes.Length);
            start += translator.Translate(bytes.AsSpan(start, end - start), end == bytes.Length, output);
        }
        return (Encoding.UTF8.GetString(output.WrittenSpan), translator);
    }
}
