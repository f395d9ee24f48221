using System.Net;
using Gateway.Tests.Pipeline;
using static Gateway.Tests.Reload.ReloadHost;

namespace Gateway.Tests.Reload;

/// <summary>What a reload changes for who is being served, and what survives it.</summary>
public sealed class RunningGatewayTests
{
    private const string AliceMay = "user_access:\n  - {user_id: alice, api_key: sk-alice-1234, max_budget: MONEY}\n";

    private readonly SafeClock _time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    [Test]
    public async Task ARequestFinishesOnADeploymentThatWasRemovedMeanwhile()
    {
        var arrived = new TaskCompletionSource();
        var mayAnswer = new TaskCompletionSource();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            arrived.SetResult();
            await mayAnswer.Task;
            await ScriptedUpstream.SendAsync(http, Wire.Answer);
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream, time: _time, fromFile: true);
        var running = gateway.ChatAsync(Wire.Question);
        await arrived.Task.WaitAsync(GatewayHost.Patience);
        gateway.Rewrite(One, _time);
        Assert.That(await gateway.StatusOfAsync("gpt-4o"), Is.EqualTo(400), "the model is gone for whoever comes now");

        mayAnswer.SetResult();
        using var response = await running;
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.TextAsync(), Does.Contain("a-secret-answer"));
        var rows = await gateway.StopAndReadAsync();
        Assert.That(rows.Single()["cost_nano_usd"], Is.EqualTo(20_000L), "and it is paid for at its own price");
    }

    [Test]
    public async Task ADeploymentThatStaysGoesOnCoolingDown()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            http.Response.Headers.RetryAfter = "120";
            return ScriptedUpstream.SendAsync(http, """{"error": {"message": "slow down"}}""", 429);
        });
        var yaml = Wire.OneModel.Replace("{upstream}", upstream.Url);
        await using var gateway = await StartAsync(yaml, _time);
        Assert.That(await gateway.StatusOfAsync("gpt-4o"), Is.EqualTo(429));
        gateway.Rewrite(yaml + "  - {model_name: two, litellm_params: {model: mock/echo}}\n", _time);
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
        Assert.That(await gateway.StatusOfAsync("gpt-4o"), Is.EqualTo(429));
        Assert.That(upstream.Requests, Has.Count.EqualTo(1), "the second was not sent on");
    }

    [Test]
    public async Task AKeyThatIsTakenAwayIsRefusedAtTheNextRequestOfTheSameConnection()
    {
        await using var gateway = await StartAsync(One + Wire.Keys, _time);
        Assert.That(await gateway.StatusOfAsync("one", Wire.Alice), Is.EqualTo(200));
        gateway.Rewrite(One + Wire.Keys.Replace(Wire.Alice, "sk-alice-new-one"), _time);
        Assert.That(await gateway.StatusOfAsync("one", Wire.Alice), Is.EqualTo(401));
        Assert.That(await gateway.StatusOfAsync("one", "sk-alice-new-one"), Is.EqualTo(200));

        gateway.Rewrite(One + Wire.Keys.Replace("user_id: alice", "user_id: alice, blocked: true"), _time);
        Assert.That(await gateway.StatusOfAsync("one", Wire.Alice), Is.EqualTo(401));
        gateway.Rewrite(One + Wire.Keys.Replace(Wire.Master, "sk-another-master"), _time);
        Assert.That((int)(await gateway.GetAsync("/metrics", Wire.Master)).StatusCode, Is.EqualTo(401));
        Assert.That((int)(await gateway.GetAsync("/metrics", "sk-another-master")).StatusCode, Is.EqualTo(200));
    }

    [Test]
    public async Task ABudgetCountsAtOnceAgainstWhatWasSpentBefore()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.DearAnswer);
        var yaml = Wire.OneModel.Replace("{upstream}", upstream.Url) + AliceMay;
        await using var gateway = await StartAsync(yaml.Replace("MONEY", "0.0012"), _time);
        Assert.That(await gateway.StatusOfAsync("gpt-4o", Wire.Alice), Is.EqualTo(200));
        Assert.That(await gateway.StatusOfAsync("gpt-4o", Wire.Alice), Is.EqualTo(429));
        gateway.Rewrite(yaml.Replace("MONEY", "0.0024"), _time);
        Assert.That(await gateway.StatusOfAsync("gpt-4o", Wire.Alice), Is.EqualTo(200));
        gateway.Rewrite(yaml.Replace("MONEY", "0.0023"), _time);
        Assert.That(await gateway.StatusOfAsync("gpt-4o", Wire.Alice), Is.EqualTo(429));
    }

    [Test]
    public async Task MetricsShowNewModelsUsersAndBudgets()
    {
        await using var gateway = await StartAsync(One + Master, _time);
        gateway.Rewrite(Two + Master + AliceMay.Replace("MONEY", "7"), _time);
        Assert.That(await gateway.StatusOfAsync("two", Wire.Alice), Is.EqualTo(200));
        var scrape = await gateway.ScrapeAsync(Wire.Master);
        var request = scrape.Of("litellm_proxy_total_requests_metric_total").Single();
        Assert.That((request.Labels["requested_model"], request.Labels["user"], request.Labels["model_id"]), Is.EqualTo(("two", "alice", "d2")));
        Assert.That(scrape.ValueOf("litellm_user_max_budget_metric"), Is.EqualTo("7"));
        Assert.That(scrape.Of("litellm_deployment_state").Select(line => line.Labels["model_id"]), Is.EquivalentTo((string[])["d1", "d2"]));
    }

    [Test]
    public async Task MetricsHaveRoomForAConfigThatGrowsManyTimes()
    {
        await using var gateway = await StartAsync(One + Master, _time);
        var users = string.Concat(Enumerable.Range(0, 300).Select(i => $"  - {{user_id: user-{i}, api_key: sk-user-key-{i}, max_budget: 1}}\n"));
        gateway.Rewrite(One + Master + "user_access:\n" + users, _time);
        var scrape = await gateway.ScrapeAsync(Wire.Master);
        Assert.That(scrape.Of("litellm_remaining_user_budget_metric"), Has.Length.EqualTo(300));
        Assert.That(scrape.Of("gateway_metric_series_overflow_total"), Is.Empty);
    }

    [Test]
    public async Task ANewUserWithoutAKeyGetsNoneUntilOneIsMinted()
    {
        await using var gateway = await StartAsync(One + Master, _time);
        gateway.Rewrite(One + Master + "user_access: [{user_id: carol}]", _time);
        var mint = new StringWriter();
        Assert.That(Gateway.Cli.KeyCommand.Run(
            Gateway.Cli.KeyCommand.Verb.Mint, gateway.DatabasePath, "carol", _time, mint, TextWriter.Null), Is.Zero);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await gateway.StatusOfAsync("one", mint.ToString().Trim()), Is.EqualTo(200));
        var rows = await gateway.StopAndReadAsync("SELECT * FROM keys");
        Assert.That(rows, Has.Count.EqualTo(1), "the reload minted none");
    }

    [Test]
    public async Task AShorterGraceCountsWhenTheGatewayStops()
    {
        var arrived = new TaskCompletionSource();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        var yaml = Wire.OneModel.Replace("{upstream}", upstream.Url);
        await using var gateway = await StartAsync(yaml + "general_settings: {shutdown_grace: 1h}\n", _time);
        var running = gateway.ChatAsync(Wire.Question);
        await arrived.Task.WaitAsync(GatewayHost.Patience);
        gateway.Rewrite(yaml + "general_settings: {shutdown_grace: 10ms}\n", _time);
        await gateway.StopAsync(); // fails when it takes longer than the tests' patience
        await Task.WhenAny(running).WaitAsync(GatewayHost.Patience);
        Assert.That(running.IsCompletedSuccessfully && running.Result.IsSuccessStatusCode, Is.False, "the request was cut off");
    }
}
