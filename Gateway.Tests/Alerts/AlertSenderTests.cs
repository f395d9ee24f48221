using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Gateway.Alerts;
using Gateway.Config;
using Gateway.Limits;
using Gateway.Tests.Ledger;
using Gateway.Tests.Limits;
using static Gateway.Tests.Limits.LimitFixture;

namespace Gateway.Tests.Alerts;

public sealed class AlertSenderTests
{
    private const string Signing = "a-secret-that-signs";

    private readonly Channel<BudgetAlert> _alerts = Channel.CreateUnbounded<BudgetAlert>();
    private readonly RecordingLogger<AlertSender> _log = new();
    private readonly TimerClock _time = new();
    private readonly TimerClock _machineTime = new();
    private AlertSettings _settings = new();

    [TearDown]
    public void NoSecretWasLogged() =>
        Assert.That(string.Join('\n', _log.Messages), Does.Not.Contain("secret").And.Not.Contain("127.0.0.1"));

    [Test]
    public async Task EachThresholdOfABudgetIsToldOnce()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        _settings = new() { WebhookUrl = Secret.Of(receiver.Url) };
        var limits = new LimitFixture(TimeSpan.Zero);
        await using var sender = Start(limits.Limiter.Alerts);
        var user = User(Budget(100_000_000, "30d") with { SoftBudget = new NanoUsd(50_000_000) });

        foreach (var cost in new[] { 40, 20, 25, 5, 7, 3 })
            limits.Spend(Fixed(cost * 1_000_000, user), cost * 1_000_000);

