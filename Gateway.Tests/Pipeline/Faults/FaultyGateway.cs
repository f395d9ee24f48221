using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Telemetry;

namespace Gateway.Tests.Pipeline.Faults;

/// <summary>
/// A gateway whose deployments <c>one</c> (alone), <c>a</c> (of a pair) and <c>x</c> (of a group with a fallback) lead to a provider
/// that does as a script says, while <c>b</c> (the pair's other) and <c>c</c> (the fallback) are well.
/// </summary>
internal sealed class FaultyGateway : IAsyncDisposable
{
    private const string Config = """
        model_list:
          - model_name: one
            litellm_params: &broken
              {model: openai/gpt-4o-2024, api_base: "{faulty}/one", api_key: key-of-one, timeout: 30, num_retries: 0,
               input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}
            model_info: {id: one}
          - model_name: pair
            litellm_params: {<<: *broken, api_base: "{faulty}/a", num_retries: 1, weight: 1000000000}
            model_info: {id: a}
          - model_name: pair
            litellm_params: {<<: *broken, api_base: "{healthy}/b", num_retries: 1, weight: 1}
            model_info: {id: b}
          - model_name: first
            litellm_params: {<<: *broken, api_base: "{faulty}/x"}
            model_info: {id: x}
          - model_name: second
            litellm_params: {<<: *broken, api_base: "{healthy}/c"}
            model_info: {id: c}
        router_settings:
          fallbacks: [{first: [second]}]
        litellm_settings: {callbacks: [prometheus]}

        """;

    /// <summary>The gateway's time at its start.</summary>
    public static readonly DateTimeOffset Start = new(2026, 12, 1, 10, 0, 0, TimeSpan.Zero);

    /// <summary>Bound and not listening: a port that stays refused as long as it is held.</summary>
    private readonly Socket _refusing = new(SocketType.Stream, ProtocolType.Tcp);

    private readonly CancellationTokenSource _done = new();
    private RawUpstream _healthy = null!;
    private Task _passing = Task.CompletedTask;
    private bool _timePasses;

    private FaultyGateway() => Time.SetUtcNow(Start);

    public TimerClock Time { get; } = new();
    public GatewayHost Host { get; private set; } = null!;
    public RawUpstream Faulty { get; private set; } = null!;

    /// <summary>The calls in order of arrival: the deployment, and seconds since the start.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <param name="timePasses">False: time passes only as the test says, and no time limit ends what hangs.</param>
    /// <param name="config">Other deployments than those above, at <c>{faulty}</c> and at <c>{healthy}</c>.</param>
    public static async Task<FaultyGateway> StartAsync(
        Func<RawConnection, Task> script, Target target = Target.Script, bool timePasses = true, string config = Config)
    {
        var gateway = new FaultyGateway { _timePasses = timePasses };
        gateway._refusing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        gateway.Faulty = new RawUpstream(gateway.Noting(script), target == Target.SelfSigned);
        gateway._healthy = new RawUpstream(gateway.Noting(AnswerAsync));
        var url = target switch
        {
            Target.Refused => $"http://{gateway._refusing.LocalEndPoint}",
            Target.UnknownHost => "http://gateway-test.invalid",
            Target.PlainPort or Target.SelfSigned => $"https://{gateway.Faulty.Address}",
            _ => $"http://{gateway.Faulty.Address}",
        };
        gateway.Host = await GatewayHost.StartAsync(
            config.Replace("{faulty}", url).Replace("{healthy}", $"http://{gateway._healthy.Address}"), time: gateway.Time,
            change: options => options with { Random = static () => 0 }); // waits without jitter, and the first of a pair
        gateway._passing = gateway.LetTimePassAsync();
        return gateway;
    }

