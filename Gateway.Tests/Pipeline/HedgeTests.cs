using System.Collections.Concurrent;
using System.Text;
using Gateway.Catalog;
using Gateway.Dialects.OpenAi;
using Gateway.Ledger;
using Gateway.Pipeline;
using Gateway.Pricing;
using Gateway.Routing;
using Gateway.Telemetry;
using Gateway.Tests.Config;
using Gateway.Tests.Storage;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Pipeline;

/// <summary>A second deployment that is tried beside a slow one.</summary>
public sealed class HedgeTests
{
    private const string Plain = """{"model":"m","messages":[]}""";
    private const string Stream = """{"model":"m","messages":[],"stream":true}""";

    private readonly SafeClock _time = new(DateTimeOffset.UnixEpoch.AddYears(56));
    private readonly TaskCompletionSource _firstIsAsked = NewGate(), _secondIsAsked = NewGate(), _isOpen = NewGate();
    private readonly ConcurrentQueue<char> _hungUp = new();

    private static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A model with the deployments a, which is asked first, and b.</summary>
    private static string Pair(string settings, string parameters = "") => $$"""
        model_list:
          - model_name: m
            litellm_params:
              {model: openai/x, api_base: "{upstream}/a", api_key: k, weight: 1000000000, input_cost_per_token: 0.001{{parameters}}}
            model_info: {id: a}
          - model_name: m
            litellm_params:
              {model: openai/x, api_base: "{upstream}/b", api_key: k, weight: 1, input_cost_per_token: 0.001{{parameters}}}
            model_info: {id: b}
        router_settings: {num_retries: 0, {{settings}}}

        """;

    /// <summary>An upstream at whose two paths different things happen.</summary>
    private Task<ScriptedUpstream> UpstreamAsync(Func<HttpContext, Task> first, Func<HttpContext, Task> second) =>
        ScriptedUpstream.StartAsync(http =>
        {
            var isFirst = http.Request.Path.StartsWithSegments("/a");
            (isFirst ? _firstIsAsked : _secondIsAsked).TrySetResult();
            return isFirst ? first(http) : second(http);
        });

