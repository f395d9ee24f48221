using System.Text.RegularExpressions;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Tests.Storage;
using Gateway.Upstream.Auth;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Upstream.Auth;

public sealed class AwsAuthTests : IDisposable
{
    private const string Url = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a%3A0/converse";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly TempFolder _folder = new();
    private readonly AuthSchemes _schemes;

    public AwsAuthTests() => _schemes = new(_time);

    public void Dispose()
    {
        _schemes.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task TheKeysOfTheConfigSignForTheRegionOfTheUrl()
    {
        var headers = await HeadersAsync(Keys with { RegionName = "us-east-1" });

        Assert.That(headers["Authorization"], Does.StartWith("AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/bedrock/aws4_request, "
            + "SignedHeaders=content-type;host;x-amz-date, Signature="));
        Assert.That(headers["X-Amz-Date"], Is.EqualTo("20260101T000000Z"));
        Assert.That(headers.Values, Has.None.Contains("s3cret"));
    }

    [TestCase("https://vpce-1.bedrock-runtime.eu-central-1.vpce.amazonaws.com/model/m/converse", null, "eu-central-1")]
    [TestCase("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/model/m/converse", "us-east-1", "us-gov-west-1")]
    [TestCase("http://127.0.0.1:9/model/m/converse", "us-east-2", "us-east-2")]
    public async Task TheRegionIsThatOfTheHostOrOfTheConfig(string url, string? region, string signed)
    {
        var headers = await HeadersAsync(Keys with { RegionName = region }, url);

        Assert.That(headers["Authorization"], Does.Contain($"/{signed}/bedrock/"));
    }

    [Test]
    public async Task AnotherBodyHasAnotherSignature()
    {
        var one = await _schemes.Of(AuthScheme.AwsSigV4).HeadersAsync(Call(Keys, Url, """{"model":"m","a":1}"""));
        var other = await _schemes.Of(AuthScheme.AwsSigV4).HeadersAsync(Call(Keys, Url, """{"model":"m","a":2}"""));
        var again = await _schemes.Of(AuthScheme.AwsSigV4).HeadersAsync(Call(Keys, Url, """{"model":"m","a":1}"""));

        Assert.That(one["Authorization"], Is.Not.EqualTo(other["Authorization"]).And.EqualTo(again["Authorization"]));
    }

    [Test]
    public void WithoutARegionTheSettingIsNamed() =>
        Assert.That(
            async () => await HeadersAsync(Keys, "http://127.0.0.1:9/model/m/converse"),
            Throws.TypeOf<AuthException>().With.Message.Contains("aws_region_name"));

    [Test]
    public async Task WhomAClientChoseSeesNoSignatureOfTheGateways()
    {
        var headers = await _schemes.Of(AuthScheme.AwsSigV4).HeadersAsync(Call(Keys, Url) with { IsClientTarget = true });

        Assert.That(headers, Does.Not.ContainKey("Authorization").And.Not.ContainKey("X-Amz-Date"));
    }

    [Test]
    public void HalfAPairOfKeysIsRefusedByName() => Assert.That(
        async () => await HeadersAsync(new() { AccessKeyId = Secret.Of("AKID") }),
        Throws.TypeOf<AuthException>().With.Message.Contains("aws_secret_access_key is missing"));

    [Test]
    public void AKeyThatCameToNothingIsNotReplacedByAnother()
    {
        var settings = new AwsSettings { AccessKeyId = Secret.Unusable, SecretAccessKey = Secret.Of("x") }.Under(
            new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = "OTHER", ["AWS_SECRET_ACCESS_KEY"] = "other" });

        Assert.That(
            async () => await HeadersAsync(settings), Throws.TypeOf<AuthException>().With.Message.Contains("aws_access_key_id is configured"));
    }

    [Test]
    public async Task TheKeysOfTheEnvironmentComeWithTheirOwnSessionToken()
    {
        var environment = new Dictionary<string, string>
        {
            ["AWS_ACCESS_KEY_ID"] = "ENVKEY",
            ["AWS_SECRET_ACCESS_KEY"] = "other",
            ["AWS_SESSION_TOKEN"] = "session-1",
        };
        var fromEnvironment = await HeadersAsync(new AwsSettings().Under(environment));
        var fromConfig = await HeadersAsync(Keys.Under(environment));

        Assert.That(fromEnvironment["Authorization"], Does.Contain("Credential=ENVKEY/"));
        Assert.That(fromEnvironment["X-Amz-Security-Token"], Is.EqualTo("session-1"));
        Assert.That(fromConfig, Does.Not.ContainKey("X-Amz-Security-Token"));
    }

