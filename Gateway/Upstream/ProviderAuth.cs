using System.Net.Http.Headers;
using Gateway.Catalog;
using Gateway.Config;

namespace Gateway.Upstream;

/// <summary>Shows a provider its key, in the provider's way.</summary>
internal static class ProviderAuth
{
    /// <summary>Adds the header that holds the key. A missing key adds none: the provider's refusal tells.</summary>
    public static void Apply(HttpRequestHeaders headers, AuthScheme scheme, Secret? key)
    {
        if (key is not { IsUsable: true })
            return;
        switch (scheme)
        {
            case AuthScheme.ApiKeyHeader:
                headers.TryAddWithoutValidation("api-key", key.Reveal());
                break;
            default:
                headers.TryAddWithoutValidation("Authorization", "Bearer " + key.Reveal());
                break;
        }
    }
}
