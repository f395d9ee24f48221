using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>What pictures, speech, recordings and reranks cost, and what is set aside for them before they are asked for.</summary>
public sealed class PassThroughMoneyTests
{
    private const string Images = "/v1/images/generations", Speech = "/v1/audio/speech", Rerank = "/v1/rerank",
        Transcriptions = "/v1/audio/transcriptions", Moderations = "/v1/moderations";

    private const string TwoImages = """{"data":[{"b64_json":"A"},{"b64_json":"B"}]}""";

    /// <summary>Sends a request as Alice, who has 1 USD, and reads its ledger row.</summary>
    private static async Task<Dictionary<string, object?>> BookedAsync(
        string config, string path, string body, string answer, string mediaType = "application/json")
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            http.Response.ContentType = mediaType;
            return http.Response.WriteAsync(answer);
        });
        await using var gateway = await GatewayHost.StartAsync(config, upstream);
        using var response = path == Transcriptions
            ? await gateway.PostAsync(path, PathWire.Form(int.Parse(body), ("model", "m")), Wire.Alice)
            : await gateway.ChatAsync(body, Wire.Alice, path);
        Assert.That((int)response.StatusCode, Is.EqualTo(200), await response.TextAsync());
        await response.TextAsync();
        return (await gateway.StopAndReadAsync()).Single();
    }

    // Two pictures at 0.04 USD, as many as came.
    [TestCase("openai/dall-e-3", "output_cost_per_image: 0.04", Images, """{"model":"m","prompt":"p","n":2}""", TwoImages, 80_000_000)]
    [TestCase("openai/dall-e-3", "input_cost_per_image: 0.04", Images, """{"model":"m","prompt":"p","n":5}""", TwoImages, 80_000_000)]
    // 10 × 5 + 40 × 10 + 1000 × 40 USD per million, from the price book
    [TestCase("openai/gpt-image-1", "", Images, """{"model":"m","prompt":"p"}""",
        """{"data":[{}],"usage":{"input_tokens":50,"output_tokens":1000,"total_tokens":1050,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}""",
        40_450_000)]
    // Five characters at 15 USD per million
    [TestCase("openai/tts-1", "input_cost_per_character: 0.000015", Speech, """{"model":"m","input":"hello"}""", "{}", 75_000)]
    // 30 seconds at 0.36 USD an hour, from the price book
    [TestCase("openai/whisper-1", "", Transcriptions, "60000", """{"text":"hi","usage":{"type":"duration","seconds":30}}""", 3_000_000)]
    [TestCase("openai/whisper-1", "input_cost_per_second: 0.0002", Transcriptions, "60000", """{"text":"hi","duration":"7.5"}""", 1_500_000)]
    // 100 × 6 + 20 × 2.5 + 30 × 10 USD per million
    [TestCase("openai/gpt-4o-transcribe", "", Transcriptions, "60000",
        """{"text":"hi","usage":{"type":"tokens","input_tokens":120,"input_token_details":{"text_tokens":20,"audio_tokens":100},"output_tokens":30,"total_tokens":150}}""",
        950_000)]
    [TestCase("cohere/rerank-v3.5", "input_cost_per_query: 0.002", Rerank, """{"model":"m","query":"q","documents":["a"]}""",
        """{"results":[],"meta":{"billed_units":{"search_units":3}}}""", 6_000_000)]
    [TestCase("jina_ai/jina-reranker-v2", "input_cost_per_token: 0.00000002", Rerank, """{"model":"m","query":"q","documents":["a"]}""",
        """{"results":[],"usage":{"total_tokens":1000}}""", 20_000)]
    [TestCase("openai/omni-moderation-latest", "", Moderations, """{"model":"m","input":"hello"}""", """{"results":[{"flagged":false}]}""", 0)]
    public async Task AnAnswerIsBookedAtWhatItsProviderBills(
        string model, string settings, string path, string body, string answer, long nanoUsd)
    {
        var row = await BookedAsync(PathWire.Config(model, settings), path, body, answer);

        Assert.That((row["cost_nano_usd"], row["is_estimated"]), Is.EqualTo((nanoUsd, 0L)));
        Assert.That(row["price_id"], Is.Not.Null);
    }

    [Test]
    public async Task ARecordingWhoseLengthNobodySaysIsBookedAtItsMostAndMarked()
    {
        var row = await BookedAsync(
            PathWire.Config("openai/whisper-1", "input_cost_per_second: 0.0001"), Transcriptions, "75000", "hello", "text/plain");

        // The form's bytes at 750 in a second: a little more than a hundred of them.
        Assert.That(row["is_estimated"], Is.EqualTo(1L));
        Assert.That((long)row["cost_nano_usd"]!, Is.InRange(10_000_000L, 10_200_000L));
    }

    [Test]
    public async Task SpeechThatIsBilledInTokensIsEstimatedFromItsText()
    {
        var row = await BookedAsync(PathWire.Config("openai/gpt-4o-mini-tts"), Speech,
            $$"""{"model":"m","input":"{{new string('a', 1000)}}"}""", "sound", "audio/mpeg");

        // 2,000 tokens of sound at 12 USD per million, and the text
        Assert.That(row["is_estimated"], Is.EqualTo(1L));
        Assert.That((long)row["cost_nano_usd"]!, Is.InRange(24_000_000L, 24_500_000L));
    }

    // What is set aside is n times the dearest picture, all characters, all bytes of a recording, all documents.
    [TestCase("openai/dall-e-3", "output_cost_per_image: 0.3", Images, """{"model":"m","prompt":"p","n":3}""", true)]
    [TestCase("openai/dall-e-3", "output_cost_per_image: 0.3", Images, """{"model":"m","prompt":"p","n":4}""", false)]
    [TestCase("openai/gpt-image-1", "", Images, """{"model":"m","prompt":"p","n":2}""", true)]
    [TestCase("openai/gpt-image-1", "", Images, """{"model":"m","prompt":"p","n":4}""", false)]
    [TestCase("openai/tts-1", "input_cost_per_character: 0.2", Speech, """{"model":"m","input":"hello"}""", true)]
    [TestCase("openai/tts-1", "input_cost_per_character: 0.2", Speech, """{"model":"m","input":"hello!"}""", false)]
    [TestCase("openai/whisper-1", "input_cost_per_second: 0.01", Transcriptions, "60000", true)]
    [TestCase("openai/whisper-1", "input_cost_per_second: 0.01", Transcriptions, "80000", false)]
    [TestCase("cohere/rerank-v3.5", "input_cost_per_query: 0.6", Rerank, """{"model":"m","query":"q","documents":["a","b"]}""", true)]
    public async Task ABudgetCoversTheMostThatARequestCanCost(string model, string settings, string path, string body, bool fits)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("{}");
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config(model, settings, ", budget_wait: 0"), upstream);

        using var response = path == Transcriptions
            ? await gateway.PostAsync(path, PathWire.Form(int.Parse(body), ("model", "m")), Wire.Alice)
            : await gateway.ChatAsync(body, Wire.Alice, path);

        Assert.That((int)response.StatusCode, Is.EqualTo(fits ? 200 : 429), await response.TextAsync());
        Assert.That(upstream.Requests, Has.Count.EqualTo(fits ? 1 : 0));
    }

    [Test]
    public async Task LongDocumentsCountAsSeveralInARerank()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("{}");
        await using var gateway = await GatewayHost.StartAsync(
            PathWire.Config("cohere/rerank-v3.5", "input_cost_per_query: 0.6", ", budget_wait: 0"), upstream);
        var body = $$"""{"model":"m","query":"q","documents":["{{new string('a', 60_000)}}"]}""";

        using var response = await gateway.ChatAsync(body, Wire.Alice, Rerank);

        Assert.That((int)response.StatusCode, Is.EqualTo(429));
    }

    [TestCase("openai/dall-e-3", "", Images, """{"model":"m","prompt":"p"}""", "Set output_cost_per_image")]
    [TestCase("openai/tts-1", "", Speech, """{"model":"m","input":"i"}""", "Set input_cost_per_character")]
    [TestCase("openai/unheard-of", "output_cost_per_image: 1", Speech, """{"model":"m","input":"i"}""", "Set input_cost_per_character")]
    [TestCase("openai/unheard-of", "", Transcriptions, "10", "Set input_cost_per_second")]
    [TestCase("cohere/rerank-v3.5", "", Rerank, """{"model":"m","query":"q","documents":[]}""", "Set input_cost_per_query")]
    [TestCase("openai/whisper-1", "", "/v1/chat/completions", """{"model":"m","messages":[]}""", "Set input_cost_per_token")]
    public async Task ACallerWithABudgetIsToldWhichSettingWouldTellThePrice(string model, string settings, string path, string body, string said)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("{}");
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config(model, settings), upstream);

        using var response = path == Transcriptions
            ? await gateway.PostAsync(path, PathWire.Form(int.Parse(body), ("model", "m")), Wire.Alice)
            : await gateway.ChatAsync(body, Wire.Alice, path);

        var (message, _, _, code) = await response.ErrorAsync();
        Assert.That(((int)response.StatusCode, code), Is.EqualTo((400, "unknown_price")));
        Assert.That(message, Does.Contain(said));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task ADeploymentThatCannotBeAskedNeedsNoPrice()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("{}");
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("replicate/unheard-of"), upstream);

        using var response = await gateway.ChatAsync("""{"model":"m","messages":[]}""", Wire.Alice);

        Assert.That((int)response.StatusCode, Is.EqualTo(501), await response.TextAsync());
    }

    [Test]
    public async Task WhatIsGivenTwiceInABodyIsRefusedWhereItIsBilled()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("{}");
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/tts-1", "input_cost_per_character: 0.000015"), upstream);

        using var response = await gateway.ChatAsync("""{"model":"m","input":"a","in\u0070ut":"a long text"}""", Wire.Alice, Speech);

        Assert.That((await response.ErrorAsync()).Message, Does.Contain("'input' is given more than once"));
    }
}
