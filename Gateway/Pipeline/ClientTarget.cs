using System.Net;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Where a call goes and with whose key: the deployment's, or the client's where the deployment lets clients choose. A mock has no URL.</summary>
internal readonly record struct ClientTarget(Uri? Uri, Secret? Key, bool IsChosenByClient)
{
    /// <summary>No provider's key is longer; OpenAI's longest have about 170 characters.</summary>
    private const int MaxKeyLength = 512;

    /// <summary>Finds the target of a call.</summary>
    /// <returns>Null, or why the client may not choose it.</returns>
    public static ApiError? Find(
        Deployment deployment, Operation operation, string upstreamModel, WireFormat format, ClientRequest request, out ClientTarget target)
    {
        target = default;
        var allowed = deployment.Params.ConfigurableClientsideAuthParams;
        if (request.ApiKey is not null && !allowed.Any(param => param.Name == "api_key"))
            return ApiError.ParameterNotAllowed("api_key");
        if (request.ApiKey is not null && !IsHeaderText(request.ApiKey))
            return ApiError.InvalidParameter("api_key", $"must be 1 to {MaxKeyLength} visible ASCII characters");
        var key = request.ApiKey is null ? deployment.ApiKey : Secret.Of(request.ApiKey);
        if (request.ApiBase is null)
        {
            target = new(deployment.IsMock ? null : deployment.UriFor(operation, upstreamModel, format, request.IsStream), key, false);
            return null;
        }
        if (!allowed.Any(param => param.Pattern?.IsMatch(request.ApiBase) == true))
            return ApiError.ParameterNotAllowed("api_base");
        if (!Uri.TryCreate(request.ApiBase, UriKind.Absolute, out var uri) || !IsAcceptable(uri)
            || UpstreamUrl.Normalize(deployment.Provider, request.ApiBase, out var apiBase, out _) is not null)
            return ApiError.InvalidParameter("api_base", "must be an https URL of a public host, without user, query or fragment");
        if (request.ApiKey is null)
            return ApiError.InvalidParameter("api_base", "needs an api_key of your own: the gateway's key is never sent to a URL that a client chose");
        var url = UpstreamUrl.Build(deployment.Provider, apiBase, operation, upstreamModel, deployment.ApiVersion, format, request.IsStream);
        target = new(url, key, true);
        return null;
    }

    /// <summary>The key leaves in a header: a line break in it would begin a header, or a request, of the client's own.</summary>
    private static bool IsHeaderText(string key) =>
        key.Length is > 0 and <= MaxKeyLength && !key.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static bool IsAcceptable(Uri uri) =>
        uri.Scheme == Uri.UriSchemeHttps && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0
        && (!IPAddress.TryParse(uri.DnsSafeHost, out var address) || ClientTargets.IsPublic(address));
}
