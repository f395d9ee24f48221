using System.Net;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Api;

/// <summary>A gateway without any key: for programs on its own machine and nobody else.</summary>
public sealed class OpenAccessTests
{
    private const string Model = """
        model_list:
          - model_name: gpt-4o
            litellm_params: {model: openai/gpt-4o, mock_response: a, input_cost_per_token: 1e-6, output_cost_per_token: 1e-6}

        """;

    private static async Task<int> StatusAsync(GatewayHost gateway, params (string, string)[] headers)
    {
        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/chat/completions", null, Wire.Question, headers);
        return (int)response.StatusCode;
    }

    [TestCase("0.0.0.0")]
    [TestCase("*")]
    [TestCase("192.0.2.1")]
    [TestCase("::")]
    public async Task ItDoesNotListenToOtherMachines(string host)
    {
        var refusal = await Assert.ThrowsAsync<StartException>(() => GatewayHost.StartAsync(Model, host: host));

        Assert.That(refusal!.Message, Does.Contain($"will not listen on '{host}'").And.Contain("master_key"));
    }

    [Test]
    public async Task WithAKeyItListensToOtherMachines()
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys, host: "0.0.0.0");

        Assert.That(gateway.App.Addresses.Single(), Does.StartWith("http://0.0.0.0:"));
    }

    [TestCase("Host", "localhost:1234")]
    [TestCase("Host", "app.localhost")]
    [TestCase("Host", "[::1]:4000")]
    [TestCase("Origin", "http://localhost:3000")]
    [TestCase("Origin", "http://127.0.0.1")]
    [TestCase("Sec-Fetch-Site", "same-origin")]
    [TestCase("Authorization", "Bearer whatever")]
    public async Task ProgramsOfThisMachineAreServed(string header, string value)
    {
        await using var gateway = await GatewayHost.StartAsync(Model);

        Assert.That(await StatusAsync(gateway, (header, value)), Is.EqualTo(200));
    }

    [TestCase("Host", "evil.test")]
    [TestCase("Host", "localhost.evil.test")]
    [TestCase("Host", "127.0.0.1.evil.test:4000")]
    [TestCase("Origin", "https://evil.test")]
    [TestCase("Origin", "null")]
    [TestCase("Origin", "https://localhost.evil.test")]
    [TestCase("Sec-Fetch-Site", "cross-site")]
    [TestCase("Forwarded", "for=192.0.2.1")]
    [TestCase("X-Forwarded-For", "127.0.0.1")]
    [TestCase("X-Forwarded-Host", "localhost")]
    [TestCase("X-Forwarded-Proto", "https")]
    [TestCase("x-forwarded-scheme", "https")]
    [TestCase("X-Forwarded-Ssl", "on")]
    [TestCase("X-Real-IP", "127.0.0.1")]
    public async Task WebPagesAndProxiesAreNot(string header, string value)
    {
        await using var gateway = await GatewayHost.StartAsync(Model);

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/chat/completions", null, Wire.Question, (header, value));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("has no keys").And.Not.Contain("evil.test"));
    }

    [TestCase("/v1/models")]
    [TestCase("/model/info")]
    [TestCase("/metrics")]
    [TestCase("/key/info")]
    public async Task ThatHoldsForEveryUrl(string path)
    {
        await using var gateway = await GatewayHost.StartAsync(Model);

        using var response = await gateway.SendAsync(HttpMethod.Get, path, null, null, ("Origin", "https://evil.test"));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task WithAKeyTheseHeadersDoNotMatter()
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys);

        var status = await StatusAsync(
            gateway, ("Authorization", "Bearer " + Wire.Alice), ("Host", "llm.example.com"), ("X-Forwarded-For", "192.0.2.1"));

        Assert.That(status, Is.EqualTo(200));
    }
}
