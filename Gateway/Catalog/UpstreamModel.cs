using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>A model at a provider.</summary>
/// <param name="Provider">The row.</param>
/// <param name="Name">The model without prefix.</param>
/// <param name="IsAssumed">True when nothing told the provider but an <c>api_base</c>: then any server that speaks OpenAI's wire.</param>
public readonly record struct UpstreamModel(Provider Provider, string Name, bool IsAssumed)
{
    /// <summary>
    /// Reads <c>litellm_params.model</c>: 1. <c>custom_llm_provider</c>, 2. the prefix up to the first slash, when it is a known
    /// provider, 3. the host of <c>api_base</c>, 4. whose model the bare name is, 5. an <c>api_base</c> as such.
    /// </summary>
    /// <returns>Null: the provider cannot be told.</returns>
    public static UpstreamModel? Read(LiteLlmParams settings, PriceBook prices)
    {
        var model = settings.Model;
        var slash = model.IndexOf('/');
        var prefix = slash > 0 ? Providers.Find(model[..slash]) : null;

        // 1
        if (settings.CustomLlmProvider is { } custom && Providers.Find(custom) is { } named)
            return Of(named, prefix == named ? model[(slash + 1)..] : model);
        // 2
        if (prefix is not null)
            return Of(prefix, model[(slash + 1)..]);
        // 3
        if (Uri.TryCreate(settings.ApiBase, UriKind.Absolute, out var uri) && Providers.FindByHost(uri.Host) is { } host)
            return Of(host, model);
        // 4
        if (prices.MakerOf(model) is { } maker && Providers.Find(maker) is { } made)
            return Of(made, model);
        // 5
        return string.IsNullOrEmpty(settings.ApiBase) ? null : Of(Providers.CustomOpenAI, model) with { IsAssumed = true };
    }

    private static UpstreamModel Of(Provider provider, string model) =>
        new(provider, WildcardPattern.IsPattern(model) ? model : WithPath(provider, model), false);

    /// <summary>Fireworks' models are called by a path, which people leave out.</summary>
    internal static string WithPath(Provider provider, string model) =>
        provider.ModelPath is not { } path || model.StartsWith("accounts/", StringComparison.Ordinal) || model.Contains('#')
            ? model
            : path + model;
}
