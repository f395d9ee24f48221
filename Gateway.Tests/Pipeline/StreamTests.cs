using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>Streamed answers.</summary>
public sealed class StreamTests
{
    private static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task SendAsync(HttpContext http, string payload)
    {
        if (!http.Response.HasStarted)
            http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync($"data: {payload}\n\n");
        await http.Response.Body.FlushAsync();
    }

    private static async Task<string> ReadEventAsync(StreamReader reader)
    {
        var line = await reader.ReadLineAsync().WaitAsync(GatewayHost.Patience);
        Assert.That(await reader.ReadLineAsync().WaitAsync(GatewayHost.Patience), Is.Empty);
        return line!["data: ".Length..];
    }

    [Test]
    public async Task FirstEventReachesTheClientBeforeTheUpstreamSendsTheSecond()
    {
        var clientHasFirst = NewGate();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            await SendAsync(http, Wire.Chunk("one"));
            await clientHasFirst.Task.WaitAsync(GatewayHost.Patience);
            await SendAsync(http, Wire.Finish);
            await SendAsync(http, "[DONE]");
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.That(await ReadEventAsync(reader), Is.EqualTo(Wire.Restamped(Wire.Chunk("one"))));
        clientHasFirst.SetResult();

        Assert.That(await ReadEventAsync(reader), Is.EqualTo(Wire.Restamped(Wire.Finish)));
        Assert.That(await ReadEventAsync(reader), Is.EqualTo("[DONE]"));
        Assert.That(await reader.ReadToEndAsync().WaitAsync(GatewayHost.Patience), Is.Empty);
    }

    [Test]
    public async Task TwoHundredStreamsOfTwoHundredEventsAreRelayedWithoutLoss()
    {
        const int Streams = 200, Events = 200;
        var allAreOpen = NewGate();
        var open = 0;
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            await SendAsync(http, Wire.Chunk("0"));
            if (Interlocked.Increment(ref open) == Streams)
                allAreOpen.SetResult();
            await allAreOpen.Task.WaitAsync(GatewayHost.Patience);
            for (var i = 1; i < Events; i++)
                await SendAsync(http, Wire.Chunk(i.ToString()));
            await SendAsync(http, Wire.UsageChunk);
            await SendAsync(http, "[DONE]");
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);
        string[] expected = [.. Enumerable.Range(0, Events).Select(i => Wire.Restamped(Wire.Chunk(i.ToString()))), "[DONE]"];

        var answers = await Task.WhenAll(Enumerable.Range(0, Streams).Select(async _ =>
        {
            using var response = await gateway.ChatAsync(Wire.StreamQuestion);
            return await response.EventsAsync();
        })).WaitAsync(2 * GatewayHost.Patience);

