using Gateway.Catalog;
using Gateway.Config;
using Gateway.Upstream;
using Gateway.Upstream.Auth;

namespace Gateway.Tests.Upstream.Auth;

public sealed class KeyAuthTests
{
    private static readonly AuthSchemes Schemes = new(TimeProvider.System);

    [TestCase(AuthScheme.Bearer, "Authorization", "Bearer k-1")]
    [TestCase(AuthScheme.ApiKeyHeader, "api-key", "k-1")]
    [TestCase(AuthScheme.XApiKey, "x-api-key", "k-1")]
    [TestCase(AuthScheme.GoogApiKey, "x-goog-api-key", "k-1")]
    [TestCase(AuthScheme.AzureEntra, "api-key", "k-1")]
    [TestCase(AuthScheme.AwsSigV4, "Authorization", "Bearer k-1")]
    [TestCase(AuthScheme.GoogleOAuth, "x-goog-api-key", "k-1")]
    public async Task TheKeyIsShownInTheProvidersHeader(AuthScheme scheme, string header, string value)
    {
        var call = AuthFixture.Call(scheme, "k-1");
        var headers = await Schemes.Of(scheme).HeadersAsync(call);

        Assert.That(headers[header], Is.EqualTo(value));
        Assert.That(headers.Values.Count(v => v.Contains("k-1")), Is.EqualTo(1));
        Assert.That(call.Uri!.ToString(), Does.Not.Contain("k-1"));
    }

    [Test]
    public void EverySchemeIsInTheTable() =>
        Assert.That(Enum.GetValues<AuthScheme>().Select(Schemes.Of), Has.None.Null.And.Unique);

    [TestCase(AuthScheme.Bearer, "Authorization")]
    [TestCase(AuthScheme.GoogApiKey, "x-goog-api-key")]
    public async Task WithoutAKeyNothingIsShown(AuthScheme scheme, string header)
    {
        Assert.That(await Schemes.Of(scheme).HeadersAsync(AuthFixture.Call(scheme)), Does.Not.ContainKey(header));
        Assert.That(
            await Schemes.Of(scheme).HeadersAsync(AuthFixture.Call(scheme) with { Key = Secret.Unusable }), Does.Not.ContainKey(header));
    }

    [TestCase(AuthScheme.Bearer)]
    [TestCase(AuthScheme.XApiKey)]
    [TestCase(AuthScheme.AzureEntra)]
    public void AKeyIsShownWithoutWaitingAndWithoutAllocatingATask(AuthScheme scheme)
    {
        var call = AuthFixture.Call(scheme, "k-1");
        using var request = UpstreamClient.NewRequest(call);

        Assert.That(Schemes.Of(scheme).ApplyAsync(request, call, default), Is.EqualTo(ValueTask.CompletedTask));
    }
}
