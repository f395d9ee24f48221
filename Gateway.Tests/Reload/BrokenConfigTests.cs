using System.Net;
using static Gateway.Tests.Reload.ReloadHost;

namespace Gateway.Tests.Reload;

/// <summary>A config with errors, or one that opens doors, leaves the one before in place and says so.</summary>
public sealed class BrokenConfigTests
{
    private const string Users = "user_access: [{user_id: alice, api_key: sk-alice-1234}]\n";

    private readonly SafeClock _time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    [TestCase("model_list: [")]
    [TestCase("")]
    [TestCase("just text")]
    [TestCase("include: [missing.yaml]")]
    [TestCase("include: 5")]
    public async Task TheGatewayGoesOnSaysSoAndRecovers(string broken)
    {
        await using var gateway = await StartAsync(One, _time);
        _time.Advance(TimeSpan.FromSeconds(10));
        gateway.Rewrite(broken, _time);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.That(await gateway.StatusOfAsync("one"), Is.EqualTo(200));
        var ready = await gateway.ReadinessAsync();
        Assert.That(ready.GetProperty("status").GetString(), Is.EqualTo("degraded"));
        var config = ready.GetProperty("config");
        Assert.That(config.GetProperty("status").GetString(), Is.EqualTo("reload failed"));
        Assert.That(config.GetProperty("since").GetDateTimeOffset(), Is.EqualTo(new DateTimeOffset(2026, 11, 24, 12, 0, 11, TimeSpan.Zero)));
        Assert.That(config.GetProperty("message").GetString(), Does.StartWith("config.yaml has an error; ").And.Not.Contain(gateway.Folder));
        var scrape = await gateway.ScrapeAsync();
        Assert.That(scrape.ValueOf("gateway_config_last_reload_successful"), Is.EqualTo("0"));
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("0 0 1"));

        gateway.Rewrite(Two, _time);
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
        ready = await gateway.ReadinessAsync();
        Assert.That(ready.GetProperty("status").GetString(), Is.EqualTo("healthy"));
        Assert.That(ready.GetProperty("config").GetProperty("status").GetString(), Is.EqualTo("loaded"));
        Assert.That(ready.GetProperty("config").TryGetProperty("message", out _), Is.False);
        scrape = await gateway.ScrapeAsync();
        Assert.That(scrape.ValueOf("gateway_config_last_reload_successful"), Is.EqualTo("1"));
        Assert.That(double.Parse(scrape.ValueOf("gateway_config_last_reload_success_timestamp_seconds")),
            Is.EqualTo(_time.GetUtcNow().ToUnixTimeSeconds()));
    }

    [Test]
    public async Task AFileThatGoesBackToWhatRunsIsGoodAgain()
    {
        await using var gateway = await StartAsync(One, _time);
        gateway.Rewrite("model_list: [", _time);
        gateway.Rewrite(One, _time);
        Assert.That((await gateway.ReadinessAsync()).GetProperty("status").GetString(), Is.EqualTo("healthy"));
    }

    [Test]
    public async Task KeysThatAreGoneDoNotOpenTheGateway()
    {
        await using var gateway = await StartAsync(One + Users, _time);
        gateway.Rewrite(One, _time);
        Assert.That(await gateway.StatusOfAsync("one"), Is.EqualTo(401));
        Assert.That(await gateway.StatusOfAsync("one", "sk-alice-1234"), Is.EqualTo(200));
        Assert.That((await gateway.ReadinessAsync()).GetProperty("config").GetProperty("status").GetString(), Is.EqualTo("reload failed"));
    }

    [Test]
    public async Task AMasterKeyThatIsGoneWithItsEnvFileDoesNotOpenTheAdminsUrls()
    {
        using var folder = new Storage.TempFolder();
        File.WriteAllText(folder.File(".env"), "LITELLM_MASTER_KEY=sk-master-1234\n");
        await using var gateway = await GatewayHost.StartAsync(One + Users, time: _time, folder: folder.Path, fromFile: true);
        _time.LookTwice();
        File.Delete(folder.File(".env"));
        _time.Advance(TimeSpan.FromSeconds(3));
        using var metrics = await gateway.GetAsync("/metrics");
        Assert.That(metrics.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await gateway.ReloadsAsync("sk-master-1234"), Is.EqualTo("0 0 1"));
    }

    [TestCase("litellm_settings: {max_budget: 0}\n")]
    [TestCase("router_settings: {provider_budget_config: {mock: {budget_limit: 0}}}\n")]
    public async Task ABudgetDoesNotBeginBeforeItsRowsAreKept(string budget)
    {
        await using var gateway = await StartAsync(One + "general_settings: {disable_spend_logs: true}\n", _time);
        gateway.Rewrite(One + budget, _time);
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("0 0 1"));
        Assert.That(await gateway.StatusOfAsync("one"), Is.EqualTo(200));
        gateway.Rewrite(Two, _time);
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
    }

    [Test]
    public async Task AnOpenGatewayThatGetsKeysAsksForThem()
    {
        await using var gateway = await StartAsync(One, _time);
        gateway.Rewrite(One + Users, _time);
        Assert.That(await gateway.StatusOfAsync("one"), Is.EqualTo(401));
        Assert.That(await gateway.StatusOfAsync("one", "sk-alice-1234"), Is.EqualTo(200));
    }
}
