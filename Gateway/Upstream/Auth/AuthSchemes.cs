using Gateway.Catalog;

namespace Gateway.Upstream.Auth;

/// <summary>Every way of authentication that the gateway knows, by its name in the providers' rows.</summary>
internal sealed class AuthSchemes
{
    private readonly ProviderAuth _bearer = new BearerAuth();
    private readonly ProviderAuth _apiKey = new KeyHeaderAuth("api-key");
    private readonly ProviderAuth _xApiKey = new KeyHeaderAuth("x-api-key");
    private readonly ProviderAuth _googApiKey = new KeyHeaderAuth("x-goog-api-key");

    /// <summary>The table. To add a scheme, add its file, its name to <see cref="AuthScheme"/> and its line here.</summary>
    public ProviderAuth Of(AuthScheme scheme) => scheme switch
    {
        AuthScheme.Bearer => _bearer,
        AuthScheme.ApiKeyHeader => _apiKey,
        AuthScheme.XApiKey => _xApiKey,
        AuthScheme.GoogApiKey => _googApiKey,
        _ => throw new ArgumentOutOfRangeException(nameof(scheme)),
    };
}
