using System.Text.Json;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Api;

/// <summary>The line that each request leaves.</summary>
public sealed class LogTests
{
    private static async Task<string[]> LinesAsync(string settings)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + Wire.Keys + settings, upstream);
        foreach (var (key, id) in ((string, string)[])[(Wire.Alice, "id-1"), ("sk-wrong-secret", "id-2")])
            await AskAsync(gateway, key, id);
        await gateway.StopAsync();
        Assert.That(gateway.Log, Does.Not.Contain("secret").And.Not.Contain(Wire.Alice));
        return gateway.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task AskAsync(GatewayHost gateway, string key, string id)
    {
        using var response = await gateway.SendAsync(
            HttpMethod.Post, "/v1/chat/completions", key, Wire.Question, ("x-litellm-call-id", id));
        await response.TextAsync();
    }

    [Test]
    public async Task EachRequestIsOneLineWithoutPromptAnswerOrKey()
    {
        var lines = await LinesAsync("");

        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[0], Does.Contain(
            " INFO request id=id-1 user=alice route=/v1/chat/completions model=gpt-4o group=gpt-4o "
            + "deployment=deployment-1 provider=openai status=200 "
            + "attempts=1 prompt_tokens=10 completion_tokens=5 cost=0.00002 duration_ms="));
        Assert.That(lines[1], Does.Contain("id=id-2 ").And.Contain(" status=401 ").And.Contain(" attempts=0 ").And.Not.Contain("user="));
    }

    [Test]
    public async Task EachLineIsJsonWhereTheConfigSaysSo()
    {
        var text = await LinesAsync("litellm_settings: {json_logs: true}");
        var lines = text.Select(line => JsonDocument.Parse(line).RootElement).ToArray();

        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[0].GetProperty("id").GetString(), Is.EqualTo("id-1"));
        Assert.That(lines[0].GetProperty("user").GetString(), Is.EqualTo("alice"));
        Assert.That(lines[0].GetProperty("status").GetInt32(), Is.EqualTo(200));
        Assert.That(lines[0].GetProperty("cost").GetDecimal(), Is.EqualTo(0.00002m));
        Assert.That(lines[1].GetProperty("status").GetInt32(), Is.EqualTo(401));
    }
}
