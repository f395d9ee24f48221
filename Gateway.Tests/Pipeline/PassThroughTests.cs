using System.Net;

namespace Gateway.Tests.Pipeline;

/// <summary>Pictures, speech, moderations and rerank: through to the provider's own path with the model put in its place.</summary>
public sealed class PassThroughTests
{
    private const string Answer = """{"data":[{"url":"https://example.com/1.png"}],"x":[1.50]}""";

    [TestCase("/v1/images/generations", "/v1/images/generations")]
    [TestCase("/images/generations", "/v1/images/generations")]
    [TestCase("/v1/moderations", "/v1/moderations")]
    [TestCase("/moderations", "/v1/moderations")]
    [TestCase("/v1/audio/speech", "/v1/audio/speech")]
    public async Task AJsonPathGoesToTheSamePathAtTheProvider(string path, string upstreamPath)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Answer);
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/upstream-1"), upstream);

        using var response = await gateway.ChatAsync("""{"model":"m","prompt":"p","input":"i","stream":false}""", Wire.Master, path);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.TextAsync(), Is.EqualTo(Answer));
        Assert.That(upstream.Request.Path, Is.EqualTo(upstreamPath));
        Assert.That(upstream.Request.Body, Is.EqualTo("""{"model":"upstream-1","prompt":"p","input":"i","stream":false}"""));
        Assert.That(upstream.Request.Headers["Authorization"], Is.EqualTo("Bearer sk-upstream-secret"));
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["route"], row["model_group"], row["model"], row["status"]), Is.EqualTo((path, "m", "openai/upstream-1", 200L)));
    }

    [TestCase("/v1/rerank", "cohere/rerank-v3.5", "/v2/rerank")]
    [TestCase("/rerank", "jina_ai/jina-reranker-v2", "/v1/rerank")]
    [TestCase("/v2/rerank", "hosted_vllm/bge-reranker", "/v1/rerank")]
    [TestCase("/v1/rerank", "together_ai/rerank-1", "/v1/rerank")]
    [TestCase("/v1/rerank", "infinity/rerank-1", "/v1/rerank")]
    public async Task ARerankGoesToThePathThatItsProviderHas(string path, string model, string upstreamPath)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(
            """{"model":"upstream-name","results":[{"index":0,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}""");
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config(model), upstream);

        using var response = await gateway.ChatAsync("""{"model":"m","query":"q","documents":["a","b"],"top_n":1}""", Wire.Master, path);

        Assert.That((await response.JsonAsync()).GetProperty("model").GetString(), Is.EqualTo("m"));
        Assert.That(upstream.Request.Path, Is.EqualTo(upstreamPath));
    }

    [TestCase("openai/gpt-4o", "/v1/rerank", """{"model":"m","query":"q","documents":[]}""", "The provider 'openai' cannot be called for /v1/rerank")]
    [TestCase("azure/my-deployment", "/v1/moderations", """{"model":"m","input":"i"}""", "The provider 'azure' cannot be called for /v1/moderations")]
    [TestCase("mock/anything", "/v1/images/generations", """{"model":"m","prompt":"p"}""", "The provider 'mock' cannot be called for /v1/images/generations")]
    public async Task AProviderThatHasNoSuchPathIsNamed(string model, string path, string body, string message)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Answer);
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config(model), upstream);

        using var response = await gateway.ChatAsync(body, Wire.Master, path);

        Assert.That((int)response.StatusCode, Is.EqualTo(501));
        Assert.That((await response.ErrorAsync()).Message, Does.StartWith(message));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task AzureHasTheDeploymentInThePath()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Answer);
        await using var gateway = await GatewayHost.StartAsync(
            PathWire.Config("azure/draw").Replace("{upstream}/v1", "{upstream}"), upstream);

        using var response = await gateway.ChatAsync("""{"prompt":"p"}""", Wire.Master, "/openai/deployments/m/images/generations");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(upstream.Request.Path, Does.StartWith("/openai/deployments/draw/images/generations?api-version="));
    }

    [TestCase("/v1/audio/transcriptions")]
    [TestCase("/v1/audio/translations")]
    [TestCase("/v1/images/edits")]
    [TestCase("/images/variations")]
    public async Task AFormKeepsItsPartsAndGetsTheProvidersModel(string path)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"text":"hello"}""");
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/upstream-1"), upstream);
        using var form = PathWire.Form(70_000, ("model", "m"), ("prompt", "a text"), ("mock_response", "no"), ("language", "en"));

        using var response = await gateway.PostAsync(path, form, Wire.Master);

        Assert.That(await response.TextAsync(), Is.EqualTo("""{"text":"hello"}"""));
        Assert.That(upstream.Request.Headers["Content-Type"], Is.EqualTo("multipart/form-data; boundary=\"a-boundary\""));
        var body = upstream.Request.Body;
        Assert.That(body.Split("--a-boundary").Length, Is.EqualTo(6), "model, prompt, language, file and the end");
        Assert.That(body, Does.StartWith("--a-boundary\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nupstream-1\r\n--a-boundary\r\n"));
        Assert.That(body, Does.Contain("\r\n\r\na text\r\n--a-boundary").And.Contain(new string('x', 70_000) + "\r\n--a-boundary--\r\n"));
        Assert.That(body, Does.Not.Contain("mock_response"));
        Assert.That(gateway.Log, Does.Not.Contain("secret-name"));
    }

    [TestCase("timeout", "x", "'timeout' cannot be a field of a form")]
    [TestCase("api_base", "https://evil.example.com", "api_base")]
    [TestCase("Model", "gpt-4o", "must be written in lower case")]
    [TestCase("model[]", "gpt-4o", "without brackets")]
    [TestCase("model", "gpt-4o", "'model' must be there once")]
    [TestCase("n", "0", "'n' must be a whole number")]
    public async Task AFieldThatCannotBeMeantIsRefused(string name, string value, string said)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Answer);
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/upstream-1"), upstream);
        using var form = PathWire.Form(10, ("model", "m"), (name, value));

        using var response = await gateway.PostAsync("/v1/images/edits", form, Wire.Master);

        Assert.That((int)response.StatusCode, Is.AnyOf(400, 401));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain(said));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task JsonWhereAFormIsMeantIsRefused()
    {
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/m").Replace("{upstream}", "http://127.0.0.1:1"));

        using var response = await gateway.ChatAsync("""{"model":"m"}""", Wire.Master, "/v1/audio/transcriptions");

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("send the fields as multipart/form-data"));
    }

    [Test]
    public async Task SoundIsPassedOnByteByByte()
    {
        var sound = new byte[300_000];
        new Random(7).NextBytes(sound);
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "audio/mpeg";
            await http.Response.Body.WriteAsync(sound);
        });
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/tts-1"), upstream);

        using var response = await gateway.ChatAsync("""{"model":"m","input":"hello","voice":"alloy"}""", Wire.Master, "/v1/audio/speech");

        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(sound));
        Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo("audio/mpeg"));
        Assert.That(response.Header("x-litellm-model-id"), Is.Not.Null);
    }

    [Test]
    public async Task SoundThatBreaksOffBreaksTheClientsConnection()
    {
        var isHeard = new TaskCompletionSource();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "audio/mpeg";
            await http.Response.Body.WriteAsync(new byte[50_000]);
            await http.Response.Body.FlushAsync();
            await isHeard.Task.WaitAsync(GatewayHost.Patience);
            http.Abort();
        });
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/tts-1"), upstream);

        using var response = await gateway.ChatAsync("""{"model":"m","input":"hello","voice":"alloy"}""", Wire.Master, "/v1/audio/speech");

        await using var sound = await response.Content.ReadAsStreamAsync();
        await sound.ReadExactlyAsync(new byte[50_000]);
        isHeard.SetResult();

        Assert.That(async () => await sound.ReadAsync(new byte[1]), Throws.InstanceOf<IOException>());
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That(row["exception_class"], Is.Not.Null);
    }

    [Test]
    public async Task AFormIsSentAgainToAnotherDeploymentAfterAFailure()
    {
        var calls = 0;
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
            ScriptedUpstream.SendAsync(http, """{"text":"hello"}""", Interlocked.Increment(ref calls) == 1 ? 503 : 200));
        await using var gateway = await GatewayHost.StartAsync(
            PathWire.Config("openai/upstream-1").Replace("num_retries: 0", "num_retries: 1"), upstream);
        using var form = PathWire.Form(40_000, ("model", "m"));

        using var response = await gateway.PostAsync("/v1/audio/transcriptions", form, Wire.Master);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(upstream.Requests.Select(request => request.Body).Distinct().Count(), Is.EqualTo(1));
        Assert.That((await gateway.StopAndReadAsync()).Select(row => row["status"]), Is.EqualTo(new object[] { 503L, 200L }));
    }

    [Test]
    public async Task EventsOfAPictureArePassedOnAndTheirUsageIsBooked()
    {
        string[] events =
        [
            """{"type":"image_generation.partial_image","b64_json":"AAAA","partial_image_index":0}""",
            """{"type":"image_generation.completed","b64_json":"BBBB","usage":{"input_tokens":50,"output_tokens":200,"total_tokens":250}}""",
        ];
        await using var upstream = await ScriptedUpstream.StreamsAsync(events);
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/gpt-image-1"), upstream);

        using var response = await gateway.ChatAsync("""{"model":"m","prompt":"p","stream":true}""", Wire.Master, "/v1/images/generations");

        Assert.That(await response.EventsAsync(), Is.EqualTo(events));
        var row = (await gateway.StopAndReadAsync()).Single();
        // 50 × 5 + 200 × 40 USD per million
        Assert.That((row["cost_nano_usd"], row["is_estimated"], row["is_stream"]), Is.EqualTo((8_250_000L, 0L, 1L)));
    }

    [Test]
    public async Task AStreamOfEventsThatIsCutIsNoCleanEnd()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync("""{"type":"image_generation.partial_image","b64_json":"AAAA"}""");
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/gpt-image-1"), upstream);

        using var response = await gateway.ChatAsync("""{"model":"m","prompt":"p","stream":true}""", Wire.Master, "/v1/images/generations");

        Assert.That((await response.EventsAsync())[^1], Does.Contain("\"error\""));
    }

    [Test]
    public async Task AModelThatIsNotTheCallersIsRefused()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Answer);
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/upstream-1").Replace("models: [m]", "models: [other]"), upstream);
        using var form = PathWire.Form(10, ("model", "m"));

        using var response = await gateway.PostAsync("/v1/audio/transcriptions", form, PathWire.Carol);

        Assert.That((int)response.StatusCode, Is.EqualTo(403));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task ALineBreakInAModelOfThePathEndsNoField()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Answer);
        await using var gateway = await GatewayHost.StartAsync(
            PathWire.Config("openai/*").Replace("model_name: m", "model_name: \"*\""), upstream);
        using var form = PathWire.Form(10);

        using var response = await gateway.PostAsync("/openai/deployments/a%0D%0A--a-boundary/audio/transcriptions", form, Wire.Master);

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task ABodyAboveTheLimitIsRefused()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Answer);
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/m", general: ", max_request_size_mb: 0.01"), upstream);
        using var form = PathWire.Form(20_000, ("model", "m"));

        using var response = await gateway.PostAsync("/v1/audio/transcriptions", form, Wire.Master);

        Assert.That((int)response.StatusCode, Is.EqualTo(413));
    }
}
