using System.Text.Json;
using Gateway.Tests.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Reload;

/// <summary>What the tests of reloads do with a gateway that was started from a file.</summary>
internal static class ReloadHost
{
    /// <summary>A model that answers by itself, and another.</summary>
    public const string One = """
        model_list:
          - {model_name: one, litellm_params: {model: mock/echo}, model_info: {id: d1}}

        """;

    public const string Two = One + """
          - {model_name: two, litellm_params: {model: mock/echo}, model_info: {id: d2}}

        """;

    public const string Master = "general_settings: {master_key: sk-master-1234}\n";

    public static Task<GatewayHost> StartAsync(string yaml, FakeTimeProvider time, Dictionary<string, string>? environment = null) =>
        GatewayHost.StartAsync(yaml, time: time, environment: environment, fromFile: true);

    public static string Ask(string model) => $$"""{"model": "{{model}}", "messages": [{"role": "user", "content": "hi"}]}""";

    public static async Task<int> StatusOfAsync(this GatewayHost gateway, string model, string? key = null)
    {
        using var response = await gateway.ChatAsync(Ask(model), key);
        await response.TextAsync();
        return (int)response.StatusCode;
    }

    /// <summary>Writes the file and lets the watch see that it lies still.</summary>
    public static void Rewrite(this GatewayHost gateway, string yaml, FakeTimeProvider time)
    {
        File.WriteAllText(gateway.ConfigPath, yaml);
        time.LookTwice();
    }

    /// <summary>A watch looks twice a second, and a change counts when two looks saw the same.</summary>
    public static void LookTwice(this FakeTimeProvider time)
    {
        time.Advance(TimeSpan.FromMilliseconds(500));
        time.Advance(TimeSpan.FromMilliseconds(500));
    }

    public static async Task<JsonElement> ReadinessAsync(this GatewayHost gateway)
    {
        using var response = await gateway.GetAsync("/health/readiness");
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        return await response.JsonAsync();
    }

    public static async Task<ScrapeText> ScrapeAsync(this GatewayHost gateway, string? key = null)
    {
        using var response = await gateway.GetAsync("/metrics", key);
        return new ScrapeText(await response.TextAsync(), "");
    }

    /// <summary>How many reloads there were: <c>applied unchanged failed</c>.</summary>
    public static async Task<string> ReloadsAsync(this GatewayHost gateway, string? key = null)
    {
        var counts = (await gateway.ScrapeAsync(key)).Of("gateway_config_reloads_total").ToDictionary(line => line.Labels["outcome"], line => line.Value);
        return $"{counts["applied"]} {counts["unchanged"]} {counts["failed"]}";
    }
}
