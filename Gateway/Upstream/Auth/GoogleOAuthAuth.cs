using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>A token of Google Cloud's as a bearer token; an API key is shown as Google's header instead.</summary>
internal sealed class GoogleOAuthAuth(TokenEndpoint endpoint, TimeProvider time) : ProviderAuth
{
    private readonly CredentialCache<VertexSettings, AccessToken> _cache = new(new GoogleTokens(endpoint, time).ObtainAsync, time);

    public override async ValueTask ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken ct)
    {
        if (call.Key is { IsUsable: true } key)
        {
            Add(request, "x-goog-api-key", key.Reveal());
            return;
        }
        if (call.IsClientTarget || Holds(request, BearerAuth.Header))
            return; // the gateway's identity is not shown to whom a client chose
        // Where and for which project the token is used makes it no other token.
        var token = await _cache.GetAsync(call.Deployment.Cloud.Vertex with { Project = null, Location = null, Problem = null }, ct);
        Add(request, BearerAuth.Header, token.Header);
        if (token.QuotaProject is { } project)
            Add(request, "x-goog-user-project", project);
    }
}
