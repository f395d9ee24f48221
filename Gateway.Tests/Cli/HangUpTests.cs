using System.Diagnostics;
using Gateway.Tests.Storage;

namespace Gateway.Tests.Cli;

/// <summary>Signals to the real process.</summary>
[Platform(Exclude = "Win", Reason = "Windows has no SIGHUP.")]
public sealed class HangUpTests
{
    private const string One = "model_list:\n  - {model_name: one, litellm_params: {model: mock/echo}}\n";

    [Test]
    public async Task AHangUpReadsTheConfigAgainAndATermEndsTheGateway()
    {
        using var folder = new TempFolder();
        var config = folder.File("config.yaml");
        await File.WriteAllTextAsync(config, One);
        using var gateway = Start(config);
        try
        {
            var listens = await LineWithAsync(gateway, "listens on ");
            var url = listens.Split("listens on ")[1].Split(' ')[0];
            await File.WriteAllTextAsync(config, One + "  - {model_name: two, litellm_params: {model: mock/echo}}\n");
            await SignalAsync(gateway, "HUP");
            await LineWithAsync(gateway, "(Signal)");
            using var http = new HttpClient { Timeout = GatewayHost.Patience };
            Assert.That(await http.GetStringAsync(url + "/v1/models"), Does.Contain("\"two\""));
            await SignalAsync(gateway, "TERM");
            await gateway.WaitForExitAsync().WaitAsync(GatewayHost.Patience);
            Assert.That(gateway.ExitCode, Is.Zero);
        }
        finally
        {
            if (!gateway.HasExited)
                gateway.Kill();
        }
    }

    private static Process Start(string config)
    {
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(TestContext.CurrentContext.TestDirectory, "gateway.dll"), "serve", "--config", config, "--host", "127.0.0.1", "--port", "0"])
        {
            RedirectStandardOutput = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("LITELLM_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        return Process.Start(start)!;
    }

    private static async Task<string> LineWithAsync(Process gateway, string text)
    {
        while (await gateway.StandardOutput.ReadLineAsync().WaitAsync(GatewayHost.Patience) is { } line)
            if (line.Contains(text, StringComparison.Ordinal))
                return line;
        throw new AssertionException($"The gateway ended without a line that says '{text}'.");
    }

    private static async Task SignalAsync(Process gateway, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{gateway.Id}"]);
        await kill.WaitForExitAsync().WaitAsync(GatewayHost.Patience);
    }
}
