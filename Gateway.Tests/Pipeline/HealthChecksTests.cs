using System.Threading.Channels;
using Gateway.Catalog;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Pipeline;
using Gateway.Pricing;
using Gateway.Tests.Catalog;
using Gateway.Tests.Config;
using Gateway.Tests.Storage;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Pipeline;

/// <summary>Background health checks: when deployments are called, and what the router is told.</summary>
public sealed class HealthChecksTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(300);

    private readonly TempFolder _folder = new();
    private readonly TimerClock _clock = new();
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();
    private readonly Queue<double> _random = new();
    private ScriptedUpstream? _upstream;
    private UpstreamClient? _client;
    private SpendLedger? _ledger;
    private GatewaySnapshot? _current;
    private HealthChecks? _checks;
    private readonly TaskCompletionSource _hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _status = 200;
    private int _rounds;

    [TearDown]
    public async Task StopAsync()
    {
        if (_checks is not null)
            await _checks.DisposeAsync();
        if (_ledger is not null)
            await _ledger.DisposeAsync();
        _client?.Dispose();
        if (_upstream is not null)
            await _upstream.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task EveryDeploymentIsCalledOncePerIntervalAtAMomentOfItsOwn()
    {
        _random.Enqueue(0.1);
        _random.Enqueue(0.9);
        await StartAsync(Models("d1", "d2"));

        await _clock.UntilTimerAsync(TimeSpan.FromSeconds(3));
        await _clock.UntilTimerAsync(TimeSpan.FromSeconds(27));
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.That((await ToldAsync(), _upstream!.Requests.Count), Is.EqualTo(("d1 True", 1)));
        _clock.Advance(TimeSpan.FromSeconds(24));
        Assert.That((await ToldAsync(), _upstream!.Requests.Count), Is.EqualTo(("d2 True", 2)));

        _clock.Advance(Interval - TimeSpan.FromSeconds(27));
        await _clock.UntilTimerAsync(TimeSpan.FromSeconds(15));
        await _clock.UntilTimerAsync(TimeSpan.FromSeconds(15));
        _clock.Advance(TimeSpan.FromSeconds(15));
        await ToldAsync();
        await ToldAsync();
        Assert.That(_upstream.Requests, Has.Count.EqualTo(4));
    }

    [Test]
    public async Task WithHealthRoutingADeploymentIsKeptAwayFromUntilItAnswersAgain()
    {
        _status = 500;
        await StartAsync(Models("d1"), "enable_health_check_routing: true");

        Assert.That(await RoundAsync(), Is.EqualTo("d1 False"));
        Assert.That(_checks!.LastOf(_current!.Catalog.Deployments[0])!.Outcome, Is.EqualTo(HealthOutcome.Unhealthy));
        _status = 200;
        Assert.That(await RoundAsync(), Is.EqualTo("d1 True"));
    }

    [TestCase("", 500, "d1 False", Description = "health routing is off: whether it counts is the router's affair")]
    [TestCase("enable_health_check_routing: true", 429, "d1 False")]
    [TestCase("enable_health_check_routing: true, health_check_ignore_transient_errors: true", 429, "d1 True")]
    [TestCase("enable_health_check_routing: true, health_check_ignore_transient_errors: true", 500, "d1 False")]
    public async Task TheSettingsDecideWhatAFailedCheckMeansForRouting(string settings, int status, string told)
    {
        _status = status;
        await StartAsync(Models("d1"), settings);
        Assert.That(await RoundAsync(), Is.EqualTo(told));
    }

    [Test]
    public async Task ANewConfigCountsFromTheNextRoundOn()
    {
        _status = 500;
        await StartAsync(Models("d1"), "enable_health_check_routing: true");
        Assert.That(await RoundAsync(), Is.EqualTo("d1 False"));
        var old = _current!.Catalog.Deployments[0];

        Use(Models("d2"), "enable_health_check_routing: true");
        Assert.That(await RoundAsync(), Is.EqualTo("d2 False"));
        Assert.That(_checks!.LastOf(old), Is.Null);

        Use(Models("d2"), "enable_health_check_routing: true", background: false);
        _clock.Advance(Interval);
        Assert.That(await ToldAsync(), Is.EqualTo("d2 True"), "nothing is kept away from on old news");
        Assert.That(_checks.LastOf(_current!.Catalog.Deployments[0]), Is.Null);
        Assert.That(_upstream!.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task ChecksThatAreSwitchedOnByANewConfigBeginSoon()
    {
        await StartAsync(Models("d1"), background: false);
        await _clock.UntilTimerAsync(TimeSpan.FromSeconds(5));
        Use(Models("d1"));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.That(await RoundAsync(), Is.EqualTo("d1 True"));
    }

    [Test]
    public async Task ADeploymentThatIsLeftOutIsNotCalled()
    {
        await StartAsync(Models("d1", "d2").Replace("id: d1", "id: d1, disable_background_health_check: true"));
        Assert.That(await RoundAsync(), Is.EqualTo("d2 True"));
        Assert.That(_upstream!.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task StoppingDoesNotWaitForADeploymentThatHangs()
    {
        _status = 0;
        await StartAsync(Models("d1"));
        await _clock.UntilTimerAsync(TimeSpan.FromSeconds(15));
        _clock.Advance(TimeSpan.FromSeconds(15));
        await _hanging.Task.WaitAsync(GatewayHost.Patience);

        await _checks!.DisposeAsync().AsTask().WaitAsync(GatewayHost.Patience);
        _checks = null;
        _release.SetResult();
    }

    /// <summary>Lets the next round begin and its one check, half the spread later, end; says what the router was told.</summary>
    private async Task<string> RoundAsync()
    {
        if (_rounds++ > 0)
            _clock.Advance(Interval - TimeSpan.FromSeconds(15));
        await _clock.UntilTimerAsync(TimeSpan.FromSeconds(15));
        _clock.Advance(TimeSpan.FromSeconds(15));
        return await ToldAsync();
    }

    private async Task<string> ToldAsync() => await _told.Reader.ReadAsync().AsTask().WaitAsync(GatewayHost.Patience);

    private async Task StartAsync(string models, string settings = "", bool background = true)
    {
        _upstream = await ScriptedUpstream.StartAsync(AnswerAsync);
        _client = new UpstreamClient(new BufferBudget(1 << 20), _clock);
        _ledger = new SpendLedger(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance);
        Use(models, settings, background);
        var probes = new HealthProbes(
            () => _current!, new RequestChecks(null!, new Limiter(_clock, new()), _clock), _client, _ledger, _clock, default);
        _checks = new HealthChecks(
            () => _current!, probes, (deployment, isHealthy) => _told.Writer.TryWrite($"{deployment.Id} {isHealthy}"), _clock,
            () => _random.TryDequeue(out var number) ? number : 0.5, NullLogger<HealthChecks>.Instance);
        _checks.Start();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        if (_status == 0)
        {
            _hanging.TrySetResult();
            await _release.Task;
            return;
        }
        await ScriptedUpstream.SendAsync(http, _status == 200 ? Wire.Answer : """{"error":{"message":"no"}}""", _status);
    }

    private void Use(string models, string settings = "", bool background = true)
    {
        var general = $"general_settings: {{background_health_checks: {(background ? "true" : "false")}, {settings}}}\n";
        var config = ConfigText.Read(models.Replace("{upstream}", _upstream!.Url) + general).Config;
        _current = new GatewaySnapshot(
            config, ModelCatalog.Build(config, ConfigText.NoVariables, PriceBook.Embedded, CatalogFixture.Now, []));
    }

    private static string Models(params string[] ids) => "model_list:\n" + string.Concat(ids.Select(id =>
        "  - {model_name: m, litellm_params: {model: openai/x, api_base: \"{upstream}/v1\", api_key: k}, "
        + $"model_info: {{id: {id}}}}}\n"));
}
