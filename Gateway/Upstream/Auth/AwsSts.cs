using System.Globalization;
using System.Security.Cryptography;
using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>
/// AWS's Security Token Service, which gives a role's credentials for a while (https://docs.aws.amazon.com/STS/latest/APIReference).
/// </summary>
internal sealed class AwsSts(TokenEndpoint endpoint, TimeProvider time)
{
    private const string What = "AWS STS";
    private const string Service = "sts";
    private const string Version = "2011-06-15"; // of its API, the only one

    /// <summary>How a role's session is called where no name is set.</summary>
    private const string DefaultSession = "gateway";

    /// <summary>The one region that the URL without a region stands for.</summary>
    private const string GlobalRegion = "us-east-1";

    /// <summary>The credentials of a role for the bearer of others, which sign the request.</summary>
    /// <exception cref="AuthException">They were not given.</exception>
    public Task<AwsCredentials> AssumeAsync(
        AwsSettings settings, AwsCredentials own, string role, string? session, string? externalId, CancellationToken ct)
    {
        List<KeyValuePair<string, string>> form = [new("Action", "AssumeRole"), .. Common(role, session)];
        if (externalId is not null)
            form.Add(new("ExternalId", externalId));
        return SendAsync(settings, form, own, null, ct);
    }

    /// <summary>The credentials of a role for a token of an identity provider that the role trusts.</summary>
    /// <exception cref="AuthException">They were not given.</exception>
    public Task<AwsCredentials> ExchangeAsync(AwsSettings settings, string role, Secret token, CancellationToken ct) => SendAsync(
        settings,
        [new("Action", "AssumeRoleWithWebIdentity"), .. Common(role, settings.SessionName), new("WebIdentityToken", token.Reveal())],
        null, token, ct);

    private static KeyValuePair<string, string>[] Common(string role, string? session) =>
        [new("Version", Version), new("RoleArn", role), new("RoleSessionName", session ?? DefaultSession)];

    private async Task<AwsCredentials> SendAsync(
        AwsSettings settings, IEnumerable<KeyValuePair<string, string>> form, AwsCredentials? signer, Secret? shown, CancellationToken ct)
    {
        var (uri, region) = Find(settings);
        var content = new FormUrlEncodedContent(form);
        var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = content };
        if (signer is not null)
            SigV4.Sign(request, SHA256.HashData(await content.ReadAsByteArrayAsync(ct)), signer, new(region, Service), time.GetUtcNow());
        Secret?[] secrets = [shown, .. signer is null ? [] : SecretsOf(signer)];
        return Read(await endpoint.SendAsync(request, What, secrets, ct));
    }

    private static IEnumerable<Secret?> SecretsOf(AwsCredentials credentials) =>
        [Secret.Of(credentials.SecretAccessKey), credentials.SessionToken is { } token ? Secret.Of(token) : null];

    private static (Uri Uri, string Region) Find(AwsSettings settings)
    {
        if (settings.StsEndpoint is { } given)
        {
            var uri = TokenEndpoint.UrlOf(given, What);
            return (uri, AwsRegion.OfHost(uri.Host, Service) ?? settings.RegionName ?? GlobalRegion);
        }
        if (settings.RegionName is not { } region)
            return (new Uri("https://sts.amazonaws.com"), GlobalRegion);
        if (!region.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            throw new AuthException("aws_region_name must be a region's name, as us-east-1");
        var domain = region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com";
        return (new Uri($"https://sts.{region}.{domain}"), region);
    }

    private static AwsCredentials Read(string xml)
    {
        if (XmlText.Find(xml, "AccessKeyId") is { Length: > 0 } key && XmlText.Find(xml, "SecretAccessKey") is { Length: > 0 } secret
            && XmlText.Find(xml, "SessionToken") is { Length: > 0 } token
            && DateTimeOffset.TryParse(
                XmlText.Find(xml, "Expiration"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end))
            return new AwsCredentials(key, secret, token) { ExpiresAt = end };
        throw new AuthException($"{What} answered without credentials");
    }
}