    private Func<RawConnection, Task> Noting(Func<RawConnection, Task> script) => up =>
    {
        Calls.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{up.Deployment} {(Time.GetUtcNow() - Start).TotalSeconds:0.###}"));
        return script(up);
    };

    /// <summary>What a provider that is well does.</summary>
    public static async Task AnswerAsync(RawConnection up)
    {
        if (!up.IsStream)
        {
            await up.SendAsync(200, "application/json", Wire.Answer);
            return;
        }
        await up.BeginAsync("text/event-stream");
        foreach (var payload in new[] { Wire.Chunk("well"), Wire.Finish, Wire.UsageChunk, "[DONE]" })
            await up.EventAsync(payload);
        await up.EndAsync();
    }

    /// <summary>The body of a request.</summary>
    /// <summary>
    /// What a call is booked at that was sent and given up before anything came: its input, and all that a whole answer can hold; the model
    /// is unknown, so that is default_max_output_tokens.
    /// </summary>
    public static string Unseen(string model, bool isStream) =>
        $"{(Ask(model, isStream).Length + 3) / 4 * 1000 + (isStream ? 0 : 4096 * 2000)} estimated";

    public static string Ask(string model, bool isStream, string more = "") =>
        (isStream ? Wire.StreamQuestion : Wire.Question).Replace("gpt-4o", model).Replace("\"messages\"", more + "\"messages\"");

    public Task<HttpResponseMessage> ChatAsync(string model, bool isStream, string more = "") => Host.ChatAsync(Ask(model, isStream, more));

    /// <summary>Asks and reads the whole answer; the metrics know of it when the next request is made.</summary>
    public async Task<HttpResponseMessage> AskAsync(string model, bool isStream, string more = "")
    {
        var response = await ChatAsync(model, isStream, more);
        await response.Content.LoadIntoBufferAsync();
        return response;
    }

    /// <summary>
    /// Time passes while the provider is silent, a third of the time limit at once. Then the gateway is given time to react, so that
    /// what it does next does not run out of time, too.
    /// </summary>
    private async Task LetTimePassAsync()
    {
        for (var steps = 0; !_done.IsCancellationRequested;)
        {
            if (_timePasses && Faulty.Hanging > 0)
            {
                Time.Advance(TimeSpan.FromSeconds(10));
                steps++;
            }
            await Task.Delay(steps % 3 == 0 && steps > 0 ? 300 : 5);
        }
    }

    /// <summary>Failures as the metrics count them: deployment, status, class.</summary>
    public async Task<(string[] Failures, string[] CooledDown)> MetricsAsync()
    {
        var text = await ScrapeAsync();
        return (
            Series(text, "litellm_deployment_failure_responses_total", "model_id", "exception_status", "exception_class"),
            Series(text, "litellm_deployment_cooled_down_total", "model_id"));
    }

    /// <summary>Calls that were answered as the metrics count them: deployment, how many, tokens in and out, USD.</summary>
    public async Task<string[]> AnsweredAsync()
    {
        var text = await ScrapeAsync();
        string[] what = ["deployment_success_responses", "input_tokens_metric", "output_tokens_metric", "spend_metric"];
        return [.. text.Of($"litellm_{what[0]}_total").Select(line => line.Labels["model_id"]).Order().Select(id =>
            string.Join(' ', [id, .. what.Select(name =>
                text.Of($"litellm_{name}_total").Single(line => line.Labels["model_id"] == id).Value)]))];
    }

    /// <summary>The value of the only series of a metric.</summary>
    public async Task<string> MetricAsync(string name) => (await ScrapeAsync()).ValueOf(name);

    private async Task<ScrapeText> ScrapeAsync()
    {
        using var response = await Host.GetAsync("/metrics");
        return new ScrapeText(await response.TextAsync(), "");
    }

    private static string[] Series(ScrapeText text, string name, params string[] labels) =>
        [.. text.Of(name).Select(line => string.Join(' ', [.. labels.Select(label => line.Labels[label]), line.Value])).Order()];

    /// <summary>Stops the gateway, looks whether it left anything behind, and reads the ledger.</summary>
    public async Task<string[]> StopAndReadAsync()
    {
        var app = Host.App;
        var rows = await Host.StopAndReadAsync();
        Assert.That(app.Load, Is.EqualTo((0, 0L)), "calls in flight and bytes buffered");
        await Faulty.WhenClosedAsync();
        await _healthy.WhenClosedAsync();
        return [.. rows.Select(row => string.Join(' ', row["deployment_id"], row["kind"], row["status"], row["exception_class"] ?? "-",
            row["cost_nano_usd"], (long)row["is_estimated"]! == 1 ? "estimated" : "exact"))];
    }

    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync();
        await _passing;
        await Host.DisposeAsync();
        await Faulty.DisposeAsync();
        await _healthy.DisposeAsync();
        _refusing.Dispose();
        _done.Dispose();
    }
}
