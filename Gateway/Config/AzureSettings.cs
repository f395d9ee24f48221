namespace Gateway.Config;

/// <summary>Who the gateway is at Microsoft Entra ID, where Azure is not called with a key.</summary>
public sealed record AzureSettings
{
    /// <summary>A token that is shown as it is.</summary>
    public Secret? AdToken { get; init; }
    public string? TenantId { get; init; }
    public string? ClientId { get; init; }
    public Secret? ClientSecret { get; init; }
    public string? Scope { get; init; }

    /// <summary>From the environment: who gives tokens.</summary>
    public string AuthorityHost { get; init; } = DefaultAuthority;

    private const string DefaultAuthority = "https://login.microsoftonline.com";

    /// <summary>True when the gateway has a token, or all that it takes to get one.</summary>
    public bool IsComplete =>
        AdToken is { IsUsable: true } || TenantId is not null && ClientId is not null && ClientSecret is { IsUsable: true };

    /// <summary>True when something is set: then a key of the environment does not count.</summary>
    internal bool IsSet => AdToken is not null || TenantId is not null || ClientId is not null || ClientSecret is not null;

    internal static AzureSettings Read(YamlSection s) => new()
    {
        AdToken = s.Secret("azure_ad_token"),
        TenantId = s.Text("tenant_id"),
        ClientId = s.Text("client_id"),
        ClientSecret = s.Secret("client_secret"),
        Scope = s.Text("azure_scope"),
    };

    internal AzureSettings Under(IReadOnlyDictionary<string, string> environment) => this with
    {
        // A token of the environment does not stand in for an application that is named here.
        AdToken = IsSet ? AdToken : CloudSettings.SecretVariable(environment, "AZURE_AD_TOKEN"),
        TenantId = TenantId ?? CloudSettings.Variable(environment, "AZURE_TENANT_ID"),
        ClientId = ClientId ?? CloudSettings.Variable(environment, "AZURE_CLIENT_ID"),
        ClientSecret = ClientSecret ?? CloudSettings.SecretVariable(environment, "AZURE_CLIENT_SECRET"),
        Scope = Scope ?? CloudSettings.Variable(environment, "AZURE_SCOPE"),
        AuthorityHost = CloudSettings.Variable(environment, "AZURE_AUTHORITY_HOST") ?? DefaultAuthority,
    };
}
