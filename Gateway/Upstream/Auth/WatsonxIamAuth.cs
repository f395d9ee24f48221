using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>
/// watsonx.ai: the token that IBM Cloud gives for the key
/// (https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey).
/// </summary>
internal sealed class WatsonxIamAuth : ProviderAuth
{
    private const string What = "IBM Cloud's IAM";

    private readonly CredentialCache<(Secret Key, string Url), AccessToken> _cache;
    private readonly TokenEndpoint _endpoint;
    private readonly TimeProvider _time;

    public WatsonxIamAuth(TokenEndpoint endpoint, TimeProvider time)
    {
        _endpoint = endpoint;
        _time = time;
        _cache = new(ObtainAsync, time);
    }

    public override async ValueTask ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken ct)
    {
        // A client's own key makes a token of the client's own.
        if (call.Key is not { IsUsable: true } key || Holds(request, BearerAuth.Header))
            return;
        Add(request, BearerAuth.Header, (await _cache.GetAsync((key, call.Deployment.Cloud.Watsonx.IamUrl), ct)).Header);
    }

    private Task<AccessToken> ObtainAsync((Secret Key, string Url) identity, CancellationToken ct) => _endpoint.PostAsync(
        TokenEndpoint.UrlOf(identity.Url, What), What,
        [new("grant_type", "urn:ibm:params:oauth:grant-type:apikey"), new("apikey", identity.Key.Reveal())],
        [identity.Key], _time, ct);
}
