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

/// <summary>What requests use up of the rpm and tpm of deployments, and what they give back.</summary>
public sealed class DeploymentLimitTests
{
    private const string Question = """{"model":"m","messages":[]}""";
    private const string Stream = """{"model":"m","messages":[],"stream":true}""";

    private readonly SafeClock _time = new(DateTimeOffset.UnixEpoch.AddYears(56));

    /// <summary>A deployment that may be called once a minute.</summary>
    private static string OncePerMinute(string model) => $$"""
        model_list:
          - model_name: m
            litellm_params:
              {model: {{model}}, api_base: "{upstream}", api_key: k, rpm: 1,
              configurable_clientside_auth_params: [api_key, {api_base: "https://localhost.*"}]}
            model_info: {id: a}
        router_settings: {num_retries: 0, optional_pre_call_checks: [enforce_model_rate_limits]}

        """;

    [TestCase("openai/x", """{"model":"m","messages":[],"api_key":"not ascii: ä"}""", 400)]
    [TestCase("openai/x", """{"model":"m","messages":[],"api_key":"own","api_base":"https://localhost:9"}""", 500)]
    [TestCase("openai/x", """{"model":"m","messages":[],"api_base":"https://example.com"}""", 401)]
    [TestCase("replicate/x", Question, 501)]
    public async Task ARequestThatIsNotSentUsesUpNothing(string model, string question, int status)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(OncePerMinute(model), upstream, time: _time);

        for (var i = 0; i < 3; i++)
            using (var refused = await gateway.ChatAsync(question))
                Assert.That((int)refused.StatusCode, Is.EqualTo(status));

        if (status == 501)
            return;
        using var first = await gateway.ChatAsync(Question);
        using var second = await gateway.ChatAsync(Question);
        Assert.That(((int)first.StatusCode, (int)second.StatusCode), Is.EqualTo((200, 429)));
    }

    [Test]
    public async Task AClientThatHangsUpBeforeItsCallIsSentUsesUpNothing()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        var config = ConfigText.Read(OncePerMinute("openai/x").Replace("{upstream}", upstream.Url)).Config;
        var catalog = ModelCatalog.Build(config, ConfigText.NoVariables, PriceBook.Embedded, _time.GetUtcNow(), []);
        var router = new Router(config.Router, _time, () => 0);
        using var client = new UpstreamClient(new BufferBudget(1 << 20), _time);
        using var metrics = new GatewayMetrics(new(), NullLogger<GatewayMetrics>.Instance);
        using var folder = new TempFolder();
        await using var ledger = new SpendLedger(folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance);
        var attempts = new Attempts(router, client, ledger, metrics, _time, () => 0, default);
        var dialect = new OpenAiDialect();
        dialect.Read(new(Encoding.UTF8.GetBytes(Question)), out var request);
        var group = catalog.Resolve("m")!;
        var run = new AttemptRun
        {
            Snapshot = new(config, catalog),
            Endpoint = new("/v1/chat/completions", dialect, Operation.Chat),
            Exchange = new() { Id = "x", StartedAt = _time.GetUtcNow(), Route = "/v1/chat/completions" },
            Request = request,
            Group = group,
            ShownModel = "m",
        };

        run.Money = await FreeMoney.ForAsync(run, _time);

        Assert.That(async () => await attempts.RunAsync(run, new(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(run.Exchange.Attempts, Has.Count.EqualTo(1));
        Assert.That(router.InFlightAt(group.Deployments[0]), Is.Zero);
        Assert.That(router.Explain(group, default, out _), Is.Null);
    }

    [Test]
    public async Task TheTokensOfACallThatLostAgainstAnotherCount()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
            http.Request.Path.StartsWithSegments("/a") ? HangAsync(http) : AnswerAsync(http));
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: m
                litellm_params: {model: openai/x, api_base: "{upstream}/a", api_key: k, weight: 1000000000, tpm: 15}
                model_info: {id: a}
              - model_name: m
                litellm_params: {model: openai/x, api_base: "{upstream}/b", api_key: k, weight: 1}
                model_info: {id: b}
            router_settings: {num_retries: 0, hedge_after: 800ms, hedge_max_share: 1, optional_pre_call_checks: [enforce_model_rate_limits]}
            """, upstream, time: _time);

        using var first = await _time.PassUntilAsync(gateway, gateway.ChatAsync(Stream));
        using var second = await gateway.ChatAsync(Stream).WaitAsync(GatewayHost.Patience);

        var rows = await gateway.StopAndReadAsync();
        Assert.That(rows.Select(row => $"{row["kind"]} {row["deployment_id"]}"), Is.EqualTo(new[] { "first a", "hedge b", "first b" }));
        Assert.That(rows[0]["input_tokens"], Is.InRange(8L, 15L), "twice that is more than the limit");
    }

    private static async Task HangAsync(HttpContext http)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // the gateway hung up
        }
    }

    private static Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        return http.Response.WriteAsync($"data: {Wire.Finish}\n\ndata: {Wire.UsageChunk}\n\ndata: [DONE]\n\n");
    }
}
