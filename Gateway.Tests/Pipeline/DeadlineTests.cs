using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>How long a request may take, with all that is tried for it.</summary>
public sealed class DeadlineTests
{
    private readonly SafeClock _time = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private static string Config(string parameters, string settings) => $$"""
        model_list:
          - model_name: m
            litellm_params: {model: openai/a, api_base: "{upstream}/a", api_key: k, num_retries: 0{{parameters}}}
            model_info: {id: a}
          - model_name: other
            litellm_params: {model: openai/b, api_base: "{upstream}/b", api_key: k, num_retries: 0}
            model_info: {id: b}

        """ + settings;

    private static Task<ScriptedUpstream> HangsAsync() =>
        ScriptedUpstream.StartAsync(http => http.Request.Path.StartsWithSegments("/a")
            ? Task.Delay(Timeout.Infinite, http.RequestAborted)
            : ScriptedUpstream.SendAsync(http, Wire.Answer));

    private async Task<(HttpResponseMessage Response, double Seconds)> AskAsync(
        string yaml, ScriptedUpstream upstream, string members = "", params (string, string)[] headers)
    {
        await using var gateway = await GatewayHost.StartAsync(yaml, upstream, time: _time);
        var start = _time.GetUtcNow();
        var asking = gateway.SendAsync(
            HttpMethod.Post, "/v1/chat/completions", null, $$"""{"model":"m","messages":[]{{members}}}""", headers);
        await upstream.IsAskedAsync(); // no time passes before
        var response = await _time.PassUntilAsync(gateway, asking, step: 0.05);
        return (response, (_time.GetUtcNow() - start).TotalSeconds);
    }

    // header, body, deployment, router, litellm → seconds
    [TestCase("1", "2", "3", "4", "5", 1)]
    [TestCase("", "2", "3", "4", "5", 2)]
    [TestCase("", "", "3", "4", "5", 3)]
    [TestCase("", "", "", "4", "5", 4)]
    [TestCase("", "", "", "", "5", 5)]
    [TestCase("", "", "9", "4", "5", 9, Description = "a deployment may be given more than the router gives the others")]
    public async Task TheNearestTimeLimitCounts(string header, string body, string deployment, string router, string lite, double seconds)
    {
        await using var upstream = await HangsAsync();
        var yaml = Config(Member("timeout", deployment), $"router_settings: {{cooldown_time: 5{Member("timeout", router)}}}\n"
            + $"litellm_settings: {{drop_params: false{Member("request_timeout", lite)}}}");

        var (response, waited) = await AskAsync(
            yaml, upstream, body.Length == 0 ? "" : $",\"timeout\":{body}", header.Length == 0 ? [] : [("x-litellm-timeout", header)]);

        Assert.That((int)response.StatusCode, Is.EqualTo(408));
        Assert.That(waited, Is.InRange(seconds, seconds + 2));
        Assert.That((await response.ErrorAsync()).Message,
            Does.StartWith($"litellm.Timeout: Timeout: OpenAIException - no answer within {seconds} s")
                .And.Contain($"\n\nDeployment Info: request_timeout: ").And.Contain($"\ntimeout: {seconds}"));

        static string Member(string key, string value) => value.Length == 0 ? "" : $", {key}: {value}";
    }

    // stream header, stream body, body's timeout, deployment's stream_timeout, router's, deployment's timeout → seconds
    [TestCase("1", "2", "", "3", "4", "5", 1)]
    [TestCase("", "2", "", "3", "4", "5", 2)]
    [TestCase("", "", "", "3", "4", "5", 3)]
    [TestCase("", "", "", "", "4", "5", 4)]
    [TestCase("", "", "", "", "", "5", 5)]
    [TestCase("", "", "2", "", "", "5", 2)]
    [TestCase("", "", "2", "3", "", "5", 2, Description = "the client's timeout bounds all attempts together")]
    public async Task TheNearestTimeLimitOfStreamsCounts(
        string header, string body, string whole, string deployment, string router, string deploymentsWhole, double seconds)
    {
        await using var upstream = await HangsAsync();
        var yaml = Config(Member("stream_timeout", deployment) + Member("timeout", deploymentsWhole),
            $"router_settings: {{cooldown_time: 5{Member("stream_timeout", router)}}}");

        var (response, waited) = await AskAsync(yaml, upstream, ",\"stream\":true"
            + (body.Length == 0 ? "" : $",\"stream_timeout\":{body}") + (whole.Length == 0 ? "" : $",\"timeout\":{whole}"),
            header.Length == 0 ? [] : [("x-litellm-stream-timeout", header)]);

        Assert.That((int)response.StatusCode, Is.EqualTo(408));
        Assert.That(waited, Is.InRange(seconds, seconds + 2));

        static string Member(string key, string value) => value.Length == 0 ? "" : $", {key}: {value}";
    }

