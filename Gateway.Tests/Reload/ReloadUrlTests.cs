using System.Text.Json;
using Gateway.Tests.Pipeline;
using static Gateway.Tests.Reload.ReloadHost;

namespace Gateway.Tests.Reload;

/// <summary><c>POST /config/reload</c>.</summary>
public sealed class ReloadUrlTests
{
    private const string Key = "sk-master-1234";

    private readonly SafeClock _time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    [Test]
    public async Task TheAdminReloadsAndIsToldWhatCameOfIt()
    {
        await using var gateway = await StartAsync(One + Master, _time);
        Assert.That(await ReloadAsync(gateway), Is.EqualTo((200, "unchanged", false)));
        File.WriteAllText(gateway.ConfigPath, Two + Master);
        Assert.That(await ReloadAsync(gateway), Is.EqualTo((200, "applied", true)));
        Assert.That(await gateway.StatusOfAsync("two", Key), Is.EqualTo(200));
        File.WriteAllText(gateway.ConfigPath, "model_list: [");
        Assert.That(await ReloadAsync(gateway), Is.EqualTo((400, "failed", false)));
        Assert.That(await ReloadAsync(gateway), Is.EqualTo((400, "failed", false)), "it is as wrong as before");
        Assert.That(await gateway.ReloadsAsync(Key), Is.EqualTo("1 1 2"));
    }

    [Test]
    public async Task FindingsNameFileLineAndSetting()
    {
        await using var gateway = await StartAsync(One + Master, _time);
        File.WriteAllText(gateway.ConfigPath, Two + Master + "router_settings:\n  num_retries: many\n");
        using var response = await gateway.SendAsync(HttpMethod.Post, "/config/reload", Key, null);
        var finding = (await response.JsonAsync()).GetProperty("findings").EnumerateArray().Single();
        Assert.That(finding.GetProperty("file").GetString(), Does.EndWith("config.yaml"));
        Assert.That(finding.GetProperty("line").GetInt32(), Is.EqualTo(6));
        Assert.That(finding.GetProperty("setting").GetString(), Is.EqualTo("router_settings.num_retries"));
        Assert.That(finding.GetProperty("is_error").GetBoolean(), Is.False);
    }

    [Test]
    public async Task WhatOpensDoorsIsRefusedWithTheReason()
    {
        await using var gateway = await StartAsync(One + Master, _time);
        File.WriteAllText(gateway.ConfigPath, One);
        using var response = await gateway.SendAsync(HttpMethod.Post, "/config/reload", Key, null);
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.JsonAsync()).GetProperty("findings")[0].GetProperty("message").GetString(), Does.Contain("restart"));
    }

    [Test]
    public async Task NobodyElseMayReload()
    {
        await using var gateway = await StartAsync(One + Wire.Keys, _time);
        File.WriteAllText(gateway.ConfigPath, Two + Wire.Keys);
        foreach (var (key, status) in ((string?, int)[])[(null, 401), ("sk-wrong-key", 401), (Wire.Alice, 403)])
        {
            using var response = await gateway.SendAsync(HttpMethod.Post, "/config/reload", key, null);
            Assert.That((int)response.StatusCode, Is.EqualTo(status));
        }
        Assert.That(await gateway.ReloadsAsync(Key), Is.EqualTo("0 0 0"));
    }

    [Test]
    public async Task WithoutAMasterKeyNobodyMayReload()
    {
        await using var gateway = await StartAsync(One, _time);
        using var response = await gateway.SendAsync(HttpMethod.Post, "/config/reload", null, null);
        Assert.That((int)response.StatusCode, Is.EqualTo(403));
    }

    [Test]
    public async Task SettingsThatNeedARestartAreNamedUntilThen()
    {
        await using var gateway = await StartAsync(One + Master, _time);
        const string Changed = """
            general_settings: {master_key: sk-master-1234, ledger_sync: full, metric_cardinality: 50000, cors_allow_origins: ["*"],
              disable_spend_logs: true, max_buffered_mb: 100, block_robots: true}
            litellm_settings: {json_logs: true}

            """;
        string[] fixedSettings =
        [
            "general_settings.cors_allow_origins", "general_settings.disable_spend_logs", "general_settings.ledger_sync",
            "general_settings.metric_cardinality", "litellm_settings.json_logs",
        ];
        foreach (var yaml in (string[])[One + Changed, Two + Changed])
        {
            File.WriteAllText(gateway.ConfigPath, yaml);
            using var response = await gateway.SendAsync(HttpMethod.Post, "/config/reload", Key, null);
            Assert.That((await response.JsonAsync()).GetProperty("needs_restart").EnumerateArray().Select(name => name.GetString()),
                Is.EqualTo(fixedSettings));
        }
        using var robots = await gateway.GetAsync("/robots.txt");
        Assert.That((int)robots.StatusCode, Is.EqualTo(200), "what needs none is in effect");
    }

    [Test]
    public async Task AConfigThatCameFromNoFileCannotBeReloaded()
    {
        await using var gateway = await GatewayHost.StartAsync(One + Master);
        Assert.That(await ReloadAsync(gateway), Is.EqualTo((400, "failed", false)));
        Assert.That((await gateway.ReadinessAsync()).GetProperty("status").GetString(), Is.EqualTo("healthy"));
    }

    private static async Task<(int Status, string? Outcome, bool Applied)> ReloadAsync(GatewayHost gateway)
    {
        using var response = await gateway.SendAsync(HttpMethod.Post, "/config/reload", Key, null);
        JsonElement json = await response.JsonAsync();
        return ((int)response.StatusCode, json.GetProperty("outcome").GetString(), json.GetProperty("applied").GetBoolean());
    }
}
