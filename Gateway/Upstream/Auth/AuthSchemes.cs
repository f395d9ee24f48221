using Gateway.Catalog;

namespace Gateway.Upstream.Auth;

/// <summary>Every way of authentication that the gateway knows, by its name in the providers' rows.</summary>
internal sealed class AuthSchemes : IDisposable
{
    private readonly TokenEndpoint _endpoint = new();
    private readonly ProviderAuth _bearer = new BearerAuth();
    private readonly ProviderAuth _apiKey = new KeyHeaderAuth("api-key");
    private readonly ProviderAuth _xApiKey = new KeyHeaderAuth("x-api-key");
    private readonly ProviderAuth _googApiKey = new KeyHeaderAuth("x-goog-api-key");
    private readonly ProviderAuth _awsSigV4;
    private readonly ProviderAuth _googleOAuth;
    private readonly ProviderAuth _azureEntra;
    private readonly ProviderAuth _watsonxIam;

    public AuthSchemes(TimeProvider time)
    {
        _awsSigV4 = new AwsSigV4Auth(_endpoint, time);
        _googleOAuth = new GoogleOAuthAuth(_endpoint, time);
        _azureEntra = new AzureEntraAuth(_endpoint, time);
        _watsonxIam = new WatsonxIamAuth(_endpoint, time);
    }

    /// <summary>The table. To add a scheme, add its file, its name to <see cref="AuthScheme"/> and its line here.</summary>
    public ProviderAuth Of(AuthScheme scheme) => scheme switch
    {
        AuthScheme.Bearer => _bearer,
        AuthScheme.ApiKeyHeader => _apiKey,
        AuthScheme.XApiKey => _xApiKey,
        AuthScheme.GoogApiKey => _googApiKey,
        AuthScheme.AwsSigV4 => _awsSigV4,
        AuthScheme.GoogleOAuth => _googleOAuth,
        AuthScheme.AzureEntra => _azureEntra,
        AuthScheme.WatsonxIam => _watsonxIam,
        _ => throw new ArgumentOutOfRangeException(nameof(scheme)),
    };

    public void Dispose() => _endpoint.Dispose();
}