    [Test]
    public async Task AProfileIsReadAgainWhenItsFileChanges()
    {
        Write("credentials", "# keys\n[work]\naws_access_key_id = OLD\naws_secret_access_key=x=1\n");
        var settings = InFolder with { ProfileName = "work" };
        Assert.That(await KeyOfAsync(settings), Is.EqualTo("OLD"));
        Write("credentials", "[work]\naws_access_key_id = NEW\naws_secret_access_key=x=2\n");
        Assert.That(await KeyOfAsync(settings), Is.EqualTo("OLD"));
        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.That(await KeyOfAsync(settings), Is.EqualTo("NEW"));
    }

    [Test]
    public async Task TheDefaultProfileCountsWhereNothingElseIsSaid()
    {
        Write("config", "[default]\nregion = us-east-1\naws_access_key_id = DEFAULTKEY\naws_secret_access_key = x\ns3 =\n  aws_access_key_id = NO\n");

        Assert.That(await KeyOfAsync(InFolder), Is.EqualTo("DEFAULTKEY"));
    }

    [Test]
    public void AProfileThatIsNotThereIsNamed() => Assert.That(
        async () => await HeadersAsync(InFolder with { ProfileName = "nobody" }),
        Throws.TypeOf<AuthException>().With.Message.Contains("'nobody'").And.Message.Contains(_folder.File("credentials")));

    [Test]
    public void AProfileThatOnlyOtherToolsCanUseIsRefusedByName()
    {
        Write("config", "[profile sso]\nsso_start_url = https://x\n");

        Assert.That(
            async () => await HeadersAsync(InFolder with { ProfileName = "sso" }),
            Throws.TypeOf<AuthException>().With.Message.Contains("'sso'").And.Message.Contains("sso_… are not supported"));
    }

    [Test]
    public void ProfilesThatLeadInACircleAreRefused()
    {
        Write("config", "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n");

        Assert.That(
            async () => await HeadersAsync(InFolder with { ProfileName = "a" }), Throws.TypeOf<AuthException>().With.Message.Contains("circle"));
    }

