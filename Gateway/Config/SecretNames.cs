namespace Gateway.Config;

/// <summary>Which keys may hold a secret, so that no message quotes their values.</summary>
internal static class SecretNames
{
    private static readonly string[] Parts = ["key", "secret", "token", "password", "credential", "header", "url", "cookie", "auth"];

    /// <summary>True for <c>api_key</c>, <c>database_url</c>, <c>azure_ad_token</c> …; some harmless names count too: max_tokens.</summary>
    public static bool Matches(string key) => Parts.Any(part => key.Contains(part, StringComparison.OrdinalIgnoreCase));
}
