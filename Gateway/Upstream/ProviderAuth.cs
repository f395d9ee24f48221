namespace Gateway.Upstream;

/// <summary>Shows a provider who calls, in the provider's way; one class per <see cref="Catalog.AuthScheme"/>.</summary>
internal abstract class ProviderAuth
{
    /// <summary>
    /// Adds what the provider wants to see, as the last thing before the request is sent. A credential that is missing adds nothing:
    /// the provider's refusal tells. A header that the deployment sets itself is left as it is.
    /// </summary>
    /// <param name="request">Complete but for the authentication.</param>
    /// <param name="call">What it was made of.</param>
    /// <param name="ct">Ends with the call's deadline: a token that is slow to come counts against it.</param>
    /// <exception cref="AuthException">No credential could be had.</exception>
    public abstract ValueTask ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken ct);

    /// <summary>True when the request holds that header already.</summary>
    protected static bool Holds(HttpRequestMessage request, string header) => request.Headers.NonValidated.Contains(header);

    /// <summary>Adds a header unless the request holds it already.</summary>
    protected static void Add(HttpRequestMessage request, string header, string value)
    {
        if (!Holds(request, header))
            request.Headers.TryAddWithoutValidation(header, value);
    }
}