    [Test]
    public async Task ARoleIsAssumedWithTheKeysAndRenewedBeforeItEnds()
    {
        var number = 0;
        await using var sts = await ScriptedUpstream.StartAsync(http => Xml(http, Session($"ROLE{++number}", "2026-01-01T01:00:00Z")));
        var settings = Keys with
        {
            RoleName = "arn:aws:iam::1:role/r",
            SessionName = "s-1",
            ExternalId = "e-1",
            StsEndpoint = sts.Url,
            RegionName = "us-east-1",
        };
        var headers = await HeadersAsync(settings);

        Assert.That(headers["Authorization"], Does.Contain("Credential=ROLE1/"));
        Assert.That(headers["X-Amz-Security-Token"], Is.EqualTo("a+session/token=="));
        Assert.That(sts.Request.Body, Is.EqualTo(
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=s-1&ExternalId=e-1"));
        Assert.That(sts.Request.Headers["Authorization"], Does.Contain("Credential=AKID/20260101/us-east-1/sts/aws4_request"));
        _time.Advance(TimeSpan.FromMinutes(61));
        Assert.That(await KeyOfAsync(settings), Is.EqualTo("ROLE2"));
    }

    [Test]
    public async Task ARefusalOfStsIsToldWithoutTheSecret()
    {
        await using var sts = await ScriptedUpstream.StartAsync(http => Xml(
            http, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>No &amp; s3cret</Message></Error></ErrorResponse>", 403));
        var settings = Keys with { RoleName = "r", StsEndpoint = sts.Url };

        Assert.That(
            async () => await HeadersAsync(settings),
            Throws.TypeOf<AuthException>().With.Message.EqualTo("AWS STS (127.0.0.1) answered 403: AccessDenied: No & ***").And.Property("IsTransient").False);
    }

    [Test]
    public async Task ATokenOfAnIdentityProviderIsExchangedForARole()
    {
        await using var sts = await ScriptedUpstream.StartAsync(http => Xml(http, Session("WEB", "2026-01-01T01:00:00Z")));
        Write("token", "eyJ.tok\n");
        var settings = new AwsSettings { RegionName = "us-east-1" }.Under(new Dictionary<string, string>
        {
            ["AWS_WEB_IDENTITY_TOKEN_FILE"] = _folder.File("token"),
            ["AWS_ROLE_ARN"] = "role-1",
            ["AWS_STS_ENDPOINT"] = sts.Url,
        });

        Assert.That(await KeyOfAsync(settings), Is.EqualTo("WEB"));
        Assert.That(sts.Request.Body, Is.EqualTo(
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=role-1&RoleSessionName=gateway&WebIdentityToken=eyJ.tok"));
        Assert.That(sts.Request.Headers, Does.Not.ContainKey("Authorization"));
    }

    [Test]
    public async Task TheRoleOfAnInstanceIsFoundByASessionWithItsMetadataService()
    {
        await using var metadata = await ScriptedUpstream.StartAsync(http => (http.Request.Method, http.Request.Path.Value) switch
        {
            ("PUT", "/latest/api/token") => http.Response.WriteAsync("session-1"),
            ("GET", "/latest/meta-data/iam/security-credentials/") => http.Response.WriteAsync("my-role"),
            ("GET", "/latest/meta-data/iam/security-credentials/my-role") => ScriptedUpstream.SendAsync(
                http, """{"Code":"Success","AccessKeyId":"EC2","SecretAccessKey":"x","Token":"t","Expiration":"2026-01-01T06:00:00Z"}"""),
            _ => ScriptedUpstream.SendAsync(http, "{}", 404),
        });
        var settings = new AwsSettings().Under(new Dictionary<string, string> { ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.Url });

        Assert.That(await KeyOfAsync(settings), Is.EqualTo("EC2"));
        var (open, ask) = (metadata.Requests.First(), metadata.Requests.Last());
        Assert.That(open.Headers["X-aws-ec2-metadata-token-ttl-seconds"], Is.EqualTo("21600"));
        Assert.That(ask.Headers["X-aws-ec2-metadata-token"], Is.EqualTo("session-1"));
    }

    [Test]
    public async Task AContainerShowsItsToken()
    {
        await using var service = await ScriptedUpstream.AnswersAsync(
            """{"AccessKeyId":"ECS","SecretAccessKey":"x","Token":"t","Expiration":"2026-01-01T06:00:00Z"}""");
        var settings = new AwsSettings().Under(new Dictionary<string, string>
        {
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = service.Url + "/creds",
            ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "c-token",
        });

        Assert.That(await KeyOfAsync(settings), Is.EqualTo("ECS"));
        Assert.That(service.Request.Headers["Authorization"], Is.EqualTo("c-token"));
    }

    [TestCase("http://example.com/creds")]
    [TestCase("nonsense")]
    public void AContainersTokenIsShownToNobodyElse(string url) => Assert.That(
        async () => await HeadersAsync(new AwsSettings { ContainerUri = url, ContainerToken = Secret.Of("c-token") }),
        Throws.TypeOf<AuthException>().With.Message.Contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"));

    [Test]
    public void WithoutAnyCredentialsTheMessageSaysWhatToSet() => Assert.That(
        async () => await HeadersAsync(new AwsSettings().Under(new Dictionary<string, string> { ["AWS_EC2_METADATA_DISABLED"] = "true" })),
        Throws.TypeOf<AuthException>().With.Message.Contains("aws_access_key_id"));

    private static AwsSettings Keys => new() { AccessKeyId = Secret.Of("AKID"), SecretAccessKey = Secret.Of("s3cret") };

    private AwsSettings InFolder => new() { CredentialsFile = _folder.File("credentials"), ConfigFile = _folder.File("config") };

    private void Write(string name, string text) => File.WriteAllText(_folder.File(name), text);

    private static Gateway.Upstream.UpstreamCall Call(AwsSettings settings, string url = Url, string body = """{"model":"m"}""") =>
        AuthFixture.Call(AuthScheme.AwsSigV4, null, url, body, new CloudSettings { Aws = settings });

    private Task<Dictionary<string, string>> HeadersAsync(AwsSettings settings, string url = Url) =>
        _schemes.Of(AuthScheme.AwsSigV4).HeadersAsync(Call(settings, url));

    private async Task<string> KeyOfAsync(AwsSettings settings) =>
        Regex.Match((await HeadersAsync(settings))["Authorization"], "Credential=(\\w+)/").Groups[1].Value;

    private static Task Xml(HttpContext http, string xml, int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/xml";
        return http.Response.WriteAsync(xml);
    }

    private static string Session(string key, string end) => $"""
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><Arn>a</Arn></AssumedRoleUser>
          <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>a+session/token==</SessionToken>
          <Expiration>{end}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
        """;
}
