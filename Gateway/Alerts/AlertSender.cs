using System.Globalization;
using System.Threading.Channels;
using Gateway.Config;
using Gateway.Limits;

namespace Gateway.Alerts;

/// <summary>
/// Tells the operator what budgets cross: an event in the log each time, and a call of each webhook that the config names. In the
/// background: whoever spends does not wait for it.
/// </summary>
public sealed partial class AlertSender : IAsyncDisposable
{
    /// <summary>A stop waits so long for what is left; an orchestrator kills a process that takes ten.</summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(3);

    /// <summary>A receiver that does not accept a connection by then is down.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Connections are renewed now and then so that changes of DNS are followed.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);

    private readonly ChannelReader<BudgetAlert> _alerts;
    private readonly Func<AlertSettings> _settings;
    private readonly TimeProvider _machineTime;
    private readonly ILogger _log;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseCookies = false,
        UseProxy = false,
        AllowAutoRedirect = false, // a signed call goes where the config says
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = ConnectionLifetime,
        ActivityHeadersPropagator = null,
    });

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly WebhookLane _slack;
    private readonly WebhookLane _webhook;
    private readonly Task _running;

    /// <summary>Begins to read.</summary>
    /// <param name="settings">Asked for each alert, so that a new config counts from the next one on.</param>
    /// <param name="random">Uniform in [0, 1).</param>
    /// <param name="machineTime">By which a stop ends, whatever <paramref name="time"/> does.</param>
    public AlertSender(
        ChannelReader<BudgetAlert> alerts, Func<AlertSettings> settings, TimeProvider time, Func<double> random, ILogger<AlertSender> log,
        TimeProvider machineTime)
    {
        (_alerts, _settings, _machineTime, _log) = (alerts, settings, machineTime, log);
        _slack = new("slack", _http, time, random, log, _stopping.Token, _cut.Token);
        _webhook = new("webhook", _http, time, random, log, _stopping.Token, _cut.Token);
        _running = Task.WhenAll(Task.Run(ReadAsync), Task.Run(_slack.RunAsync), Task.Run(_webhook.RunAsync));
    }

    /// <summary>Sends what is left, each once more, for a few seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        try
        {
            await _running.WaitAsync(StopTime, _machineTime);
        }
        catch (TimeoutException)
        {
            await _cut.CancelAsync();
            await _running;
        }
        _http.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _alerts.WaitToReadAsync(_stopping.Token))
                TellAll();
        }
        catch (OperationCanceledException)
        {
            TellAll();
        }
        _slack.Complete();
        _webhook.Complete();
    }

    private void TellAll()
    {
        while (_alerts.TryRead(out var alert))
        {
            try
            {
                Tell(alert);
            }
            catch (Exception e)
            {
                NotTold(_log, e); // the background loop goes on
            }
        }
    }

    private void Tell(BudgetAlert alert)
    {
        var (facts, settings) = (alert.Facts, _settings());
        Crossed(_log, AlertText.GroupOf(facts.Subject.Kind), AlertText.Printable(facts.Name), AlertText.Printable(facts.Model ?? "any"),
            AlertText.PercentOf(alert.Crossed) is { } percent ? string.Create(CultureInfo.InvariantCulture, $"{percent} %") : "soft_budget",
            facts.Spent, facts.Limit, facts.Period?.Text, facts.PeriodEnd, AlertText.ExhaustedAt(alert));
        foreach (var url in settings.SlackUrls)
            _slack.Post(new(url, null, AlertBody.ForSlack(alert)));
        if (settings.WebhookUrl is { } webhook)
            _webhook.Post(new(webhook, settings.WebhookSecret, AlertBody.ForWebhook(alert)));
    }

    [LoggerMessage(1, LogLevel.Warning, "The budget of {Kind} {Name} for model {Model} crossed {Threshold}: {Spent} of {Limit} USD were spent, "
        + "per {Period}, until {ResetsAt}; exhausted at {ExhaustedAt} at the last hour's pace")]
    private static partial void Crossed(
        ILogger log, string kind, string name, string model, string threshold, NanoUsd spent, NanoUsd? limit, string? period,
        DateTimeOffset? resetsAt, DateTimeOffset? exhaustedAt);

    [LoggerMessage(2, LogLevel.Error, "An alert could not be told")]
    private static partial void NotTold(ILogger log, Exception e);
}
