using System.Net;
using Gateway.Tests.Storage;
using Gateway.Tests.Telemetry;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests;

/// <summary>Starting and stopping a whole gateway, above all when something goes wrong.</summary>
public sealed class GatewayAppTests
{
    private const string Mock = """
        model_list:
          - model_name: gpt-4o
            litellm_params: {model: openai/gpt-4o, mock_response: a, input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}
            model_info: {id: d1}

        """;

    private const string Chat = """{"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}""";

    // 192.0.2.0/24 is kept for documentation (RFC 5737): no machine has it.
    [Test]
    public async Task AnAddressOfAnotherMachineIsSaidInOneLine()
    {
        var refusal = await Assert.ThrowsAsync<StartException>(
            () => GatewayHost.StartAsync(Mock + "general_settings: {master_key: sk-master-1234}", host: "192.0.2.1"));
        Assert.That(refusal!.Message, Does.StartWith("The gateway cannot listen on 192.0.2.1:0: ").And.Not.Contain("\n"));
    }

    [Test]
    public async Task APortThatIsTakenIsSaidInOneLine()
    {
        await using var first = await GatewayHost.StartAsync(Mock);
        var port = first.Http.BaseAddress!.Port;
        var refusal = await Assert.ThrowsAsync<StartException>(
            () => GatewayHost.StartAsync(Mock, change: options => options with { Port = port }));
        Assert.That(refusal!.Message, Does.Contain($"127.0.0.1:{port}").And.Not.Contain("\n"));
    }

    [TestCase("ALTER TABLE balance RENAME TO hidden", "no such table")]
    [TestCase("CREATE TRIGGER full BEFORE INSERT ON keys BEGIN SELECT raise(ABORT, 'no room'); END", "no room")]
    public async Task ADatabaseThatFailsAtTheStartIsSaidInOneLine(string sql, string expected)
    {
        using var folder = new TempFolder();
        const string Yaml = Mock + "user_access: [{user_id: alice}]";
        using (var connection = folder.OpenDatabase().Connect())
        using (var command = connection.CreateCommand())
        {
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
        var refusal = await Assert.ThrowsAsync<StartException>(() => GatewayHost.StartAsync(Yaml, folder: folder.Path));
        Assert.That(refusal!.Message, Does.StartWith(folder.File("gateway.db")).And.Contain(expected).And.Not.Contain("\n"));
    }

    [Test]
    public async Task APartThatFailsToStopDoesNotKeepTheLedgerFromWriting()
    {
        await using var gateway = await GatewayHost.StartAsync(
            Mock + "user_access: [{user_id: alice, api_key: sk-alice-1234}]", time: new StuckTime());
        using (var response = await gateway.ChatAsync(Chat, "sk-alice-1234"))
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await gateway.StopAndReadAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task RowsThatWereLostAtShutdownAreCounted()
    {
        await using var gateway = await GatewayHost.StartAsync(Mock);
        await using (var connection = new SqliteConnection($"Data Source={gateway.DatabasePath};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "ALTER TABLE ledger RENAME TO hidden";
            await command.ExecuteNonQueryAsync();
        }
        using (await gateway.ChatAsync(Chat))
        {
        }
        var app = gateway.App;
        await gateway.StopAsync();
        Assert.That(app.LostRows, Is.EqualTo(1));
    }

    [Test]
    public async Task NamesThatClientsMakeUpWithinAWildcardAreNoLabels()
    {
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: "openai/*"
                litellm_params: {model: "openai/*", mock_response: a}
            router_settings: {model_group_alias: {mine: openai/gpt-4o-mini}}
            """);
        foreach (var model in (string[])["openai/gpt-4o", "mine", "openai/invented-1", "openai/invented-2"])
            using (var response = await gateway.ChatAsync(Chat.Replace("gpt-4o", model)))
                Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), model);

        using var scrape = await gateway.GetAsync("/metrics");
        var text = new ScrapeText(await scrape.TextAsync(), "");
        Assert.That(text.Body, Does.Not.Contain("invented"));
        Assert.That(text.Of("litellm_proxy_total_requests_metric_total").Select(line => $"{line.Labels["requested_model"]} {line.Value}"),
            Is.EquivalentTo((string[])["openai/gpt-4o 1", "openai/gpt-4o-mini 1", "other 2"]));
    }

    [TestCase(true, "vip,None,other")]
    [TestCase(false, "None,None,None")]
    public async Task EndUsersAreLabelsWhenSwitchedOnAndListed(bool isOn, string expected)
    {
        await using var gateway = await GatewayHost.StartAsync(Mock + $$"""
            litellm_settings:
              enable_end_user_cost_tracking_prometheus_only: {{(isOn ? "true" : "false")}}
              prometheus_client_labels: {end_user: [vip]}
            """);
        foreach (var user in (string[])["", ", \"user\": \"vip\"", ", \"user\": \"secret\""])
            using (await gateway.ChatAsync(Chat.Insert(Chat.Length - 1, user)))
            {
            }
        using var scrape = await gateway.GetAsync("/metrics");
        var requests = new ScrapeText(await scrape.TextAsync(), "").Of("litellm_proxy_total_requests_metric_total");
        Assert.That(requests.SelectMany(line => Enumerable.Repeat(line.Labels["end_user"], int.Parse(line.Value))),
            Is.EquivalentTo(expected.Split(',')));
    }

    [Test]
    public async Task AKeyShowsWhatItsUserMayStillSpend()
    {
        await using var gateway = await GatewayHost.StartAsync(Mock + """
            user_access: [{user_id: alice, api_key: sk-alice-1234, max_budget: 2}]
            """);
        using (await gateway.ChatAsync(Chat, "sk-alice-1234"))
        {
        }
        using var scrape = await gateway.GetAsync("/metrics");
        var text = new ScrapeText(await scrape.TextAsync(), "");
        Assert.That(text.ValueOf("litellm_api_key_max_budget_metric"), Is.EqualTo("2"));
        Assert.That(decimal.Parse(text.ValueOf("litellm_remaining_api_key_budget_metric")), Is.LessThan(2m).And.GreaterThan(1.9m));
    }

    /// <summary>The system's time, but timers that go on and on fail when they are given back.</summary>
    private sealed class StuckTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            period == Timeout.InfiniteTimeSpan
                ? base.CreateTimer(callback, state, dueTime, period)
                : new StuckTimer(base.CreateTimer(callback, state, dueTime, period));

        private sealed class StuckTimer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);
            public ValueTask DisposeAsync() => timer.DisposeAsync();

            public void Dispose()
            {
                timer.Dispose();
                throw new InvalidOperationException("The timer is stuck.");
            }
        }
    }
}
