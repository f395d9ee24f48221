using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Upstream;

public sealed class MockProviderTests
{
    private const string Hello =
        """{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello there"}]}""";
    private const string HelloStream = """{"stream":true,"messages":[{"role":"user","content":"Hello there"}]}""";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero));

    [Test]
    public async Task AChatAnswerEchoesTheLastUserMessageAndCountsTokens()
    {
        using var answer = await SendAsync(Hello);
        var json = await JsonAsync(answer);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(answer.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
        Assert.That(json.GetProperty("id").GetString(), Does.Match("^chatcmpl-[0-9a-f]{24}$"));
        Assert.That(json.GetProperty("object").GetString(), Is.EqualTo("chat.completion"));
        Assert.That(json.GetProperty("created").GetInt64(), Is.EqualTo(_time.GetUtcNow().ToUnixTimeSeconds()));
        Assert.That(json.GetProperty("model").GetString(), Is.EqualTo("small"));
        var choice = json.GetProperty("choices")[0];
        Assert.That(Content(json), Is.EqualTo("This is a mock answer. You said: Hello there"));
        Assert.That(choice.GetProperty("finish_reason").GetString(), Is.EqualTo("stop"));
        // 9 + 11 bytes of prompt; nine words.
        Assert.That(json.GetProperty("usage").GetRawText(), Is.EqualTo("""{"prompt_tokens":5,"completion_tokens":9,"total_tokens":14}"""));
    }

    [Test]
    public async Task TheSameRequestGetsTheSameAnswerHoweverItsBytesAreSegmented()
    {
        var whole = await TextAsync(await SendAsync(Hello));
        var pieces = await TextAsync(await SendAsync(InPieces(Hello, 7)));
        var other = await TextAsync(await SendAsync(Hello.Replace("there", "again")));

        Assert.That(pieces, Is.EqualTo(whole));
        Assert.That(other, Is.Not.EqualTo(whole));
    }

    [Test]
    public async Task TextPartsOfAMessageAreEchoedAndPicturesAreNot()
    {
        using var answer = await SendAsync("""
            {"messages":[{"role":"user","content":[
              {"type":"text","text":"What is"},{"type":"image_url","image_url":{"url":"data:"}},{"type":"text","text":"this?"}]}]}
            """);
        var json = await JsonAsync(answer);

        Assert.That(Content(json), Does.EndWith("You said: What is this?"));
    }

    [Test]
    public async Task ALongMessageIsCutBetweenCharacters()
    {
        // The 240th UTF-16 unit would be the first half of a face.
        using var answer = await SendAsync($$"""{"messages":[{"role":"user","content":"{{new string('a', 239)}}😀 and more"}]}""");

        Assert.That(Content(await JsonAsync(answer)), Does.EndWith(new string('a', 239) + " …"));
    }

    [TestCase("max_tokens")]
    [TestCase("max_completion_tokens")]
    public async Task AnAnswerStopsAtTheTokensThatTheRequestAllows(string parameter)
    {
        using var answer = await SendAsync(Hello.Replace("\"model\"", $"\"{parameter}\":3,\"model\""));
        var json = await JsonAsync(answer);

        Assert.That(Content(json), Is.EqualTo("This is a"));
        Assert.That(json.GetProperty("choices")[0].GetProperty("finish_reason").GetString(), Is.EqualTo("length"));
        Assert.That(json.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), Is.EqualTo(3));
    }

    [Test]
    public async Task EveryChoiceIsAnsweredAndCounted()
    {
        using var answer = await SendAsync(Hello.Replace("\"model\"", "\"n\":3,\"model\""));
        var json = await JsonAsync(answer);

        var indices = json.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32());
        Assert.That(indices, Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(json.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), Is.EqualTo(27));
    }

    [Test]
    public async Task AStreamHasRoleWordsFinishAndDone()
    {
        using var answer = await SendAsync(HelloStream);
        var events = await EventsAsync(answer);

        Assert.That(answer.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
        Assert.That(events, Has.Count.EqualTo(1 + 9 + 1 + 1));
        Assert.That(Delta(events[0]).GetRawText(), Is.EqualTo("""{"role":"assistant","content":""}"""));
        var text = string.Concat(events[1..10].Select(e => Delta(e).GetProperty("content").GetString()));
        Assert.That(text, Is.EqualTo("This is a mock answer. You said: Hello there"));
        Assert.That(Choice(events[10]).GetProperty("finish_reason").GetString(), Is.EqualTo("stop"));
        Assert.That(events[11], Is.EqualTo("[DONE]"));
        Assert.That(string.Concat(events), Does.Not.Contain("usage"));
        Assert.That(events[..11].Select(e => Parse(e).GetProperty("id").GetString()).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task AStreamEndsWithItsUsageWhenAsked()
    {
        using var answer = await SendAsync(HelloStream.Replace("true", """true,"stream_options":{"include_usage":true}"""));
        var events = await EventsAsync(answer);
        var last = Parse(events[^2]);

        Assert.That(last.GetProperty("choices").GetArrayLength(), Is.Zero);
        Assert.That(last.GetProperty("usage").GetRawText(), Is.EqualTo("""{"prompt_tokens":2,"completion_tokens":9,"total_tokens":11}"""));
        Assert.That(Parse(events[0]).GetProperty("usage").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(events[^1], Is.EqualTo("[DONE]"));
    }

    [Test]
    public async Task AReaderWithASmallBufferGetsTheSameBytes()
    {
        var whole = await TextAsync(await SendAsync(HelloStream));
        using var answer = await SendAsync(HelloStream);
        var stream = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[3];
        var bytes = new List<byte>();
        while (await stream.ReadAsync(buffer) is > 0 and var read)
            bytes.AddRange(buffer[..read]);

        Assert.That(Encoding.UTF8.GetString([.. bytes]), Is.EqualTo(whole));
    }

    [Test]
    public async Task LegacyCompletionsAnswerEveryPrompt()
    {
        using var answer = await SendAsync("""{"prompt":["one","two"],"n":2}""", operation: Operation.Completions);
        var json = await JsonAsync(answer);

        Assert.That(json.GetProperty("object").GetString(), Is.EqualTo("text_completion"));
        Assert.That(json.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("text").GetString()![^3..]),
            Is.EqualTo(new[] { "one", "one", "two", "two" }));
    }

    [Test]
    public async Task LegacyCompletionsStreamText()
    {
        using var answer = await SendAsync("""{"prompt":"one","stream":true}""", operation: Operation.Completions);
        var events = await EventsAsync(answer);

        Assert.That(string.Concat(events[..^2].Select(e => Choice(e).GetProperty("text").GetString())), Does.EndWith("You said: one"));
        Assert.That(events[^1], Is.EqualTo("[DONE]"));
    }

    [Test]
    public async Task ListsOfTokensCountAsTokens()
    {
        using var answer = await SendAsync("""{"input":[[1,2,3],[4,5]]}""", operation: Operation.Embeddings);
        var json = await JsonAsync(answer);

        Assert.That(json.GetProperty("data").GetArrayLength(), Is.EqualTo(2));
        Assert.That(json.GetProperty("usage").GetRawText(), Is.EqualTo("""{"prompt_tokens":5,"total_tokens":5}"""));
    }

    [Test]
    public async Task AnEmbeddingDependsOnItsTextAloneAndHasLengthOne()
    {
        var single = Vectors(await JsonAsync(await SendAsync("""{"input":"blue"}""", operation: Operation.Embeddings)));
        var several = Vectors(await JsonAsync(await SendAsync("""{"input":["red","blue"]}""", operation: Operation.Embeddings)));

        Assert.That(single[0], Has.Length.EqualTo(1536));
        Assert.That(several[1], Is.EqualTo(single[0]));
        Assert.That(several[0], Is.Not.EqualTo(single[0]));
        Assert.That(single[0].Sum(x => (double)x * x), Is.EqualTo(1).Within(1e-4));
        Assert.That(single[0].Min(), Is.Negative);
    }

    [Test]
    public async Task Base64EmbeddingsHoldTheSameNumbers()
    {
        var plain = await JsonAsync(await SendAsync("""{"input":"blue","dimensions":4}""", operation: Operation.Embeddings));
        var packed = await JsonAsync(await SendAsync(
            """{"input":"blue","dimensions":4,"encoding_format":"base64"}""", operation: Operation.Embeddings));
        var bytes = packed.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();

        Assert.That(bytes.Chunk(4).Select(b => BitConverter.ToSingle(b)), Is.EqualTo(Vectors(plain)[0]));
        Assert.That(Vectors(plain)[0], Has.Length.EqualTo(4));
    }

    [Test]
    public async Task AMockResponseIsGivenWordForWordWithFixedUsage()
    {
        using var answer = await SendAsync(Hello, new MockSettings(), "  The sky\nis blue. ");
        var json = await JsonAsync(answer);
        using var stream = await SendAsync(HelloStream, new MockSettings(), "  The sky\nis blue. ");
        var events = await EventsAsync(stream);

        Assert.That(Content(json), Is.EqualTo("  The sky\nis blue. "));
        Assert.That(
            json.GetProperty("usage").GetRawText(), Is.EqualTo("""{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}"""));
        var streamed = string.Concat(events[1..^2].Select(e => Delta(e).GetProperty("content").GetString()));
        Assert.That(streamed, Is.EqualTo("  The sky\nis blue. "));
        Assert.That(events[1..^2], Has.Count.GreaterThan(3));
    }

    [TestCase("litellm.RateLimitError", 429, "rate_limit_exceeded")]
    [TestCase("litellm.InternalServerError", 500, null)]
    [TestCase("litellm.ContextWindowExceededError", 400, "context_length_exceeded")]
    [TestCase("Exception: content_filter_policy", 400, "content_filter")]
    [TestCase("Exception: mock_streaming_error", 500, null)]
    public async Task AMockResponseCanNameAnError(string mockResponse, int status, string? code)
    {
        using var answer = await SendAsync(Hello, new MockSettings(), mockResponse);
        var error = (await JsonAsync(answer)).GetProperty("error");

        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        Assert.That(error.GetProperty("code").GetString(), Is.EqualTo(code));
        Assert.That(error.GetProperty("message").GetString(), Is.Not.Empty);
    }

    [Test]
    public async Task AStreamingErrorComesAfterTheFirstWordAndEndsTheStreamWithoutDone()
    {
        using var answer = await SendAsync(HelloStream, new MockSettings(), MockAnswer.StreamingError);
        var events = await EventsAsync(answer);

        Assert.That((int)answer.StatusCode, Is.EqualTo(200));
        Assert.That(events, Has.Count.EqualTo(3));
        Assert.That(Parse(events[2]).TryGetProperty("error", out _), Is.True);
    }

    [Test]
    public async Task AnErrorStatusCarriesItsRetryAfterInWholeSeconds()
    {
        using var answer = await SendAsync(Hello, new MockSettings { Status = 429, RetryAfter = TimeSpan.FromMilliseconds(1500) });

        Assert.That((int)answer.StatusCode, Is.EqualTo(429));
        Assert.That(answer.Headers.GetValues("Retry-After"), Is.EqualTo(new[] { "2" }));
        Assert.That((await JsonAsync(answer)).GetProperty("error").GetProperty("type").GetString(), Is.EqualTo("rate_limit_error"));
    }

    [Test]
    public async Task LatencyPassesBeforeTheHead()
    {
        var answer = SendAsync(Hello, new MockSettings { Latency = TimeSpan.FromSeconds(3) });
        _time.Advance(TimeSpan.FromSeconds(2.9));
        var early = answer.IsCompleted;
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.That(early, Is.False);
        Assert.That((await answer).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task AHangingMockAnswersOnlyACancellation()
    {
        using var cancel = new CancellationTokenSource();
        var answer = SendAsync(Hello, new MockSettings { Hang = true }, ct: cancel.Token);
        _time.Advance(TimeSpan.FromDays(1));
        var early = answer.IsCompleted;
        await cancel.CancelAsync();

        Assert.That(early, Is.False);
        Assert.That(async () => await answer, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task AStreamKeepsItsPace()
    {
        using var answer = await SendAsync(HelloStream, new MockSettings { TokensPerSecond = 10 });
        var stream = await answer.Content.ReadAsStreamAsync();
        var role = stream.ReadAsync(new byte[1000]);
        var roleIsImmediate = role.IsCompletedSuccessfully;
        await role;
        var word = stream.ReadAsync(new byte[1000]).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(99));
        var early = word.IsCompleted;
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await word;
        // A reader that comes late finds the words that are due, without a wait of their own.
        _time.Advance(TimeSpan.FromMilliseconds(250));
        var due = new[] { stream.ReadAsync(new byte[1000]), stream.ReadAsync(new byte[1000]) };

        Assert.That((roleIsImmediate, early), Is.EqualTo((true, false)));
        Assert.That(due.Select(r => r.IsCompletedSuccessfully), Is.All.True);
        Assert.That(stream.ReadAsync(new byte[1000]).IsCompleted, Is.False);
    }

    [Test]
    public async Task ACutStreamEndsAsALostConnectionDoes()
    {
        using var answer = await SendAsync(HelloStream, new MockSettings { CutAfter = 3 });
        var stream = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[1000];
        var reads = 0;
        async Task ReadAll()
        {
            while (await stream.ReadAsync(buffer) > 0)
                reads++;
        }

        Assert.That(ReadAll, Throws.InstanceOf<IOException>());
        Assert.That(reads, Is.EqualTo(3));
    }

    [Test]
    public async Task ACutPlainAnswerIsShorterThanAnnounced()
    {
        using var answer = await SendAsync(Hello, new MockSettings { CutAfter = 0 });
        var stream = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[10_000];
        var read = await stream.ReadAsync(buffer);

        Assert.That(read, Is.Positive.And.LessThan(answer.Content.Headers.ContentLength!.Value));
        Assert.That(async () => await stream.ReadAsync(buffer), Throws.InstanceOf<IOException>());
    }

    [TestCase("{", "JSON")]
    [TestCase("[]", "object")]
    [TestCase("{}", "messages")]
    [TestCase("""{"messages":[],"n":0}""", "n")]
    [TestCase("""{"messages":[],"n":129}""", "n")]
    [TestCase("""{"messages":[{"role":"user","content":"\ud800"}]}""", "JSON")]
    public async Task NonsenseIsRefusedAsOpenAiWould(string body, string named)
    {
        using var answer = await SendAsync(body);

        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
        Assert.That((await JsonAsync(answer)).GetProperty("error").GetProperty("message").GetString(), Does.Contain(named));
    }

    [TestCase("""{"input":[]}""")]
    [TestCase("""{"input":[true]}""")]
    [TestCase("""{"input":7}""")]
    [TestCase("""{"input":"a","dimensions":0}""")]
    [TestCase("""{"input":"a","dimensions":100000}""")]
    public async Task NonsenseForEmbeddingsIsRefused(string body)
    {
        using var answer = await SendAsync(body, operation: Operation.Embeddings);

        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
    }

    [TestCase(122, 200)]
    [TestCase(123, 400)]
    public async Task AnAnswerHoldsAtMostAMillionNumbers(int inputs, int status)
    {
        var texts = string.Join(',', Enumerable.Repeat("\"a\"", inputs));

        using var answer = await SendAsync($$"""{"input":[{{texts}}],"dimensions":8192}""", operation: Operation.Embeddings);

        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
    }

    private Task<HttpResponseMessage> SendAsync(
        string body, MockSettings? settings = null, string? mockResponse = null,
        Operation operation = Operation.Chat, CancellationToken ct = default) =>
        SendAsync(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), settings, mockResponse, operation, ct);

    private Task<HttpResponseMessage> SendAsync(
        ReadOnlySequence<byte> body, MockSettings? settings = null, string? mockResponse = null,
        Operation operation = Operation.Chat, CancellationToken ct = default)
    {
        var deployment = new Deployment
        {
            Id = "1",
            ModelName = "small",
            Provider = new Provider { Name = "mock", DisplayName = "Mock" },
            UpstreamModel = "small",
            Model = "mock/small",
            ApiBase = "",
            IsMock = true,
            Config = new DeploymentConfig
            {
                ModelName = "small",
                File = "config.yaml",
                Line = 1,
                Params = new LiteLlmParams { Model = "mock/small", Mock = settings ?? new MockSettings(), MockResponse = mockResponse },
            },
        };
        return new MockProvider(_time).SendAsync(new MockCall(deployment, operation, "small", body), ct);
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer) => await answer.Content.ReadAsStringAsync();

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) => Parse(await TextAsync(answer));

    private static async Task<List<string>> EventsAsync(HttpResponseMessage answer)
    {
        var events = (await TextAsync(answer)).Split("\n\n");
        Assert.That(events[^1], Is.Empty);
        Assert.That(events[..^1], Is.All.StartsWith("data: "));
        return [.. events[..^1].Select(e => e["data: ".Length..])];
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;
    private static JsonElement Choice(string json) => Parse(json).GetProperty("choices")[0];
    private static JsonElement Delta(string json) => Choice(json).GetProperty("delta");

    private static string? Content(JsonElement answer) =>
        answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();

    private static float[][] Vectors(JsonElement answer) =>
    [
        .. answer.GetProperty("data").EnumerateArray()
            .Select(data => data.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray()),
    ];

    private static ReadOnlySequence<byte> InPieces(string text, int size)
    {
        Piece? first = null, last = null;
        foreach (var chunk in Encoding.UTF8.GetBytes(text).Chunk(size))
        {
            last = new Piece(chunk, last);
            first ??= last;
        }
        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, Piece? before)
        {
            Memory = bytes;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
