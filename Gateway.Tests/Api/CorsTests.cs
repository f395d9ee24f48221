using System.Net;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Api;

/// <summary>Web pages of other sites.</summary>
public sealed class CorsTests
{
    private const string Page = "https://app.example.com";

    private static Task<GatewayHost> StartAsync(string origins) => GatewayHost.StartAsync(
        Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1")
        + Wire.Keys.Replace("master_key", $"cors_allow_origins: {origins}, master_key"));

    private static Task<HttpResponseMessage> PreflightAsync(GatewayHost gateway, string origin) => gateway.SendAsync(
        HttpMethod.Options, "/v1/chat/completions", null, null,
        ("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type"));

    [Test]
    public async Task NoOtherSiteIsLetInByDefault()
    {
        await using var gateway = await StartAsync("[]");

        using var preflight = await PreflightAsync(gateway, Page);
        using var get = await gateway.SendAsync(HttpMethod.Get, "/v1/models", Wire.Master, null, ("Origin", Page));

        Assert.That(preflight.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That(preflight.Header("Access-Control-Allow-Origin"), Is.Null);
        Assert.That(get.Header("Access-Control-Allow-Origin"), Is.Null);
    }

    [TestCase("[\"https://app.example.com\"]", Page)]
    [TestCase("[\"*\"]", "*")]
    public async Task AConfiguredSiteIsLetIn(string origins, string allowed)
    {
        await using var gateway = await StartAsync(origins);

        using var preflight = await PreflightAsync(gateway, Page);
        using var get = await gateway.SendAsync(HttpMethod.Get, "/v1/models", Wire.Master, null, ("Origin", Page));
        using var refused = await gateway.SendAsync(
            HttpMethod.Post, "/v1/chat/completions", "sk-wrong-key", Wire.Question, ("Origin", Page));

        Assert.That(preflight.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(preflight.Header("Access-Control-Allow-Origin"), Is.EqualTo(allowed));
        Assert.That(preflight.Header("Access-Control-Allow-Headers"), Does.Contain("authorization").IgnoreCase);
        Assert.That(get.Header("Access-Control-Allow-Origin"), Is.EqualTo(allowed));
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(refused.Header("Access-Control-Allow-Origin"), Is.EqualTo(allowed));
    }

    [Test]
    public async Task AnotherSiteIsNot()
    {
        await using var gateway = await StartAsync("[\"https://app.example.com\"]");

        using var preflight = await PreflightAsync(gateway, "https://evil.test");

        Assert.That(preflight.Header("Access-Control-Allow-Origin"), Is.Null);
    }
}
