using Gateway.Dialects;

namespace Gateway.Catalog;

/// <summary>
/// Makes the URLs that a provider is called at. What comes from a client (the model's name) is at most one escaped path segment:
/// it never reaches host, path or query.
/// </summary>
public static class UpstreamUrl
{
    /// <summary>LiteLLM's default.</summary>
    public const string DefaultAzureVersion = "2025-02-01-preview";

    private const string AzureDeployments = "/openai/deployments/";
    private const string AzureV1 = "/openai/v1";

    /// <summary>
    /// Brings a base URL into the form that <see cref="Deployment.ApiBase"/> has: no slash at the end, no query, with the path
    /// that the provider needs.
    /// </summary>
    /// <param name="provider">The row that the URL is for.</param>
    /// <param name="text">As written by a person (or, where a config allows it, a client).</param>
    /// <param name="apiBase">The base; empty when there is a problem.</param>
    /// <param name="query">The query that was taken off, with its question mark, or nothing.</param>
    /// <returns>
    /// What is wrong, as the rest of a sentence that begins with the setting's name; never quotes the URL. Null: all is well.
    /// </returns>
    public static string? Normalize(Provider provider, string text, out string apiBase, out string query)
    {
        (apiBase, query) = ("", "");
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            return "must be an absolute http or https URL";
        if (uri.UserInfo.Length > 0 || text.Contains('@') && uri.Authority.Contains('@'))
            return "must not hold a user name or password; use api_key or extra_headers";
        if (uri.Fragment.Length > 0)
            return "must not hold a fragment (#…)";
        query = uri.Query;
        var path = uri.AbsolutePath.TrimEnd('/');
        apiBase = uri.GetLeftPart(UriPartial.Authority)
            + (provider == Providers.Azure ? AzurePath(path)
                : provider.Speaks[0] == WireFormat.Ollama && path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^"/v1".Length]
                : WithPath(path, provider.ApiBasePath));
        return null;
    }

    /// <summary>The URL of an operation.</summary>
    /// <param name="provider">The row.</param>
    /// <param name="apiBase">As <see cref="Normalize"/> made it.</param>
    /// <param name="operation">What is asked for.</param>
    /// <param name="model">The model at the provider.</param>
    /// <param name="apiVersion">Azure's api-version. Null: the default.</param>
    /// <param name="format">What is spoken there.</param>
    /// <param name="isStream">Some formats have a URL of its own for streams.</param>
    /// <exception cref="ArgumentException">The model's name cannot stand in a path (<see cref="IsSegment"/>).</exception>
    public static Uri Build(
        Provider provider, string apiBase, Operation operation, string model, string? apiVersion, WireFormat format = WireFormat.OpenAi,
        bool isStream = false)
    {
        if (operation == Operation.Rerank)
            return new Uri(RerankUrl(apiBase, provider.RerankPath ?? "/rerank"));
        if (FormatPath.Of(provider, format, operation, model, isStream) is { } own)
            return new Uri(apiBase + own);
        var path = format == WireFormat.Responses ? "/responses" : PathOf(operation);
        if (provider != Providers.Azure)
            return new Uri(apiBase + path);
        // The v1 API takes the deployment from the body, and a version only where a preview is wanted.
        if (apiBase.EndsWith(AzureV1, StringComparison.Ordinal))
            return new Uri(apiBase + path + (apiVersion is "preview" or "latest" ? $"?api-version={apiVersion}" : ""));
        var version = "?api-version=" + Uri.EscapeDataString(apiVersion ?? DefaultAzureVersion);
        if (apiBase.Contains(AzureDeployments, StringComparison.Ordinal))
            return new Uri(apiBase + path + version);
        if (!IsSegment(model))
            throw new ArgumentException("The model's name cannot stand in a URL.", nameof(model));
        return new Uri(apiBase + AzureDeployments + Uri.EscapeDataString(model) + path + version);
    }

    /// <summary>False for names that would change the path although they are escaped.</summary>
    public static bool IsSegment(string model) => model is not ("" or "." or "..");

    /// <summary>True when a deployment's URL holds the model's name.</summary>
    internal static bool HoldsModel(Provider provider, string apiBase) => HasOwnPaths(provider) || provider == Providers.Azure
        && !apiBase.EndsWith(AzureV1, StringComparison.Ordinal) && !apiBase.Contains(AzureDeployments, StringComparison.Ordinal);

    /// <summary>True where the path depends on the format, and mostly on the model.</summary>
    private static bool HasOwnPaths(Provider provider) => provider.Speaks[0] is not (WireFormat.OpenAi or WireFormat.Responses or WireFormat.Anthropic);

    private static string PathOf(Operation operation) => operation switch
    {
        Operation.Chat => "/chat/completions",
        Operation.Completions => "/completions",
        Operation.Embeddings => "/embeddings",
        Operation.Images => "/images/generations",
        Operation.ImageEdits => "/images/edits",
        Operation.ImageVariations => "/images/variations",
        Operation.Speech => "/audio/speech",
        Operation.Transcriptions => "/audio/transcriptions",
        Operation.Translations => "/audio/translations",
        Operation.Moderations => "/moderations",
        Operation.Files => "/files",
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    /// <summary>People paste the whole URL of a rerank, or its version, which is part of the provider's path then.</summary>
    private static string RerankUrl(string apiBase, string path)
    {
        const string Call = "/rerank";
        if (apiBase.EndsWith(Call, StringComparison.Ordinal))
            apiBase = apiBase[..^Call.Length];
        var isVersioned = path.Length > Call.Length
            && (apiBase.EndsWith("/v1", StringComparison.Ordinal) || apiBase.EndsWith("/v2", StringComparison.Ordinal));
        return (isVersioned ? apiBase[..^"/v1".Length] : apiBase) + path;
    }

    /// <summary>The URL of a call that has no model: files and batches.</summary>
    /// <param name="path">Of constants and checked ids: <c>/files/ID/content</c>.</param>
    /// <param name="query">Of checked names and values, without a question mark; maybe empty.</param>
    public static Uri BuildWithoutModel(Provider provider, string apiBase, string path, string query, string? apiVersion)
    {
        if (provider == Providers.Azure && !apiBase.EndsWith(AzureV1, StringComparison.Ordinal))
        {
            var deployments = apiBase.IndexOf(AzureDeployments, StringComparison.Ordinal);
            apiBase = (deployments < 0 ? apiBase : apiBase[..deployments]) + "/openai";
            query = Joined(query, "api-version=" + Uri.EscapeDataString(apiVersion ?? DefaultAzureVersion));
        }
        else if (provider == Providers.Azure && apiVersion is "preview" or "latest")
        {
            query = Joined(query, $"api-version={apiVersion}");
        }
        return new Uri(apiBase + path + (query.Length > 0 ? "?" + query : ""));

        static string Joined(string first, string second) => first.Length == 0 ? second : $"{first}&{second}";
    }

    /// <summary>People paste Azure's whole URL: what follows the deployment's name is cut off, as is a lone /openai.</summary>
    private static string AzurePath(string path)
    {
        var deployments = path.IndexOf(AzureDeployments, StringComparison.Ordinal);
        if (deployments >= 0)
        {
            var end = path.IndexOf('/', deployments + AzureDeployments.Length);
            return end < 0 ? path : path[..end];
        }
        return path.EndsWith("/openai", StringComparison.Ordinal) ? path[..^"/openai".Length] : path;
    }

    /// <summary>Adds what the path lacks of its end: /v1beta + /v1beta/openai → /v1beta/openai.</summary>
    private static string WithPath(string path, string? end)
    {
        if (end is null || path.EndsWith(end, StringComparison.Ordinal) || path.EndsWith(end + "/openai", StringComparison.Ordinal))
            return path;
        for (var i = end.Length - 1; i > 0; i--)
        {
            if (end[i] == '/' && path.EndsWith(end[..i], StringComparison.Ordinal))
                return path + end[i..];
        }
        return path + end;
    }
}
