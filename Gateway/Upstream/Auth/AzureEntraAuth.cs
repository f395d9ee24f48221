using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>
/// Azure: the key in its header; without one a token of Microsoft Entra ID, either as it is configured or got with an application's
/// secret (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
/// </summary>
internal sealed class AzureEntraAuth : ProviderAuth
{
    private const string What = "Microsoft Entra ID";
    private const string DefaultScope = "https://cognitiveservices.azure.com/.default"; // Azure OpenAI's
    private const string KeyHeader = "api-key";

    private readonly CredentialCache<AzureSettings, AccessToken> _cache;
    private readonly TokenEndpoint _endpoint;
    private readonly TimeProvider _time;

    public AzureEntraAuth(TokenEndpoint endpoint, TimeProvider time)
    {
        _endpoint = endpoint;
        _time = time;
        _cache = new(ObtainAsync, time);
    }

    public override ValueTask ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken ct)
    {
        if (call.Key is { IsUsable: true } key)
        {
            Add(request, KeyHeader, key.Reveal());
            return ValueTask.CompletedTask;
        }
        var settings = call.Deployment.Cloud.Azure;
        if (call.IsClientTarget || Holds(request, BearerAuth.Header) || Holds(request, KeyHeader) || !settings.IsComplete)
            return ValueTask.CompletedTask; // the gateway's identity is not shown to whom a client chose
        if (settings.AdToken is not { IsUsable: true } token)
            return ApplyTokenAsync(request, settings, ct);
        Add(request, BearerAuth.Header, BearerAuth.Of(token.Reveal()));
        return ValueTask.CompletedTask;
    }

    private async ValueTask ApplyTokenAsync(HttpRequestMessage request, AzureSettings settings, CancellationToken ct) =>
        Add(request, BearerAuth.Header, (await _cache.GetAsync(settings, ct)).Header);

    private Task<AccessToken> ObtainAsync(AzureSettings settings, CancellationToken ct)
    {
        var authority = TokenEndpoint.UrlOf(settings.AuthorityHost, What);
        var uri = new Uri($"{authority.AbsoluteUri.TrimEnd('/')}/{Uri.EscapeDataString(settings.TenantId!)}/oauth2/v2.0/token");
        return _endpoint.PostAsync(
            uri, What,
            [
                new("grant_type", "client_credentials"),
                new("client_id", settings.ClientId!),
                new("client_secret", settings.ClientSecret!.Reveal()),
                new("scope", settings.Scope ?? DefaultScope),
            ],
            [settings.ClientSecret], _time, ct);
    }
}
