using System.Text.RegularExpressions;

namespace Gateway.Catalog;

/// <summary>
/// Names of Bedrock's models as LiteLLM writes them: which API is to be called (<c>converse/</c>, <c>invoke/</c>) and the region may stand
/// before the model's id.
/// </summary>
internal static partial class BedrockName
{
    private static readonly string[] Apis = ["converse/", "invoke/"];

    /// <summary>Takes off what is not part of the model's id; the names of other providers' models stay.</summary>
    /// <returns>The region. Null: the name has none.</returns>
    public static string? Take(ref UpstreamModel model)
    {
        if (model.Provider.Auth != AuthScheme.AwsSigV4)
            return null;
        var name = model.Name;
        foreach (var api in Apis)
        {
            if (name.StartsWith(api, StringComparison.Ordinal))
                name = name[api.Length..];
        }
        var region = Region().Match(name) is { Success: true } match ? match.Groups[1].Value : null;
        model = model with { Name = region is null ? name : name[(region.Length + 1)..] };
        return region;
    }

    /// <summary>us-east-1, ap-southeast-2, us-gov-west-1.</summary>
    [GeneratedRegex("^([a-z]{2}(?:-[a-z]+)+-[0-9])/")]
    private static partial Regex Region();
}