    [Test]
    public async Task ADeploymentsTimeOutLeavesTimeForAFallback()
    {
        await using var upstream = await HangsAsync();

        var (response, waited) = await AskAsync(
            Config(", timeout: 3", "router_settings: {timeout: 60, fallbacks: [{m: [other]}]}"), upstream);

        Assert.That(((int)response.StatusCode, response.Header("x-litellm-model-id")), Is.EqualTo((200, "b")));
        Assert.That(waited, Is.InRange(3, 5));
    }

    [Test]
    public async Task WhenTheRequestsTimeIsOverNothingElseIsAsked()
    {
        await using var upstream = await HangsAsync();

        var (response, waited) = await AskAsync(
            Config("", "router_settings: {timeout: 60, fallbacks: [{m: [other]}]}"), upstream, ",\"timeout\":3");

        Assert.That((int)response.StatusCode, Is.EqualTo(408));
        Assert.That(upstream.Requests.Select(request => request.Path[..2]), Is.EqualTo(new[] { "/a" }));
        Assert.That(waited, Is.InRange(3, 5));
    }

    [Test]
    public async Task TheTimeOfAllAttemptsTogetherIsBounded()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted));

        var (response, waited) = await AskAsync(
            Config(", timeout: 4", "router_settings: {timeout: 10}").Replace("num_retries: 0", "num_retries: 9"), upstream);

        Assert.That((int)response.StatusCode, Is.EqualTo(408));
        Assert.That(upstream.Requests, Has.Count.InRange(2, 3), "4 s and a wait, twice, and what is left of the ten");
        Assert.That(waited, Is.InRange(8, 12));
        Assert.That((await response.ErrorAsync()).Message,
            Does.StartWith("litellm.Timeout: Timeout: OpenAIException - no answer within 4 s"));
    }

    [Test]
    public async Task AStreamThatHasBegunMayLastLongerThanTheRequestsTime()
    {
        var isOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync($"data: {Wire.Chunk("a")}\n\n");
            await http.Response.Body.FlushAsync();
            await isOver.Task.WaitAsync(GatewayHost.Patience);
            await http.Response.WriteAsync($"data: {Wire.Finish}\n\ndata: [DONE]\n\n");
        });
        await using var gateway = await GatewayHost.StartAsync(Config("", ""), upstream, time: _time);

        using var response = await gateway.ChatAsync("""{"model":"m","messages":[],"stream":true,"timeout":5,"stream_timeout":60}""");
        _time.Advance(TimeSpan.FromSeconds(30));
        isOver.SetResult();

        Assert.That((await response.EventsAsync())[^1], Is.EqualTo("[DONE]"));
    }

    [Test]
    public async Task AStreamCostsNoMoreSecondsThanWereSetAside()
    {
        string[] texts = ["one", "two", "three"];
        using var next = new SemaphoreSlim(0);
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            foreach (var text in texts)
            {
                await http.Response.WriteAsync($"data: {Wire.Chunk(text)}\n\n");
                await http.Response.Body.FlushAsync();
                await next.WaitAsync(GatewayHost.Patience);
            }
            await http.Response.WriteAsync($"data: {Wire.Finish}\n\ndata: {Wire.UsageChunk}\n\ndata: [DONE]\n\n");
        });
        await using var gateway = await GatewayHost.StartAsync(Config(", output_cost_per_second: 0.001", ""), upstream, time: _time);

        using var response = await gateway.ChatAsync("""{"model":"m","messages":[],"stream":true,"timeout":5,"stream_timeout":10}""");
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());
        foreach (var text in texts)
        {
            while (!(await events.ReadLineAsync().WaitAsync(GatewayHost.Patience))!.Contains($"\"{text}\""))
            {
            }
            _time.Advance(TimeSpan.FromSeconds(8)); // each event may take ten
            next.Release();
        }
        Assert.That(await events.ReadToEndAsync().WaitAsync(GatewayHost.Patience), Does.EndWith("data: [DONE]\n\n"));

        Assert.That((await gateway.StopAndReadAsync()).Single()["cost_nano_usd"], Is.EqualTo(10_000_000L), "24 seconds");
    }
}
