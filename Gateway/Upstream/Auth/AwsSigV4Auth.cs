using System.Security.Cryptography;
using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>A signature of AWS's over the request and its body; a Bedrock API key is shown as a bearer token instead.</summary>
internal sealed class AwsSigV4Auth(TokenEndpoint endpoint, TimeProvider time) : ProviderAuth
{
    private const string Service = "bedrock";

    private readonly CredentialCache<AwsSettings, AwsCredentials> _cache = new(new AwsCredentialChain(endpoint, time).ObtainAsync, time);

    public override async ValueTask ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken ct)
    {
        if (call.Key is { IsUsable: true } key)
        {
            Add(request, BearerAuth.Header, BearerAuth.Of(key.Reveal()));
            return;
        }
        if (call.IsClientTarget || Holds(request, BearerAuth.Header))
            return; // the gateway's identity is not shown to whom a client chose
        var settings = call.Deployment.Cloud.Aws;
        var region = AwsRegion.OfHost(request.RequestUri!.Host, Service) ?? settings.RegionName ?? throw new AuthException(
            "AWS's region is not known: set aws_region_name or the variable AWS_REGION");
        var credentials = await _cache.GetAsync(settings, ct);
        SigV4.Sign(request, Hash(call), credentials, new(region, Service), time.GetUtcNow());
    }

    private static byte[] Hash(UpstreamCall call)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var piece in call.Body.Pieces)
            hash.AppendData(piece.Span);
        return hash.GetHashAndReset();
    }
}
