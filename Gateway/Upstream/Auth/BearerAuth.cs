namespace Gateway.Upstream.Auth;

/// <summary>The key as a bearer token (RFC 6750).</summary>
internal sealed class BearerAuth : ProviderAuth
{
    /// <summary>The header that holds it.</summary>
    public const string Header = "Authorization";

    public override ValueTask ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken ct)
    {
        if (call.Key is { IsUsable: true } key)
            Add(request, Header, Of(key.Reveal()));
        return ValueTask.CompletedTask;
    }

    /// <summary>A token as the header's value.</summary>
    public static string Of(string token) => "Bearer " + token;
}
