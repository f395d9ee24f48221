using System.Net;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Api;

/// <summary>Which URLs there are, and what the others say.</summary>
public sealed class UrlTests
{
    private static Task<GatewayHost> StartAsync(string settings = "") =>
        GatewayHost.StartAsync(Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1") + settings);

    [Test]
    public async Task EachCallIsServedAtAllItsUrls(
        [Values("/v1/{0}", "/{0}", "/openai/deployments/gpt-4o/{0}?api-version=2024-02-01", "/engines/gpt-4o/{0}")] string url,
        [Values("chat/completions", "completions", "embeddings")] string operation)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);
        // The model in the path counts, whatever the body says.
        var named = url.Contains("gpt-4o") ? "something-else" : "gpt-4o";

        using var response = await gateway.ChatAsync(
            $$"""{"model":"{{named}}","messages":[],"prompt":"a","input":"a"}""", path: string.Format(url, operation));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(upstream.Request.Path, Is.EqualTo("/v1/" + operation));
        Assert.That((await response.JsonAsync()).GetProperty("model").GetString(), Is.EqualTo("gpt-4o"));
    }

    [TestCase("/openai/deployments/openai%2Fgpt-4o/chat/completions")]
    [TestCase("/openai/deployments/openai/gpt-4o/chat/completions")]
    [TestCase("/engines/openai/gpt-4o/chat/completions")]
    public async Task AModelInThePathMayHoldASlash(string path)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("model_name: gpt-4o", "model_name: openai/gpt-4o"), upstream);

        using var response = await gateway.ChatAsync("""{"messages":[]}""", path: path);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await response.JsonAsync()).GetProperty("model").GetString(), Is.EqualTo("openai/gpt-4o"));
    }

    [TestCase("/nothing")]
    [TestCase("/v1/nothing")]
    public async Task AnUnknownPathIsNotFoundInLiteLlmsWords(string path)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.GetAsync(path);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await response.TextAsync(), Is.EqualTo("""{"detail":"Not Found"}"""));
    }

    [Test]
    public async Task AWrongMethodIsNotAllowedInLiteLlmsWords()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.GetAsync("/v1/chat/completions");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That(await response.TextAsync(), Is.EqualTo("""{"detail":"Method Not Allowed"}"""));
    }

    [TestCase("/health/liveliness", "I'm alive!")]
    [TestCase("/health/liveness", "I'm alive!")]
    public async Task TheGatewaySaysThatItIsAliveToAnybody(string path, string answer)
    {
        await using var gateway = await StartAsync(Wire.Keys);

        using var response = await gateway.GetAsync(path);

        Assert.That((await response.JsonAsync()).GetString(), Is.EqualTo(answer));
    }

    [Test]
    public async Task TheGatewaySaysThatItIsReadyToAnybody()
    {
        await using var gateway = await StartAsync(Wire.Keys);

        using var response = await gateway.GetAsync("/health/readiness");
        var json = await response.JsonAsync();

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((json.GetProperty("status").GetString(), json.GetProperty("db").GetString()), Is.EqualTo(("healthy", "connected")));
    }

    [Test]
    public async Task TheRootSaysWhatThisIs()
    {
        await using var gateway = await StartAsync(Wire.Keys);

        using var response = await gateway.GetAsync("/");

        Assert.That((await response.JsonAsync()).GetProperty("name").GetString(), Is.EqualTo("gateway"));
    }

    [TestCase("", HttpStatusCode.NotFound, """{"detail":"Not Found"}""")]
    [TestCase("general_settings: {block_robots: true}", HttpStatusCode.OK, "User-agent: *\nDisallow: /\n")]
    public async Task RobotsAreTurnedAwayWhereTheConfigSaysSo(string settings, HttpStatusCode status, string text)
    {
        await using var gateway = await StartAsync(settings);

        using var response = await gateway.GetAsync("/robots.txt");

        Assert.That((response.StatusCode, await response.TextAsync()), Is.EqualTo((status, text)));
    }
}
