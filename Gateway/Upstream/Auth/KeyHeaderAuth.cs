namespace Gateway.Upstream.Auth;

/// <summary>The key, as it is, in a header of the provider's own.</summary>
/// <param name="header">The header's name.</param>
internal sealed class KeyHeaderAuth(string header) : ProviderAuth
{
    public override ValueTask ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken ct)
    {
        if (call.Key is { IsUsable: true } key)
            Add(request, header, key.Reveal());
        return ValueTask.CompletedTask;
    }
}