    private async Task HangAsync(HttpContext http)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            _hungUp.Enqueue(http.Request.Path.Value![1]);
        }
    }

    private static Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        return http.Response.WriteAsync($"data: {Wire.Finish}\n\ndata: {Wire.UsageChunk}\n\ndata: [DONE]\n\n");
    }

    private static Func<HttpContext, Task> After(TaskCompletionSource gate, Func<HttpContext, Task> then) => async http =>
    {
        await gate.Task.WaitAsync(GatewayHost.Patience);
        await then(http);
    };

    private static Task FailAsync(HttpContext http) =>
        ScriptedUpstream.SendAsync(http, $$$"""{"error":{"message":"at {{{http.Request.Path.Value![1]}}}"}}""", 500);

    private async Task<HttpResponseMessage> AskAsync(GatewayHost gateway, string question = Stream, double step = 0.1)
    {
        var response = await _time.PassUntilAsync(gateway, gateway.ChatAsync(question), step);
        await response.Content.LoadIntoBufferAsync();
        return response;
    }

    private static IEnumerable<string> Told(List<Dictionary<string, object?>> rows) =>
        rows.OrderBy(row => row["attempt"]).Select(row => $"{row["kind"]} {row["deployment_id"]} {row["status"]} {row["exception_class"]}".Trim());

    [Test]
    public async Task ASlowStreamIsTriedAtASecondDeploymentAndTheSlowOneIsCancelled()
    {
        await using var upstream = await UpstreamAsync(HangAsync, AnswerAsync);
        await using var gateway = await GatewayHost.StartAsync(Pair("hedge_after: 800ms, hedge_max_share: 1"), upstream, time: _time);
        var start = _time.GetUtcNow();

        using var response = await AskAsync(gateway);

        Assert.That((_time.GetUtcNow() - start).TotalSeconds, Is.InRange(0.8, 30));
        Assert.That((await response.EventsAsync())[^1], Is.EqualTo("[DONE]"));
        Assert.That(response.Header("x-litellm-model-id"), Is.EqualTo("b"));
        Assert.That(response.Header("x-litellm-attempted-retries"), Is.EqualTo("0"));
        var rows = await gateway.StopAndReadAsync();
        Assert.That(Told(rows), Is.EqualTo(new[] { "first a 499 HedgeLost", "hedge b 200" }));
        Assert.That(rows.Select(row => row["is_estimated"]), Is.EqualTo(new[] { 1L, 0L }));
        Assert.That(rows[0]["cost_nano_usd"], Is.GreaterThan(0L), "the provider was sent the request and may bill it");
        Assert.That(_hungUp, Is.EqualTo(new[] { 'a' }));
    }

    [Test]
    public async Task TheFirstMayStillWin()
    {
        await using var upstream = await UpstreamAsync(After(_secondIsAsked, AnswerAsync), HangAsync);
        await using var gateway = await GatewayHost.StartAsync(Pair("hedge_after: 800ms, hedge_max_share: 1"), upstream, time: _time);

        using var response = await AskAsync(gateway);

        Assert.That(response.Header("x-litellm-model-id"), Is.EqualTo("a"));
        Assert.That(Told(await gateway.StopAndReadAsync()), Is.EqualTo(new[] { "first a 200", "hedge b 499 HedgeLost" }));
        Assert.That(gateway.Log, Does.Not.Contain("HedgeLost"), "the request's line tells of the attempt that answered");
    }

    [Test]
    public async Task WhenOneFailsTheOtherIsWaitedFor()
    {
        await using var upstream = await UpstreamAsync(
            After(_secondIsAsked, async http => { await FailAsync(http); await http.Response.CompleteAsync(); _isOpen.SetResult(); }),
            After(_isOpen, AnswerAsync));
        await using var gateway = await GatewayHost.StartAsync(Pair("hedge_after: 800ms, hedge_max_share: 1"), upstream, time: _time);

        using var response = await AskAsync(gateway);

        Assert.That(((int)response.StatusCode, response.Header("x-litellm-model-id")), Is.EqualTo((200, "b")));
        Assert.That(Told(await gateway.StopAndReadAsync()), Is.EqualTo(new[] { "first a 500 InternalServerError", "hedge b 200" }));
    }

    [Test]
    public async Task WhenBothFailThatIsOneFailedAttempt()
    {
        await using var upstream = await UpstreamAsync(After(_secondIsAsked, FailAsync), FailAsync);
        await using var gateway = await GatewayHost.StartAsync(
            Pair("hedge_after: 800ms, hedge_max_share: 1").Replace("num_retries: 0", "num_retries: 1"), upstream, time: _time);

        using var response = await AskAsync(gateway);

        Assert.That((await response.ErrorAsync()).Message,
            Does.Contain("at a").And.EndWith("LiteLLM Retried: 1 times, LiteLLM Max Retries: 1"));
        var told = Told(await gateway.StopAndReadAsync()).ToArray();
        Assert.That(told[..2], Is.EqualTo(new[] { "first a 500 InternalServerError", "hedge b 500 InternalServerError" }));
        Assert.That(told[2..], Has.Length.EqualTo(1).And.All.StartsWith("retry"));
    }

    [TestCase("hedge_after: off", Stream)]
    [TestCase("hedge_max_share: 1", Stream)]
    [TestCase("hedge_after: 800ms, hedge_max_share: 1", Plain)]
    [TestCase("hedge_after: p95, hedge_max_share: 1", Stream, Description = "nothing is known yet of how fast they are")]
    [TestCase("hedge_after: 800ms", Stream, Description = "one request is not twenty")]
    [TestCase("hedge_after: 800ms, hedge_max_share: 1, retry_budget: {ratio: 0, floor: 0}", Stream)]
    public async Task NothingIsTriedBesideTheFirst(string settings, string question)
    {
        await using var upstream = await UpstreamAsync(
            After(_isOpen, http => question == Plain ? ScriptedUpstream.SendAsync(http, Wire.Answer) : AnswerAsync(http)), HangAsync);
        await using var gateway = await GatewayHost.StartAsync(Pair(settings), upstream, time: _time);

        var asking = gateway.ChatAsync(question);
        await _firstIsAsked.Task.WaitAsync(GatewayHost.Patience);
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(_secondIsAsked.Task, Task.Delay(5));
        }
        _isOpen.SetResult();

        Assert.That((int)(await asking.WaitAsync(GatewayHost.Patience)).StatusCode, Is.EqualTo(200));
        Assert.That(upstream.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task AtMostItsShareOfTheRequestsIsHedged()
    {
        await using var upstream = await UpstreamAsync(HangAsync, AnswerAsync);
        await using var gateway = await GatewayHost.StartAsync(
            Pair("hedge_after: 800ms, hedge_max_share: 0.5, disable_cooldowns: true", ", stream_timeout: 20"), upstream, time: _time);

        using var first = await AskAsync(gateway, step: 0.02);
        using var second = await AskAsync(gateway, step: 0.02);

        Assert.That(((int)first.StatusCode, (int)second.StatusCode), Is.EqualTo((408, 200)));
    }

    [Test]
    public async Task AClientThatHangsUpCancelsBoth()
    {
        await using var upstream = await UpstreamAsync(HangAsync, HangAsync);
        await using var gateway = await GatewayHost.StartAsync(Pair("hedge_after: 800ms, hedge_max_share: 1"), upstream, time: _time);
        using var hangUp = new CancellationTokenSource();

        var body = new StringContent(Stream, Encoding.UTF8, "application/json");
        var asking = gateway.Http.PostAsync("/v1/chat/completions", body, hangUp.Token);
        while (!_secondIsAsked.Task.IsCompleted && await Task.WhenAny(_secondIsAsked.Task, asking, Task.Delay(1)) != asking)
            _time.Advance(TimeSpan.FromSeconds(0.1));
        await hangUp.CancelAsync();

        Assert.That(async () => await asking, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Told(await gateway.StopAndReadAsync()),
            Is.EqualTo(new[] { "first a 499 ClientDisconnected", "hedge b 499 ClientDisconnected" }));
    }

    [TestCase(Plain)]
    [TestCase(Stream)]
    public async Task ARequestThatIsSlowerThanTheLastOnesIsHedged(string question)
    {
        var isSlow = false;
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
            isSlow && http.Request.Path.StartsWithSegments("/a") ? HangAsync(http)
            : question == Plain ? ScriptedUpstream.SendAsync(http, Wire.Answer)
            : AnswerAsync(http));
        await using var gateway = await GatewayHost.StartAsync(
            Pair("hedge_after: p95, hedge_max_share: 1, retry_budget: {ratio: 10, floor: 1000}")
                .Replace("weight: 1,", "weight: 1000000000,"),
            upstream, time: _time);
        for (var i = 0; i < 60; i++)
            await (await AskAsync(gateway, question)).TextAsync();
        _time.Advance(TimeSpan.FromSeconds(1)); // what is known of the speed is so old at most
        isSlow = true;

        for (var i = 0; i < 8; i++)
        {
            using var response = await AskAsync(gateway, question);
            Assert.That(((int)response.StatusCode, response.Header("x-litellm-model-id")), Is.EqualTo((200, "b")));
        }
    }

    [TestCase("800ms", "00:00:00.8000000")]
    [TestCase("2", "00:00:02")]
    [TestCase("p95", "p95")]
    [TestCase("off", "off")]
    [TestCase("false", "off")]
    public void WhenToHedgeIsATimeOrAPercentileOrOff(string text, string expected)
    {
        var read = ConfigText.Read($"router_settings: {{hedge_after: {text}, hedge_max_share: 0.1}}");

        Assert.That(read.Said(), Is.Empty);
        var hedge = read.Config.Router.Hedge;
        Assert.That(hedge is null ? "off" : hedge.After?.ToString() ?? "p95", Is.EqualTo(expected));
        Assert.That(hedge?.MaxShare ?? 0.1, Is.EqualTo(0.1));
    }

    [TestCase("hedge_after: soon", "hedge_after: must be off, p95 or a time above 0, as 800ms, not 'soon'")]
    [TestCase("hedge_after: 0", "")]
    [TestCase("hedge_after: -1s", "not '-1s'")]
    [TestCase("hedge_max_share: 2", "hedge_max_share: must be a number from 0 to 1, not '2'")]
    public void AWrongTimeToHedgeIsReported(string settings, string said)
    {
        var read = ConfigText.Read($"router_settings: {{{settings}}}");

        Assert.That(read.Config.Router.Hedge, Is.Null);
        Assert.That(read.Said(), said.Length == 0 ? Is.Empty : Has.Exactly(1).Contains(said));
    }

    [Test]
    public async Task HoweverTwoCallsEndNothingIsLeftBehind()
    {
        const int Others = 1000; // calls that are in flight anyway: one that ended twice would show too
        var random = new Random(5);
        await using var upstream = await ScriptedUpstream.StartAsync(http => MisbehaveAsync(http, Next(random, 5), Next(random, 12)));
        const string Settings = "hedge_after: 3ms, hedge_max_share: 1, retry_budget: {ratio: 10, floor: 100}, disable_cooldowns: true";
        var yaml = Pair(Settings, ", stream_timeout: 0.1").Replace("num_retries: 0", "num_retries: 1").Replace("{upstream}", upstream.Url);
        var config = ConfigText.Read(yaml).Config;
        var catalog = ModelCatalog.Build(config, ConfigText.NoVariables, PriceBook.Embedded, DateTimeOffset.UnixEpoch.AddYears(56), []);
        var router = new Router(config.Router, TimeProvider.System, () => Next(random, 1000) / 1000.0);
        foreach (var deployment in catalog.Deployments)
        {
            for (var i = 0; i < Others; i++)
                router.Started(deployment);
        }
        var buffers = new BufferBudget(1 << 26);
        using var client = new UpstreamClient(buffers, TimeProvider.System);
        using var metrics = new GatewayMetrics(new(), NullLogger<GatewayMetrics>.Instance);
        using var folder = new TempFolder();
        await using var ledger = new SpendLedger(folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance);
        var attempts = new Attempts(router, client, ledger, metrics, TimeProvider.System, () => 0, default);

        var exchanges = new List<Exchange>();
        for (var round = 0; round < 20; round++)
            exchanges.AddRange(await Task.WhenAll(Enumerable.Range(0, 16).Select(_ =>
                RunAsync(attempts, new(config, catalog), Next(random, 3) == 0 ? Next(random, 30) : null))).WaitAsync(GatewayHost.Patience));

        Assert.That(catalog.Deployments.Select(router.InFlightAt), Is.All.EqualTo(Others));
        Assert.That(buffers.Used, Is.Zero);
        var all = exchanges.SelectMany(exchange => exchange.Attempts).ToArray();
        Assert.That(all.Where(attempt => attempt.ExceptionClass is null && attempt.Status != 200), Is.Empty, "each has ended");
        Assert.That(exchanges.Where(exchange => exchange.Attempts.Count(attempt => attempt.ExceptionClass is null) > 1), Is.Empty);
        Assert.That(all.Count(attempt => attempt.Kind == AttemptKind.Hedge), Is.GreaterThan(20));
        Assert.That(all.Select(attempt => attempt.ExceptionClass),
            Is.SupersetOf(new[] { null, Attempt.HedgeLost, Attempts.ClientDisconnected, "InternalServerError" }));
    }

    private static int Next(Random random, int most)
    {
        lock (random)
            return random.Next(most);
    }

    private static async Task MisbehaveAsync(HttpContext http, int how, int milliseconds)
    {
        await Task.Delay(milliseconds);
        if (how == 0)
            await Task.WhenAny(Task.Delay(Timeout.Infinite, http.RequestAborted));
        else if (how == 1)
            await FailAsync(http);
        else if (how == 2)
            http.Abort();
        else
            await AnswerAsync(http);
    }

    /// <summary>One request, as the pipeline makes and settles it; its client may hang up.</summary>
    private static async Task<Exchange> RunAsync(Attempts attempts, GatewaySnapshot snapshot, int? hangsUpAfter)
    {
        var dialect = new OpenAiDialect();
        dialect.Read(new(Encoding.UTF8.GetBytes(Stream)), out var request);
        var run = new AttemptRun
        {
            Snapshot = snapshot,
            Endpoint = new("/v1/chat/completions", dialect, Operation.Chat),
            Exchange = new() { Id = "x", StartedAt = DateTimeOffset.UnixEpoch, Caller = new() { KeyId = "", UserId = "u" }, Route = "/v1/chat/completions" },
            Request = request,
            Group = snapshot.Catalog.Resolve("m")!,
            ShownModel = "m",
        };
        using var money = run.Money = await FreeMoney.ForAsync(run, TimeProvider.System);
        using var client = new CancellationTokenSource();
        if (hangsUpAfter is { } milliseconds)
            client.CancelAfter(milliseconds);
        try
        {
            var outcome = await attempts.RunAsync(run, client.Token);
            if (outcome.Answer is null)
                return run.Exchange;
            attempts.Ended(run, outcome);
            outcome.Answer.Dispose();
        }
        catch (OperationCanceledException)
        {
            Assert.That(hangsUpAfter, Is.Not.Null);
        }
        return run.Exchange;
    }
}
