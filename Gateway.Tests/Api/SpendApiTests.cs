using System.Text.Json;
using Gateway.Tests.Pipeline;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Api;

public sealed class SpendApiTests
{
    /// <summary>Alice has two keys and is in a team; an answer costs 0.00002 USD.</summary>
    private const string Config = Wire.OneModel + """
        general_settings: {master_key: sk-master-1234}
        user_access:
          - user_id: alice
            api_keys: [sk-alice-1234, sk-alice-other]
            key_alias: laptop
            max_budget: 1
            budget_duration: 1d
            rpm_limit: 60
            model_max_budget: {gpt-4o: {max_budget: 0.5, budget_duration: 1mo, rpm_limit: 7}}
          - {user_id: bob, api_key: sk-bob-12345678}
        teams:
          - {team_id: red, team_alias: The Reds, members: [alice], max_budget: 0.75, soft_budget: 0.5}

        """;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 24, 10, 20, 0, TimeSpan.Zero));

    [Test]
    public async Task WhoAsksIsToldTheirSpendAndLimits()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config, upstream, time: _time);
        await (await gateway.ChatAsync(Wire.Question, Wire.Alice)).TextAsync();

        using var response = await gateway.GetAsync("/spend/me", Wire.Alice);
        var json = await PolledAsync(gateway, "/spend/me", Wire.Alice);

        Assert.That(response.Header("cache-control"), Is.EqualTo("no-store"));
        var (user, team, key) = (json.GetProperty("user"), json.GetProperty("team"), json.GetProperty("key"));
        Assert.Multiple(() =>
        {
            Assert.That((Text(json, "user_id"), Text(json, "team_id")), Is.EqualTo(("alice", "red")));
            Assert.That((json.GetProperty("remaining").GetDecimal(), Text(json, "limited_by")), Is.EqualTo((0.74998m, "team")));
            Assert.That((Text(key, "key_alias"), Usd(key, "spend"), Usd(key, "max_budget")), Is.EqualTo(("laptop", 0.00002m, null as decimal?)));
            Assert.That(Text(key, "token"), Has.Length.EqualTo(64));
            Assert.That((Usd(user, "spend"), Usd(user, "total_spend"), Usd(user, "max_budget"), Usd(user, "remaining")),
                Is.EqualTo((0.00002m, 0.00002m, 1m, 0.99998m)));
            Assert.That((Text(user, "budget_duration"), user.GetProperty("budget_reset_at").GetDateTimeOffset()),
                Is.EqualTo(("1d", new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero))));
            Assert.That((user.GetProperty("rpm_limit").GetInt64(), user.GetProperty("tpm_limit").ValueKind),
                Is.EqualTo((60L, JsonValueKind.Null)));
            Assert.That((Usd(team, "max_budget"), Usd(team, "soft_budget")), Is.EqualTo((0.75m, 0.5m)));
            var model = user.GetProperty("model_max_budget").GetProperty("gpt-4o");
            Assert.That((Usd(model, "max_budget"), Text(model, "budget_duration"), model.GetProperty("rpm_limit").GetInt64()),
                Is.EqualTo((0.5m, "1mo", 7L)));
            Assert.That(json.TryGetProperty("gateway", out _), Is.False);
            Assert.That(json.ToString(), Does.Not.Contain("sk-"));
        });
    }

    [Test]
    public async Task TheOtherKeyOfAUserHasItsOwnSpend()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config, upstream, time: _time);
        await (await gateway.ChatAsync(Wire.Question, Wire.Alice)).TextAsync();
        var json = await PolledAsync(gateway, "/spend/me", "sk-alice-other");
        Assert.That((Usd(json.GetProperty("key"), "spend"), Usd(json.GetProperty("user"), "spend")), Is.EqualTo((0m, 0.00002m)));
    }

    [Test]
    public async Task TheAdminMayAskForAnyUser()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config, upstream, time: _time);
        await (await gateway.ChatAsync(Wire.Question, Wire.Alice)).TextAsync();

        var json = await PolledAsync(gateway, "/spend/me?user_id=alice", Wire.Master);

        Assert.That(json.GetProperty("keys").EnumerateArray().Select(key => Usd(key, "spend")), Is.EquivalentTo((decimal?[])[0.00002m, 0m]));
        Assert.That((Text(json, "user_id"), json.TryGetProperty("key", out _)), Is.EqualTo(("alice", false)));
        using var unknown = await gateway.GetAsync("/spend/me?user_id=carol", Wire.Master);
        Assert.That(((int)unknown.StatusCode, (await unknown.ErrorAsync()).Param), Is.EqualTo((404, "user_id")));
    }

    [TestCase("/spend/me?user_id=alice", Wire.Bob, 403)]
    [TestCase("/spend/me?user_id=bob", Wire.Bob, 200)]
    [TestCase("/spend/me", Wire.Master, 200)]
    [TestCase("/spend/me", "sk-wrong-key", 401)]
    [TestCase("/spend/me", null, 401)]
    public async Task OthersSeeTheirOwn(string path, string? key, int status)
    {
        await using var gateway = await GatewayHost.StartAsync(Config.Replace("{upstream}", "http://127.0.0.1:1"));
        using var response = await gateway.GetAsync(path, key);
        Assert.That((int)response.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task AGatewayWithoutKeysTellsWhatItSpentInAll()
    {
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1") + "litellm_settings: {max_budget: 5, budget_duration: 1mo}\n");
        using var response = await gateway.GetAsync("/spend/me");
        var json = await response.JsonAsync();
        Assert.That(json.TryGetProperty("key", out _), Is.False);
        Assert.That((Usd(json.GetProperty("gateway"), "max_budget"), Text(json, "limited_by")), Is.EqualTo((5m, "gateway")));
    }

    [Test]
    public async Task TheSpendOfAnHourSaysHowLongTheBudgetLasts()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config, upstream, time: _time);
        await (await gateway.ChatAsync(Wire.Question, Wire.Alice)).TextAsync();
        var user = (await PolledAsync(gateway, "/spend/me", Wire.Alice)).GetProperty("user");
        var left = user.GetProperty("seconds_until_exhausted");
        Assert.That(left.GetProperty("1h").GetInt64(), Is.EqualTo(0.99998 / 0.00002 * 3_600).Within(0.02).Percent);
        Assert.That(left.GetProperty("6h").GetInt64(), Is.GreaterThan(5 * left.GetProperty("1h").GetInt64()));
        Assert.That(Usd(user.GetProperty("spend_per_hour"), "1h"), Is.GreaterThan(0m));
    }

    /// <summary>The answer once the request that was made before is booked, which it is after its answer.</summary>
    private static async Task<JsonElement> PolledAsync(GatewayHost gateway, string path, string key)
    {
        using var limit = new CancellationTokenSource(GatewayHost.Patience);
        while (true)
        {
            using var response = await gateway.GetAsync(path, key);
            var json = await response.JsonAsync();
            if (Usd(json.GetProperty("user"), "spend") > 0)
                return json;
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static decimal? Usd(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: not JsonValueKind.Null } value ? value.GetDecimal() : null;
}
