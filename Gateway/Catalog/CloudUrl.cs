using Gateway.Config;

namespace Gateway.Catalog;

/// <summary>The base URLs of clouds, which depend on a region, a location or a project instead of being the same for everybody.</summary>
internal static class CloudUrl
{
    /// <summary>LiteLLM's defaults where nothing says another.</summary>
    private const string DefaultRegion = "us-west-2", DefaultLocation = "us-central1";

    private const string Global = "global";

    /// <summary>Finds the base URL.</summary>
    /// <param name="given">A base URL that the config gives. Null: the cloud's own.</param>
    /// <param name="problem">What is missing; the rest of a sentence that begins with <c>litellm_params.</c> Null: nothing.</param>
    /// <returns>Null: the provider is no cloud of that kind, or something is missing.</returns>
    public static string? Of(Provider provider, CloudSettings cloud, string? given, out string? problem)
    {
        problem = null;
        return provider.Auth switch
        {
            AuthScheme.AwsSigV4 => given ?? cloud.Aws.BedrockRuntimeEndpoint ?? Bedrock(cloud.Aws.RegionName ?? DefaultRegion, out problem),
            AuthScheme.GoogleOAuth => Vertex(cloud.Vertex, given, out problem),
            _ => null,
        };
    }

    private static string? Bedrock(string region, out string? problem)
    {
        problem = IsName(region) ? null : "aws_region_name must be a region's name, as us-east-1";
        return problem is null ? $"https://bedrock-runtime.{region}.amazonaws.com" : null;
    }

    private static string? Vertex(VertexSettings vertex, string? given, out string? problem)
    {
        var location = vertex.Location ?? DefaultLocation;
        problem = vertex.Project is null ? "vertex_project is needed: add it, or set GOOGLE_CLOUD_PROJECT"
            : !IsName(location) ? "vertex_location must be a location's name, as us-central1 or global"
            : null;
        if (problem is not null)
            return null;
        if (given?.Contains("/projects/", StringComparison.Ordinal) == true)
            return given;
        var host = given?.TrimEnd('/')
            ?? (location == Global ? "https://aiplatform.googleapis.com" : $"https://{location}-aiplatform.googleapis.com");
        var version = host.EndsWith("/v1", StringComparison.Ordinal) || host.EndsWith("/v1beta1", StringComparison.Ordinal) ? "" : "/v1";
        return $"{host}{version}/projects/{Uri.EscapeDataString(vertex.Project!)}/locations/{location}";
    }

    /// <summary>It becomes part of a host's name.</summary>
    private static bool IsName(string name) =>
        name.Length is > 0 and < 64 && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