        Assert.That(answers.Count(answer => !answer.SequenceEqual(expected)), Is.Zero);
        Assert.That(await gateway.StopAndReadAsync("SELECT count(*) AS n, sum(cost_nano_usd) AS cost FROM ledger WHERE is_estimated = 0"),
            Is.EqualTo(new[] { new Dictionary<string, object?> { ["n"] = (long)Streams, ["cost"] = 20_000L * Streams } }));
    }

    [Test]
    public async Task UsageIsAskedForBookedAndHiddenFromAClientThatDidNotAsk()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Wire.Chunk("a"), Wire.Finish, Wire.UsageChunk, "[DONE]");
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);

        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
        Assert.That(await response.EventsAsync(),
            Is.EqualTo(new[] { Wire.Restamped(Wire.Chunk("a")), Wire.Restamped(Wire.Finish), "[DONE]" }));
        Assert.That(upstream.Request.Body, Does.Contain("""{"include_usage":true}"""));
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["cost_nano_usd"], row["prompt_tokens"]), Is.EqualTo((20_000L, 10L)));
        Assert.That((row["is_estimated"], row["is_stream"]), Is.EqualTo((0L, 1L)));
        Assert.That(row["ttft_ms"], Is.Not.Null);
    }

    [TestCase(""","stream_options":{"include_usage":true}""", "", TestName = "UsageIsShownToAClientThatAsks")]
    [TestCase("", "general_settings: {always_include_stream_usage: true}", TestName = "UsageIsShownWhereTheConfigSaysAlways")]
    public async Task UsageIsShown(string asking, string settings)
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Wire.Finish, Wire.UsageChunk, "[DONE]");
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + settings, upstream);

        using var response = await gateway.ChatAsync($$"""{"model":"gpt-4o","stream":true,"messages":[]{{asking}}}""");

        Assert.That(await response.EventsAsync(),
            Is.EqualTo(new[] { Wire.Restamped(Wire.Finish), Wire.Restamped(Wire.UsageChunk), "[DONE]" }));
    }

    [Test]
    public async Task TheUsageChunkCarriesTheCostWhereItIsWanted()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Wire.Finish, Wire.UsageChunk, "[DONE]");
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel + "litellm_settings: {include_cost_in_streaming_usage: true}", upstream);

        using var response = await gateway.ChatAsync(
            """{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"messages":[]}""");
        var usage = (await response.EventsAsync())[1];

        Assert.That(usage, Is.EqualTo(Wire.Restamped(Wire.UsageChunk).Replace("\"usage\":{", "\"usage\":{\"cost\":0.00002,")));
        Assert.That(response.Headers.Contains("x-litellm-response-cost"), Is.False);
    }

    [Test]
    public async Task AnErrorBeforeTheFirstChunkIsRetriedUnseen()
    {
        var calls = 0;
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await SendAsync(http, """{"error":{"message":"overloaded","code":"503"}}""");
                return;
            }
            await SendAsync(http, Wire.Finish);
            await SendAsync(http, "[DONE]");
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel.Replace("num_retries: 0", "num_retries: 1"), upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);

        Assert.That(await response.EventsAsync(), Is.EqualTo(new[] { Wire.Restamped(Wire.Finish), "[DONE]" }));
        Assert.That(response.Header("x-litellm-attempted-retries"), Is.EqualTo("1"));
    }

    [Test]
    public async Task AnErrorInPlaceOfAStreamIsAPlainError()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync("""{"error":{"message":"no more","code":"429"}}""");
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);

        Assert.That((int)response.StatusCode, Is.EqualTo(429));
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
        Assert.That((await response.ErrorAsync()).Message, Does.StartWith("litellm.RateLimitError").And.Contain("no more"));
    }

    [Test]
    public async Task AStreamThatIsCutEndsWithAnErrorEventAndWithoutDone()
    {
        var clientHasFirst = NewGate();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            await SendAsync(http, Wire.Chunk("some text"));
            await clientHasFirst.Task.WaitAsync(GatewayHost.Patience);
            http.Abort();
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.That(await ReadEventAsync(reader), Is.EqualTo(Wire.Restamped(Wire.Chunk("some text"))));
        clientHasFirst.SetResult();

        Assert.That(await ReadEventAsync(reader), Does.StartWith("""{"error":{"message":"litellm.APIConnectionError"""));
        Assert.That(await reader.ReadToEndAsync().WaitAsync(GatewayHost.Patience), Is.Empty);
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["exception_class"], row["is_estimated"]), Is.EqualTo(("APIConnectionError", 1L)));
        Assert.That(row["cost_nano_usd"], Is.GreaterThan(0L));
    }

    [Test]
    public async Task AnErrorInTheMiddleReachesTheClientAndNothingFollows()
    {
        const string Error = """{"error":{"message":"broken: sk-upstream-secret","type":"server_error","param":null,"code":"500"}}""";
        var clientHasFirst = NewGate();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            await SendAsync(http, Wire.Chunk("a"));
            await clientHasFirst.Task.WaitAsync(GatewayHost.Patience);
            await SendAsync(http, Error);
            await SendAsync(http, "[DONE]");
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        await ReadEventAsync(reader);
        clientHasFirst.SetResult();

        Assert.That(await ReadEventAsync(reader), Is.EqualTo(
            """{"error":{"message":"litellm.InternalServerError: InternalServerError: OpenAIException - broken: ***","""
            + "\"type\":\"server_error\",\"param\":null,\"code\":\"500\"}}"),
            "the provider's error as every other one is told, without the key that it quotes");
        Assert.That(await reader.ReadToEndAsync().WaitAsync(GatewayHost.Patience), Is.Empty);
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["exception_class"], row["is_estimated"]), Is.EqualTo(("InternalServerError", 1L)));
        Assert.That(gateway.Log, Does.Contain(" error=InternalServerError "));
    }

    [Test]
    public async Task AStreamThatFallsSilentIsBrokenOffAfterItsTimeout()
    {
        var isHungUp = NewGate();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.RequestAborted.Register(isHungUp.SetResult);
            await SendAsync(http, Wire.Chunk("a"));
            await isHungUp.Task.WaitAsync(GatewayHost.Patience);
        });
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("num_retries: 0", "stream_timeout: 3"), upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);
        var events = await response.EventsAsync();

        Assert.That(events[^1], Does.StartWith("""{"error":{"message":"litellm.Timeout"""));
        await isHungUp.Task.WaitAsync(GatewayHost.Patience);
    }

    [Test]
    public async Task AStreamThatNeverBeginsIsATimeout()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("num_retries: 0", "num_retries: 0\n      stream_timeout: 0.2"), upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);

        Assert.That((int)response.StatusCode, Is.EqualTo(408));
        Assert.That((await response.ErrorAsync()).Message, Does.StartWith("litellm.Timeout"));
    }

    [Test]
    public async Task AClientThatHangsUpCancelsTheUpstreamAndStillPaysForWhatWasGenerated()
    {
        var isHungUp = NewGate();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.RequestAborted.Register(isHungUp.SetResult);
            await SendAsync(http, Wire.Chunk(new string('a', 400)));
            await isHungUp.Task.WaitAsync(GatewayHost.Patience);
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        var response = await gateway.ChatAsync(Wire.StreamQuestion);
        await ReadEventAsync(new StreamReader(await response.Content.ReadAsStreamAsync()));
        response.Dispose();
        await isHungUp.Task.WaitAsync(GatewayHost.Patience);

        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["is_estimated"], row["completion_tokens"]), Is.EqualTo((1L, 100L)));
        Assert.That(row["cost_nano_usd"], Is.GreaterThan(200_000L));
        Assert.That((row["exception_class"], row["status"]), Is.EqualTo(("ClientDisconnected", 499L)), "no failure of the deployment's");
        Assert.That(gateway.Log, Does.Contain(" status=499 "));
    }

    [Test]
    public async Task AClientThatHangsUpBeforeTheAnswerCancelsTheUpstream()
    {
        var isAsked = NewGate();
        var isHungUp = NewGate();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.RequestAborted.Register(isHungUp.SetResult);
            isAsked.SetResult();
            await isHungUp.Task.WaitAsync(GatewayHost.Patience);
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var client = new CancellationTokenSource();
        var call = gateway.Http.PostAsync("/v1/chat/completions", new StringContent(Wire.Question), client.Token);
        await isAsked.Task.WaitAsync(GatewayHost.Patience);
        await client.CancelAsync();
        await isHungUp.Task.WaitAsync(GatewayHost.Patience);

        Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["status"], row["exception_class"]), Is.EqualTo((499L, "ClientDisconnected")));
        var tokens = (Wire.Question.Length + 3L) / 4;
        const long MostOutput = 4096; // default_max_output_tokens
        Assert.That((row["is_estimated"], row["input_tokens"], row["output_tokens"], row["cost_nano_usd"]),
            Is.EqualTo((1L, tokens, MostOutput, tokens * 1000 + MostOutput * 2000)), "the provider has the request and may bill its whole answer");
        Assert.That(gateway.Log, Does.Contain("status=499"));
    }

    [Test]
    public async Task CommentsAndLineEndingsSurviveAndAFinishedStreamNeedsNoDone()
    {
        var text = $": ping\n\nevent: x\r\ndata: {Wire.Chunk("a")}\r\n\r\ndata:{Wire.Finish}\n\n";
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            foreach (var part in Encoding.UTF8.GetBytes(text).Chunk(7))
                await http.Response.Body.WriteAsync(part);
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);

        Assert.That(await response.TextAsync(), Is.EqualTo(Wire.Restamped(text)));
    }

    [Test]
    public async Task AnEmptyStreamIsABadGateway()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync();
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);

        Assert.That((int)response.StatusCode, Is.EqualTo(502));
    }

    [Test]
    public async Task AStreamThatRunsWhenTheGatewayIsStoppedIsFinishedAndBooked()
    {
        var gate = NewGate();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            await SendAsync(http, Wire.Chunk("a"));
            await gate.Task.WaitAsync(GatewayHost.Patience);
            await SendAsync(http, Wire.Finish);
            await SendAsync(http, Wire.UsageChunk);
            await SendAsync(http, "[DONE]");
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);
        using var response = await gateway.ChatAsync(Wire.StreamQuestion);

        var stopping = gateway.StopAsync();
        Assert.That(stopping.IsCompleted, Is.False);
        gate.SetResult();

        Assert.That((await response.EventsAsync())[^1], Is.EqualTo("[DONE]"));
        await stopping;
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["cost_nano_usd"], row["exception_class"]), Is.EqualTo((20_000L, null as string)));
    }

    [Test]
    public async Task AStreamThatOutlivesTheGraceTimeIsCutAndBookedAsFarAsItCame()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            await SendAsync(http, Wire.Chunk(new string('a', 400)));
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + "general_settings: {shutdown_grace: 1}", upstream);
        using var response = await gateway.ChatAsync(Wire.StreamQuestion);
        await ReadEventAsync(new StreamReader(await response.Content.ReadAsStreamAsync()));

        var row = (await gateway.StopAndReadAsync()).Single();

        Assert.That((row["is_estimated"], row["completion_tokens"]), Is.EqualTo((1L, 100L)));
    }

    [Test]
    public async Task KeepAlivesDoNotLengthenTheTimeForTheFirstEvent()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            while (!http.RequestAborted.IsCancellationRequested)
            {
                await http.Response.WriteAsync(": ping\n\n");
                await http.Response.Body.FlushAsync();
                await Task.Delay(50, http.RequestAborted); // a provider that thinks
            }
        });
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("num_retries: 0", "num_retries: 0\n      stream_timeout: 0.5"), upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);

        Assert.That((int)response.StatusCode, Is.EqualTo(408));
    }

    [Test]
    public async Task AStreamThatCannotBeDecompressedAnyMoreIsCut()
    {
        var clientHasFirst = NewGate();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.ContentEncoding = "gzip";
            await using (var gzip = new System.IO.Compression.GZipStream(
                http.Response.Body, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            {
                await gzip.WriteAsync(Encoding.UTF8.GetBytes($"data: {Wire.Chunk("a")}\n\n"));
                await gzip.FlushAsync();
                await http.Response.Body.FlushAsync();
                await clientHasFirst.Task.WaitAsync(GatewayHost.Patience);
                await http.Response.Body.WriteAsync(Enumerable.Repeat((byte)0xff, 1000).ToArray());
            }
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.StreamQuestion);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.That(await ReadEventAsync(reader), Is.EqualTo(Wire.Restamped(Wire.Chunk("a"))));
        clientHasFirst.SetResult();

        Assert.That(await ReadEventAsync(reader), Does.StartWith("""{"error":{"message":"litellm.APIConnectionError"""));
    }
}