        var events = new List<JsonElement>();
        for (var i = 0; i < 4; i++)
            events.Add(JsonDocument.Parse((await receiver.NextAsync()).Body).RootElement);
        await sender.DisposeAsync();
        Assert.Multiple(() =>
        {
            Assert.That(receiver.Count, Is.EqualTo(4));
            Assert.That(events.Select(e => e.GetProperty("event").GetString()), Is.EqualTo((string[])
                ["soft_budget_crossed", "threshold_crossed", "threshold_crossed", "budget_crossed"]));
            Assert.That(events.Skip(1).Select(e => e.GetProperty("threshold_percent").GetInt32()), Is.EqualTo((int[])[80, 95, 100]));
            Assert.That(events.Select(e => e.GetProperty("spend").GetDecimal()), Is.EqualTo((decimal[])[0.06m, 0.085m, 0.097m, 0.1m]));
            Assert.That(events.Select(e => e.GetProperty("id").GetString()).Distinct().Count(), Is.EqualTo(4));
            Assert.That(_log.Messages, Has.Count.EqualTo(4).And.All.Contains("The budget of user alice for model any crossed"));
            Assert.That(_log.Messages[1], Does.Contain("80 %: 0.085 of 0.1 USD were spent, per 30d"));
        });
        var last = events[3];
        Assert.Multiple(() =>
        {
            Assert.That(last.GetProperty("event_group").GetString(), Is.EqualTo("user"));
            Assert.That(last.GetProperty("user_id").GetString(), Is.EqualTo("alice"));
            Assert.That(last.GetProperty("max_budget").GetDecimal(), Is.EqualTo(0.1m));
            Assert.That(last.GetProperty("budget_reset_at").GetDateTimeOffset(), Is.EqualTo(new DateTimeOffset(2026, 12, 1, 0, 0, 0, default)));
            Assert.That(last.GetProperty("text").GetString(),
                Is.EqualTo("Budget of user alice: it is exhausted, 0.10 of 0.10 USD per 30d; it resets at 2026-12-01 00:00Z."));
        });
    }

    [Test]
    public async Task ACallIsSignedWithItsTime()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        _settings = new() { WebhookUrl = Secret.Of(receiver.Url), WebhookSecret = Secret.Of(Signing) };
        await using var sender = Start();
        _alerts.Writer.TryWrite(Alert());

        var call = await receiver.NextAsync();

        var time = _time.GetUtcNow().ToUnixTimeSeconds();
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Signing), Encoding.UTF8.GetBytes($"{time}.{call.Body}"));
        Assert.That(call.Headers["x-gateway-signature"], Is.EqualTo($"t={time},v1={Convert.ToHexStringLower(expected)}"));
        Assert.That(call.Headers["content-type"], Is.EqualTo("application/json"));
    }

    [Test]
    public async Task SlackGetsTextAloneInWhichNamesAreNoCommands()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        _settings = new() { SlackUrls = [Secret.Of(receiver.Url)], WebhookSecret = Secret.Of(Signing) };
        await using var sender = Start();
        _alerts.Writer.TryWrite(Alert(new Subject(SubjectKind.EndUser, "<!channel>\n&")));

        var call = await receiver.NextAsync();

        Assert.That(call.Body, Is.EqualTo(
            """{"text":"Budget of end user &lt;!channel&gt;?&amp;: 80 % are spent, 0.80 of 1.00 USD; it does not reset."}"""));
        Assert.That(call.Headers, Does.Not.ContainKey("x-gateway-signature"));
        Assert.That(call.Path, Is.EqualTo("/services/secret-path"));
        Assert.That(_log.Messages.Single(), Does.Contain("<!channel>?&"));
    }

    [Test]
    public async Task AReceiverThatFailsIsCalledAgainLaterAndLater()
    {
        await using var receiver = await WebhookReceiver.StartAsync(500, 408, 503);
        _settings = new() { WebhookUrl = Secret.Of(receiver.Url), WebhookSecret = Secret.Of(Signing) };
        await using var sender = Start();
        _alerts.Writer.TryWrite(Alert());

        var calls = new List<UpstreamRequest> { await receiver.NextAsync() };
        foreach (var seconds in new[] { 1, 2, 4 })
        {
            await _time.UntilTimerAsync(TimeSpan.FromSeconds(seconds));
            _time.Advance(TimeSpan.FromSeconds(seconds));
            calls.Add(await receiver.NextAsync());
        }

        Assert.That(calls.Select(call => call.Body).Distinct().Count(), Is.EqualTo(1));
        Assert.That(calls.Select(call => call.Headers["x-gateway-signature"]).Distinct().Count(), Is.EqualTo(4));
        await sender.DisposeAsync();
        Assert.That((receiver.Count, _log.Messages.Count), Is.EqualTo((4, 1)));
    }

    [Test]
    public async Task AReceiverSaysItselfWhenItWantsToBeCalledAgain()
    {
        await using var receiver = await WebhookReceiver.StartAsync(429);
        receiver.RetryAfter = "7";
        _settings = new() { SlackUrls = [Secret.Of(receiver.Url)] };
        await using var sender = Start();
        _alerts.Writer.TryWrite(Alert());

        await receiver.NextAsync();
        await _time.UntilTimerAsync(TimeSpan.FromSeconds(7));
        _time.Advance(TimeSpan.FromSeconds(7));

        Assert.That((await receiver.NextAsync()).Body, Does.StartWith("""{"text":"""));
    }

    [Test]
    public async Task AReceiverThatRefusesIsLeftAlone()
    {
        await using var receiver = await WebhookReceiver.StartAsync(404);
        _settings = new() { WebhookUrl = Secret.Of(receiver.Url) };
        await using var sender = Start();
        _alerts.Writer.TryWrite(Alert());
        _alerts.Writer.TryWrite(Alert(crossed: BudgetAlerts.Exhausted));

        var first = await receiver.NextAsync();
        var second = await receiver.NextAsync();
        await sender.DisposeAsync();

        Assert.That(second.Body, Is.Not.EqualTo(first.Body));
        Assert.That(receiver.Count, Is.EqualTo(2));
        Assert.That(_log.Messages, Has.Exactly(1).EqualTo("An alert was not sent to webhook after 1 tries: it answered 404"));
    }

    [Test]
    public async Task AReceiverThatStaysDownIsGivenUp()
    {
        await using var receiver = await WebhookReceiver.StartAsync(500, 500, 500, 500, 500, 500, 500, 500);
        _settings = new() { WebhookUrl = Secret.Of(receiver.Url) };
        await using var sender = Start();
        _alerts.Writer.TryWrite(Alert());

        for (var i = 1; i < WebhookLane.MostTries; i++)
        {
            await receiver.NextAsync();
            var wait = TimeSpan.FromSeconds(Math.Min(60, 1 << (i - 1)));
            await _time.UntilTimerAsync(wait);
            _time.Advance(wait);
        }
        await receiver.NextAsync();
        _alerts.Writer.TryWrite(Alert(crossed: BudgetAlerts.Exhausted));
        Assert.That((await receiver.NextAsync()).Body, Does.Contain("budget_crossed"));
        Assert.That(_log.Messages, Has.Exactly(1).EqualTo("An alert was not sent to webhook after 8 tries: it answered 500"));
    }

    [Test]
    public async Task OneThatIsNotReachedIsNotNamedInTheLog()
    {
        _settings = new() { SlackUrls = [Secret.Of("http://127.0.0.1:1/secret-path")] };
        var sender = Start();
        _alerts.Writer.TryWrite(Alert());
        await _time.UntilTimerAsync(TimeSpan.FromSeconds(1));
        await sender.DisposeAsync();
        Assert.That(_log.Messages[^1], Is.EqualTo("An alert was not sent to slack after 2 tries: it was not reached (ConnectionError)"));
    }

    [Test]
    public async Task AStopSendsWhatIsLeft()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        _settings = new() { WebhookUrl = Secret.Of(receiver.Url), SlackUrls = [Secret.Of(receiver.Url)] };
        for (var i = 0; i < 5; i++)
            _alerts.Writer.TryWrite(Alert(new Subject(SubjectKind.Team, $"team-{i}")));
        await Start().DisposeAsync();
        Assert.That(receiver.Count, Is.EqualTo(10));
    }

    [Test]
    public async Task AStopDoesNotWaitLongForAReceiverThatHangs()
    {
        var gate = new TaskCompletionSource();
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Gate = gate.Task;
        _settings = new() { WebhookUrl = Secret.Of(receiver.Url) };
        var sender = Start();
        _alerts.Writer.TryWrite(Alert());
        await receiver.NextAsync();

        var stopping = sender.DisposeAsync().AsTask();
        await _machineTime.UntilTimerAsync(TimeSpan.FromSeconds(3));
        Assert.That(stopping.IsCompleted, Is.False);
        _machineTime.Advance(TimeSpan.FromSeconds(3));
        await stopping.WaitAsync(GatewayHost.Patience);
        gate.SetResult();

        Assert.That(_log.Messages[^1], Does.Contain("the gateway stopped"));
    }

    [Test]
    public async Task ASlackThatHangsDoesNotHoldUpTheWebhook()
    {
        var gate = new TaskCompletionSource();
        await using WebhookReceiver slack = await WebhookReceiver.StartAsync(), webhook = await WebhookReceiver.StartAsync();
        slack.Gate = gate.Task;
        _settings = new() { WebhookUrl = Secret.Of(webhook.Url), SlackUrls = [Secret.Of(slack.Url)] };
        await using var sender = Start();
        _alerts.Writer.TryWrite(Alert());
        _alerts.Writer.TryWrite(Alert(crossed: BudgetAlerts.Exhausted));

        await slack.NextAsync();
        await webhook.NextAsync();
        Assert.That((await webhook.NextAsync()).Body, Does.Contain("budget_crossed"));
        gate.SetResult();
    }

    [Test]
    public async Task ANewConfigCountsFromTheNextAlertOn()
    {
        await using WebhookReceiver before = await WebhookReceiver.StartAsync(), after = await WebhookReceiver.StartAsync();
        _settings = new() { WebhookUrl = Secret.Of(before.Url) };
        await using var sender = Start();
        _alerts.Writer.TryWrite(Alert());
        await before.NextAsync();
        _settings = new() { WebhookUrl = Secret.Of(after.Url) };
        _alerts.Writer.TryWrite(Alert(crossed: BudgetAlerts.Exhausted));
        Assert.That((await after.NextAsync()).Body, Does.Contain("budget_crossed"));
        Assert.That(before.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task AKeyIsShownByItsAliasAndHashAndAModelByItsName()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        _settings = new() { WebhookUrl = Secret.Of(receiver.Url) };
        await using var sender = Start();
        var alert = Alert(new Subject(SubjectKind.Key, new string('a', 64)));
        _alerts.Writer.TryWrite(alert with
        {
            Facts = alert.Facts with { Name = "laptop", Model = "gpt-4o", BurnPerHour = new(200_000_000), ExhaustedIn = TimeSpan.FromHours(1) },
        });

        var json = JsonDocument.Parse((await receiver.NextAsync()).Body).RootElement;

        string? Of(string name) => json.GetProperty(name).GetString();
        Assert.Multiple(() =>
        {
            Assert.That((Of("key_alias"), Of("token"), Of("model")), Is.EqualTo(("laptop", new string('a', 64), "gpt-4o")));
            Assert.That(json.GetProperty("projected_exceeded_date").GetDateTimeOffset(), Is.EqualTo(alert.Time.AddHours(1)));
            Assert.That(Of("event_message"), Is.EqualTo("Budget of key laptop for the model gpt-4o: 80 % are spent, 0.80 of 1.00 USD; "
                + $"it does not reset. At the last hour's pace it is exhausted at {alert.Time.AddHours(1).UtcDateTime:yyyy-MM-dd HH:mm}Z."));
        });
    }

    private AlertSender Start(ChannelReader<BudgetAlert>? alerts = null) =>
        new(alerts ?? _alerts.Reader, () => _settings, _time, () => 0, _log, _machineTime);

    /// <summary>80 % of a dollar.</summary>
    private BudgetAlert Alert(Subject? subject = null, BudgetAlerts crossed = BudgetAlerts.Percent80)
    {
        var holder = subject ?? new Subject(SubjectKind.User, "alice");
        return new(crossed, new SubjectFacts
        {
            Subject = holder,
            Name = holder.Id,
            Spent = NanoUsd.FromUsd(0.8m),
            Limit = NanoUsd.FromUsd(1m),
        }, _time.GetUtcNow());
    }
}
