using Gateway.Catalog;
using Gateway.Config;
using Gateway.Upstream.Auth;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Upstream.Auth;

public sealed class WatsonxAuthTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly AuthSchemes _schemes;

    public WatsonxAuthTests() => _schemes = new(_time);

    public void Dispose() => _schemes.Dispose();

    [Test]
    public async Task TheKeyIsExchangedForATokenThatIsKeptForAnHour()
    {
        await using var iam = await ScriptedUpstream.AnswersAsync("""{"access_token":"ibm-t","expires_in":"3600"}""");
        Assert.That((await HeadersAsync("key-1", iam.Url))["Authorization"], Is.EqualTo("Bearer ibm-t"));
        await HeadersAsync("key-1", iam.Url);
        Assert.That(iam.Request.Body, Is.EqualTo("grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=key-1"));
        _time.Advance(TimeSpan.FromMinutes(60));
        await HeadersAsync("key-1", iam.Url);

        Assert.That(iam.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task EachKeyHasItsOwnToken()
    {
        await using var iam = await ScriptedUpstream.StartAsync(http => ScriptedUpstream.SendAsync(
            http, $$"""{"access_token":"for-{{ScriptedUpstream.RequestOf(http).Body[^1]}}"}"""));

        Assert.That((await HeadersAsync("key-1", iam.Url))["Authorization"], Is.EqualTo("Bearer for-1"));
        Assert.That((await HeadersAsync("key-2", iam.Url))["Authorization"], Is.EqualTo("Bearer for-2"));
    }

    [Test]
    public async Task ARefusalIsToldInIbmsWordsWithoutTheKeyAndTheNextCallTriesAgain()
    {
        var isDown = true;
        await using var iam = await ScriptedUpstream.StartAsync(http => isDown
            ? ScriptedUpstream.SendAsync(http, """{"errorCode":"BXNIM0415E","errorMessage":"key-1 could not be found."}""", 400)
            : ScriptedUpstream.SendAsync(http, """{"access_token":"ibm-t"}"""));
        Assert.That(async () => await HeadersAsync("key-1", iam.Url), Throws.TypeOf<AuthException>().With.Message.EqualTo(
            "IBM Cloud's IAM (127.0.0.1) answered 400: BXNIM0415E: *** could not be found."));
        isDown = false;

        Assert.That((await HeadersAsync("key-1", iam.Url))["Authorization"], Is.EqualTo("Bearer ibm-t"));
    }

    private Task<Dictionary<string, string>> HeadersAsync(string key, string url) => _schemes.Of(AuthScheme.WatsonxIam).HeadersAsync(
        AuthFixture.Call(AuthScheme.WatsonxIam, key, cloud: new CloudSettings { Watsonx = new WatsonxSettings { IamUrl = url } }));
}
