using System.Globalization;
using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>The credentials that AWS gives to the machine, or the container, on which the gateway runs.</summary>
internal sealed class AwsMachine(TokenEndpoint endpoint, TimeProvider time)
{
    private const string Instance = "the metadata service of EC2";
    private const string Container = "the credentials service of the container";
    private const string RolePath = "/latest/meta-data/iam/security-credentials/";

    /// <summary>A session with the metadata service, six hours, which is the most.</summary>
    private const string SessionSeconds = "21600";

    /// <summary>Elsewhere than on EC2 nobody answers there, and nobody says so; AWS's tools wait for a second.</summary>
    private static readonly TimeSpan InstanceTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Where a container may be sent to without TLS, beside loopback: ECS, EKS (v4 and v6).</summary>
    private static readonly string[] ContainerHosts = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

    /// <summary>The credentials of an instance's role, by IMDSv2: (1) open a session, (2) ask for the role, (3) for its credentials.</summary>
    /// <exception cref="AuthException">There are none.</exception>
    public async Task<AwsCredentials> OfInstanceAsync(string metadata, CancellationToken ct)
    {
        if (!Uri.TryCreate(metadata, UriKind.Absolute, out var root))
            throw new AuthException("AWS_EC2_METADATA_SERVICE_ENDPOINT must be an absolute URL");
        // 1
        var open = new HttpRequestMessage(HttpMethod.Put, new Uri(root, "/latest/api/token"));
        open.Headers.TryAddWithoutValidation("X-aws-ec2-metadata-token-ttl-seconds", SessionSeconds);
        var session = (await OpenAsync(open, ct)).Trim();
        // 2
        var role = (await GetAsync(RolePath)).Split('\n')[0].Trim();
        if (role.Length == 0)
            throw new AuthException($"{Instance} knows of no role of this machine");
        // 3
        return Read(await GetAsync(RolePath + Uri.EscapeDataString(role)), Instance);

        Task<string> GetAsync(string path)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, new Uri(root, path));
            request.Headers.TryAddWithoutValidation("X-aws-ec2-metadata-token", session);
            return endpoint.SendAsync(request, Instance, [Secret.Of(session)], ct);
        }
    }

    private async Task<string> OpenAsync(HttpRequestMessage request, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(InstanceTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            return await endpoint.SendAsync(request, Instance, [], either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Missing();
        }
        catch (AuthException e) when (e.IsTransient)
        {
            throw Missing();
        }
    }

    private static AuthException Missing() => new(
        $"there are no AWS credentials, and {Instance} was not reached: set aws_access_key_id and aws_secret_access_key, "
        + "aws_profile_name, or AWS's variables", isTransient: true);

    /// <summary>The credentials of a container of ECS or EKS.</summary>
    /// <exception cref="AuthException">There are none, or the URL is not one that may see the container's token.</exception>
    public async Task<AwsCredentials> OfContainerAsync(AwsSettings settings, string url, CancellationToken ct)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)
            || uri.Scheme != Uri.UriSchemeHttps && !uri.IsLoopback && !ContainerHosts.Contains(uri.Host))
            throw new AuthException("AWS_CONTAINER_CREDENTIALS_FULL_URI must be an https URL, or one of this machine's own");
        var token = settings.ContainerTokenFile is { } file
            ? AwsCredentialChain.ReadToken(file, "the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names")
            : settings.ContainerToken;
        var request = new HttpRequestMessage(HttpMethod.Get, uri);
        if (token is { IsUsable: true })
            request.Headers.TryAddWithoutValidation(BearerAuth.Header, token.Reveal());
        return Read(await endpoint.SendAsync(request, Container, [token], ct), Container);
    }

    private static AwsCredentials Read(string text, string what)
    {
        using var json = TokenEndpoint.Parse(text, what);
        var root = json.RootElement;
        if (TokenEndpoint.Text(root, "AccessKeyId") is { Length: > 0 } key
            && TokenEndpoint.Text(root, "SecretAccessKey") is { Length: > 0 } secret
            && DateTimeOffset.TryParse(
                TokenEndpoint.Text(root, "Expiration"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end))
            return new AwsCredentials(key, secret, TokenEndpoint.Text(root, "Token")) { ExpiresAt = end };
        throw new AuthException($"{what} answered without credentials");
    }
}
