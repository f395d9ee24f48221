using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Web;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Tests.Storage;
using Gateway.Upstream.Auth;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Upstream.Auth;

public sealed class GoogleAuthTests : IDisposable
{
    private const string Token = """{"access_token":"ya29.t","expires_in":3599,"token_type":"Bearer"}""";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly TempFolder _folder = new();
    private readonly RSA _key = RSA.Create(2048);
    private readonly AuthSchemes _schemes;

    public GoogleAuthTests() => _schemes = new(_time);

    public void Dispose()
    {
        _schemes.Dispose();
        _folder.Dispose();
        _key.Dispose();
    }

    [Test]
    public async Task AServiceAccountSignsForATokenAndShowsIt()
    {
        await using var google = await ScriptedUpstream.AnswersAsync(Token);
        var headers = await HeadersAsync(new() { Credentials = Secret.Of(Account(google.Url + "/token")) });

        Assert.That(headers["Authorization"], Is.EqualTo("Bearer ya29.t"));
        var form = HttpUtility.ParseQueryString(google.Request.Body);
        Assert.That(form["grant_type"], Is.EqualTo("urn:ietf:params:oauth:grant-type:jwt-bearer"));
        var parts = form["assertion"]!.Split('.');
        Assert.That(_key.VerifyData(
            Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1), Is.True);
        Assert.That(Decode(parts[0]), Is.EqualTo("""{"alg":"RS256","typ":"JWT","kid":"kid-1"}"""));
        using var claims = JsonDocument.Parse(Decode(parts[1]));
        Assert.That(claims.RootElement.GetProperty("iss").GetString(), Is.EqualTo("gw@p.iam.gserviceaccount.com"));
        Assert.That(claims.RootElement.GetProperty("aud").GetString(), Is.EqualTo(google.Url + "/token"));
        Assert.That(claims.RootElement.GetProperty("scope").GetString(), Is.EqualTo("https://www.googleapis.com/auth/cloud-platform"));
        Assert.That(claims.RootElement.GetProperty("iat").GetInt64(), Is.EqualTo(_time.GetUtcNow().ToUnixTimeSeconds()));
        Assert.That(claims.RootElement.GetProperty("exp").GetInt64(), Is.EqualTo(_time.GetUtcNow().ToUnixTimeSeconds() + 3600));
    }

    [Test]
    public async Task ATokenIsSharedByTheModelsOfAnAccountUntilItEnds()
    {
        await using var google = await ScriptedUpstream.AnswersAsync(Token);
        var settings = new VertexSettings { Credentials = Secret.Of(Account(google.Url)), Project = "a", Location = "x" };
        await HeadersAsync(settings);
        await HeadersAsync(settings with { Credentials = Secret.Of(Account(google.Url)), Project = "b", Location = "y" });
        Assert.That(google.Requests, Has.Count.EqualTo(1));
        _time.Advance(TimeSpan.FromHours(1));
        await HeadersAsync(settings);

        Assert.That(google.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task APersonsRefreshTokenIsExchangedAndTheirQuotaUsed()
    {
        await using var google = await ScriptedUpstream.AnswersAsync(Token);
        var file = _folder.File("adc.json");
        await File.WriteAllTextAsync(file, $$"""
            {"type":"authorized_user","client_id":"c-1","client_secret":"cs-1","refresh_token":"rt-1","quota_project_id":"q-1","token_uri":"{{google.Url}}"}
            """);
        var settings = new VertexSettings().Under(new Dictionary<string, string> { ["GOOGLE_APPLICATION_CREDENTIALS"] = file });
        var headers = await HeadersAsync(settings);

        Assert.That(headers["Authorization"], Is.EqualTo("Bearer ya29.t"));
        Assert.That(headers["x-goog-user-project"], Is.EqualTo("q-1"));
        Assert.That(google.Request.Body, Is.EqualTo("grant_type=refresh_token&client_id=c-1&client_secret=cs-1&refresh_token=rt-1"));
        Assert.That(settings.Project, Is.EqualTo("q-1"));
    }

    [Test]
    public async Task WithoutCredentialsTheMetadataServerIsAsked()
    {
        await using var metadata = await ScriptedUpstream.AnswersAsync(Token);
        var settings = new VertexSettings().Under(new Dictionary<string, string> { ["GCE_METADATA_HOST"] = metadata.Url["http://".Length..] });
        var headers = await HeadersAsync(settings);

        Assert.That(headers["Authorization"], Is.EqualTo("Bearer ya29.t"));
        Assert.That(metadata.Request.Path, Is.EqualTo("/computeMetadata/v1/instance/service-accounts/default/token"));
        Assert.That(metadata.Request.Headers["Metadata-Flavor"], Is.EqualTo("Google"));
    }

    [Test]
    public async Task AFileOfGcloudsIsFoundInTheHomeFolder()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, ".config", "gcloud"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "application_default_credentials.json"), Account("https://t.test"));

