using System.Collections.Concurrent;
using System.Collections.Immutable;
using Gateway.Catalog;
using Gateway.Config;

namespace Gateway.Pipeline;

/// <summary>Checks deployments in the background, where that is switched on, and keeps what was found.</summary>
/// <remarks>The settings and the deployments are those of the config at the beginning of each round.</remarks>
internal sealed partial class HealthChecks : IAsyncDisposable
{
    /// <summary>While background checks are off: how soon a reload that switches them on is noticed.</summary>
    private static readonly TimeSpan IdleLook = TimeSpan.FromSeconds(5);

    /// <summary>A round is spread over a tenth of the interval, and over no more than this.</summary>
    private static readonly TimeSpan MostSpread = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, HealthResult> _results = new(StringComparer.Ordinal);
    private readonly Func<GatewaySnapshot> _snapshot;
    private readonly HealthProbes _probes;
    private readonly Action<Deployment, bool> _setHealth;
    private readonly TimeProvider _time;
    private readonly Func<double> _random;
    private readonly ILogger<HealthChecks> _log;
    private Task _running = Task.CompletedTask;

    /// <param name="setHealth">Told after each check whether requests may go to a deployment.</param>
    /// <param name="random">Gives numbers uniform in [0, 1).</param>
    public HealthChecks(
        Func<GatewaySnapshot> snapshot, HealthProbes probes, Action<Deployment, bool> setHealth, TimeProvider time,
        Func<double> random, ILogger<HealthChecks> log)
    {
        _snapshot = snapshot;
        _probes = probes;
        _setHealth = setHealth;
        _time = time;
        _random = random;
        _log = log;
    }

    /// <summary>Begins; called once.</summary>
    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>What the last background check of a deployment found. Null: there was none yet, or it is switched off.</summary>
    public HealthResult? LastOf(Deployment deployment) => _results.GetValueOrDefault(deployment.Id);

    /// <summary>How deployments are: by the last background checks where those are switched on, else by checking now.</summary>
    /// <returns>Null: the gateway is stopping.</returns>
    /// <exception cref="OperationCanceledException">Whoever asked has gone.</exception>
    public Task<ImmutableArray<HealthResult>?> ReportAsync(HealthFilter filter, CancellationToken ct)
    {
        var current = _snapshot();
        return current.Config.General.BackgroundHealthChecks
            ? Task.FromResult<ImmutableArray<HealthResult>?>(
                [.. current.Catalog.Deployments.Where(filter.Matches).Select(deployment => LastOf(deployment) ?? Unknown(deployment))])
            : _probes.CheckAsync(filter, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private HealthResult Unknown(Deployment deployment) => HealthResult.NotChecked(
        deployment,
        deployment.Config.Info.DisableBackgroundHealthCheck ? "model_info.disable_background_health_check is set" : "not checked yet",
        _time.GetUtcNow());

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var general = _snapshot().Config.General;
                var next = Task.Delay(general.BackgroundHealthChecks ? general.HealthCheckInterval : IdleLook, _time, _stopping.Token);
                await RoundAsync(_snapshot());
                await next;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(_log, e);
                await PauseAsync();
            }
        }
    }

    /// <summary>After a bug: it may show again at once.</summary>
    private Task PauseAsync() => Task.Delay(IdleLook, _time, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);

    private async Task RoundAsync(GatewaySnapshot current)
    {
        var checks = current.Config.General.BackgroundHealthChecks
            ? current.Catalog.Deployments.Where(deployment => !deployment.Config.Info.DisableBackgroundHealthCheck).ToArray()
            : [];
        Forget(current, checks);
        await Task.WhenAll(checks.Select(deployment => CheckAsync(current, deployment)));
    }

    /// <summary>Drops what is known of deployments that are checked no more: requests may go to them again.</summary>
    private void Forget(GatewaySnapshot current, Deployment[] checks)
    {
        if (_results.IsEmpty)
            return;
        var ids = checks.Select(deployment => deployment.Id).ToHashSet();
        foreach (var id in _results.Keys.Where(id => !ids.Contains(id)))
            _results.TryRemove(id, out _);
        foreach (var deployment in current.Catalog.Deployments.Where(deployment => !ids.Contains(deployment.Id)))
            _setHealth(deployment, true);
    }

    private async Task CheckAsync(GatewaySnapshot current, Deployment deployment)
    {
        var general = current.Config.General;
        var spread = general.HealthCheckInterval / 10;
        await Task.Delay((spread < MostSpread ? spread : MostSpread) * _random(), _time, _stopping.Token);
        var result = await _probes.ProbeAsync(current, deployment, _time.GetTimestamp(), _stopping.Token);
        Tell(deployment, LastOf(deployment)?.Outcome, result);
        _results[deployment.Id] = result;
        _setHealth(deployment, MayBeCalled(general, result));
    }

    private static bool MayBeCalled(GeneralSettings general, HealthResult result) =>
        result.Outcome != HealthOutcome.Unhealthy || general.HealthCheckIgnoreTransientErrors && result.IsTransient;

    private void Tell(Deployment deployment, HealthOutcome? before, HealthResult now)
    {
        if (now.Outcome == HealthOutcome.Unhealthy && before != HealthOutcome.Unhealthy)
            LogBroken(_log, deployment.Id, deployment.ModelName, now.Status);
        else if (now.Outcome == HealthOutcome.Healthy && before == HealthOutcome.Unhealthy)
            LogAnswers(_log, deployment.Id, deployment.ModelName);
    }

    [LoggerMessage(1, LogLevel.Warning,
        "Deployment {ModelId} of {ModelName} failed its health check with status {Status}; GET /health says why")]
    private static partial void LogBroken(ILogger log, string modelId, string modelName, int status);

    [LoggerMessage(2, LogLevel.Information, "Deployment {ModelId} of {ModelName} passed its health check again")]
    private static partial void LogAnswers(ILogger log, string modelId, string modelName);

    [LoggerMessage(3, LogLevel.Error, "A round of health checks failed by a bug in the gateway")]
    private static partial void LogFailed(ILogger log, Exception exception);
}
