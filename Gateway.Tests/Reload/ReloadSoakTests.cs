using System.Net;
using static Gateway.Tests.Reload.ReloadHost;

namespace Gateway.Tests.Reload;

/// <summary>Many reloads while the gateway works. Alone, because it measures memory.</summary>
[NonParallelizable]
public sealed class ReloadSoakTests
{
    private const int Deployments = 100;

    /// <summary>One config of that many deployments takes 0.17 MB: keeping each of the 200 was measured to take 35 MB, keeping none 0.4.</summary>
    private const long MostGrowth = 8 << 20;

    [Test]
    public async Task HundredsOfReloadsUnderLoadFailNoRequestAndKeepNoMemory()
    {
        await using var gateway = await GatewayHost.StartAsync(
            Config(0), fromFile: true, change: options => options with { LogOutput = Stream.Null });
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(() => AskUntilAsync(gateway, stop.Token))).ToArray();
        Reload(gateway, 1, 50);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        Reload(gateway, 51, 250);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        await stop.CancelAsync();
        var statuses = (await Task.WhenAll(load).WaitAsync(GatewayHost.Patience)).SelectMany(some => some).ToArray();

        Assert.That(statuses, Is.Not.Empty.And.All.EqualTo(HttpStatusCode.OK));
        Assert.That(await gateway.ReloadsAsync("sk-master-1234"), Does.StartWith("250 ").And.EndsWith(" 0"), "by this test or by the watch, and none failed");
        Assert.That(after - before, Is.LessThan(MostGrowth));
    }

    private static void Reload(GatewayHost gateway, int from, int to)
    {
        for (var i = from; i <= to; i++)
        {
            File.WriteAllText(gateway.ConfigPath + ".new", Config(i)); // the watch, which looks too, must not see half of it
            File.Move(gateway.ConfigPath + ".new", gateway.ConfigPath, overwrite: true);
            Assert.That(gateway.App.Reload(Gateway.Reload.ReloadCause.Request).Outcome, Is.Not.EqualTo(Gateway.Reload.ReloadOutcome.Failed));
        }
    }

    private static async Task<List<HttpStatusCode>> AskUntilAsync(GatewayHost gateway, CancellationToken stop)
    {
        var statuses = new List<HttpStatusCode>();
        while (!stop.IsCancellationRequested)
        {
            using var response = await gateway.ChatAsync(Ask("model-1"), "sk-alice-1234");
            statuses.Add(response.StatusCode);
        }
        return statuses;
    }

    /// <summary>The models are as many each time; the names of all but the first change from one config to the next and come again.</summary>
    private static string Config(int version) => "model_list:\n" + string.Concat(Enumerable.Range(1, Deployments).Select(i =>
        $"  - {{model_name: model-{(i == 1 ? "1" : $"{i}-{version % 2}")}, litellm_params: {{model: mock/echo}}}}\n"))
        + $"user_access: [{{user_id: alice, api_key: sk-alice-1234}}, {{user_id: user-{version % 2}, api_key: sk-user-key-1234}}]\n" + Master;
}