        var settings = new VertexSettings().Under(new Dictionary<string, string> { ["HOME"] = _folder.Path });
        Assert.That(settings.Project, Is.EqualTo("p-1"));
        Assert.That(settings.Problem, Is.Null);
    }

    [TestCase("""{"type":"external_account"}""", "must be the JSON of a service account")]
    [TestCase("""{"type":"service_account","client_email":"a"}""", "must be the JSON of a service account")]
    [TestCase("{no", "is no JSON")]
    [TestCase("/nowhere/sa.json", "does not exist")]
    public void CredentialsThatCannotBeUsedAreRefusedWithTheReason(string credentials, string reason)
    {
        var settings = new VertexSettings { Credentials = Secret.Of(credentials) };

        Assert.That(async () => await HeadersAsync(settings), Throws.TypeOf<AuthException>().With.Message.Contains(reason));
        Assert.That(settings.Under(new Dictionary<string, string>()).Problem, Does.Contain(reason));
    }

    [Test]
    public void AKeyThatIsNoKeyIsRefusedAndNotShown() => Assert.That(
        async () => await HeadersAsync(new() { Credentials = Secret.Of(Account("https://t.test", "-----BEGIN PRIVATE KEY-----\nabcd")) }),
        Throws.TypeOf<AuthException>().With.Message.Contains("no RSA key in PEM").And.Message.Not.Contains("abcd"));

    [TestCase("http://token.test/token", "must be called with https")]
    [TestCase("file:///etc/passwd", "must be an absolute https URL")]
    [TestCase("https://user@token.test/", "must be an absolute https URL")]
    public void ASignedRequestIsSentToNoUrlWithoutTls(string uri, string reason) => Assert.That(
        async () => await HeadersAsync(new() { Credentials = Secret.Of(Account(uri)) }),
        Throws.TypeOf<AuthException>().With.Message.Contains(reason));

    [Test]
    public async Task ARefusalIsToldInGooglesWords()
    {
        await using var google = await ScriptedUpstream.AnswersAsync(
            """{"error":"invalid_grant","error_description":"Invalid JWT\nSignature."}""", 400);

        Assert.That(
            async () => await HeadersAsync(new() { Credentials = Secret.Of(Account(google.Url)) }),
            Throws.TypeOf<AuthException>().With.Message.EqualTo(
                "Google's token endpoint (127.0.0.1) answered 400: invalid_grant: Invalid JWT Signature."));
    }

    [TestCase("""{"expires_in":3600}""")]
    [TestCase("""{"access_token":"a\r\nx-evil: 1"}""")]
    [TestCase("""["access_token"]""")]
    [TestCase("""{"access_token":7}""")]
    public async Task AnAnswerWithoutATokenThatAHeaderCanCarryIsRefused(string answer)
    {
        await using var google = await ScriptedUpstream.AnswersAsync(answer);

        Assert.That(
            async () => await HeadersAsync(new() { Credentials = Secret.Of(Account(google.Url)) }),
            Throws.TypeOf<AuthException>().With.Message.Contains("without an access_token"));
    }

    private Task<Dictionary<string, string>> HeadersAsync(VertexSettings settings) => _schemes.Of(AuthScheme.GoogleOAuth)
        .HeadersAsync(AuthFixture.Call(AuthScheme.GoogleOAuth, cloud: new CloudSettings { Vertex = settings }));

    private string Account(string tokenUri, string? pem = null) => new System.Text.Json.Nodes.JsonObject
    {
        ["type"] = "service_account",
        ["project_id"] = "p-1",
        ["private_key_id"] = "kid-1",
        ["private_key"] = pem ?? _key.ExportPkcs8PrivateKeyPem(),
        ["client_email"] = "gw@p.iam.gserviceaccount.com",
        ["token_uri"] = tokenUri,
    }.ToJsonString();

    private static string Decode(string part) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(part));
}
