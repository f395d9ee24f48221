using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Finds what Google cannot be given because of a value.</summary>
internal static class GeminiFit
{
    /// <summary>https://ai.google.dev/api/generate-content#v1beta.GenerationConfig: stopSequences, up to 5.</summary>
    private const int MostStops = 5;

    /// <summary>Candidates of one call: 8 (https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference).</summary>
    private const long MostChoices = 8;

    public static void Fit(HubRequest request, HubTarget target, HubLosses losses)
    {
        FitNumbers(request, losses);
        FitTools(request, losses);
        FitMedia(request, target, losses);
        if (GeminiRequestWriter.Tier(request.ServiceTier) is "")
        {
            losses.Add(NameOf(request, Feature.ServiceTier, "service_tier"), "Google's are standard, flex and priority");
            request.ServiceTier = null;
        }
        // https://ai.google.dev/gemini-api/docs/structured-output: with tools from Gemini 3 on only.
        if (request.Format is not null && GeminiTarget.Generation(target.Model) is > 0 and < GeminiTarget.Leveled
            && request.ToolChoice?.Mode != HubToolMode.None && request.Tools.Exists(static tool => tool.Foreign is null))
        {
            losses.Add(NameOf(request, Feature.JsonSchema, NameOf(request, Feature.JsonObject, "response_format")),
                "models before Gemini 3 cannot be given tools and a form of the answer at once");
            request.Format = null;
        }
    }

    private static string NameOf(HubRequest request, Feature feature, string otherwise) =>
        request.Uses.Find(use => use.Feature == feature) is { Param: { } param } ? param : otherwise;

    private static void FitNumbers(HubRequest request, HubLosses losses)
    {
        if (request.Stop.Count > MostStops)
        {
            losses.Add(NameOf(request, Feature.Stop, "stop"), $"Google takes {MostStops} at most");
            request.Stop = [.. request.Stop.Take(MostStops)];
        }
        if (request.Choices > MostChoices)
        {
            losses.Add(NameOf(request, Feature.Choices, "n"), $"Google gives {MostChoices} at most");
            request.Choices = MostChoices;
        }
        if (request.Seed is < int.MinValue or > int.MaxValue)
        {
            losses.Add(NameOf(request, Feature.Seed, "seed"), "Google's has 32 bits");
            request.Seed = null;
        }
        if (request.TopK is { } topK && topK != Math.Floor(topK))
        {
            losses.Add(NameOf(request, Feature.TopK, "top_k"), "it must be a whole number");
            request.TopK = Math.Floor(topK);
        }
        if (GeminiConfigWriter.Resolution(request) is null)
            losses.Add(NameOf(request, Feature.ImageDetail, "detail"), "Google looks at all pictures of a request with one resolution");
    }

    private static void FitTools(HubRequest request, HubLosses losses)
    {
        if (request.ParallelToolCalls is false)
        {
            losses.Add(NameOf(request, Feature.ParallelToolCalls, "parallel_tool_calls"), "Google's models cannot be kept to one call");
            request.ParallelToolCalls = null;
        }
        HubTool[] unknown = [.. request.Tools.Where(static tool => tool.Foreign is not null && GeminiToolsWriter.OwnTool(tool) is null)];
        foreach (var tool in unknown)
        {
            request.Tools.Remove(tool);
            losses.Add($"tools ({RecordedText.Shorten(tool.Name)})");
        }
        FitMixedTools(request, losses);
        foreach (var tool in request.Tools.Where(static tool => tool.Foreign is not null && tool.ForeignFormat != WireFormat.Gemini))
            LoseSettings(tool.Foreign!.Value, $"tools ({RecordedText.Shorten(tool.Name)})", losses);
        if (request.WebSearchOptions is { } options)
            LoseSettings(options, "web_search_options", losses);
    }

    /// <summary>
    /// Google's own tools beside functions are a 400: before Gemini 3 always, since then unless the client takes their calls back and forth
    /// (https://ai.google.dev/gemini-api/docs/tool-combination), for which other dialects have no words.
    /// </summary>
    private static void FitMixedTools(HubRequest request, HubLosses losses)
    {
        const string Why = "Google's own tools cannot be had beside functions";
        if (request.ToolChoice?.Mode == HubToolMode.None || !request.Tools.Exists(static tool => tool.Foreign is null))
            return;
        foreach (var tool in request.Tools.Where(static tool => tool.Foreign is not null && tool.ForeignFormat != WireFormat.Gemini).ToArray())
        {
            request.Tools.Remove(tool);
            losses.Add($"tools ({RecordedText.Shorten(tool.Name)})", Why);
        }
        if (request.WebSearchOptions is null)
            return;
        request.WebSearchOptions = null;
        losses.Add(NameOf(request, Feature.WebSearchOptions, "web_search_options"), Why);
    }

    /// <summary>What another dialect says of a search or of code (how often, on which pages), Google's tools cannot be told.</summary>
    private static void LoseSettings(JsonElement tool, string path, HubLosses losses)
    {
        if (tool.ValueKind != JsonValueKind.Object)
            return;
        foreach (var member in tool.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && member.Name is not ("type" or "name" or "cache_control" or "description"))
                losses.Add($"{path}.{RecordedText.Shorten(member.Name)}");
        }
    }

    private static void FitMedia(HubRequest request, HubTarget target, HubLosses losses)
    {
        for (var i = 0; i < request.Messages.Count; i++)
        {
            foreach (var part in request.Messages[i].Parts)
            {
                IEnumerable<HubMedia> media = part switch
                {
                    HubMedia one => [one],
                    HubToolResult result => result.Content.OfType<HubMedia>(),
                    _ => [],
                };
                foreach (var item in media)
                {
                    var feature = item.FileId is null ? Feature.DocumentUrls : Feature.FileIds;
                    FitMedium(item, NameOf(request, feature, $"messages[{i}].content"), target, losses);
                }
            }
        }
    }

    private static void FitMedium(HubMedia media, string path, HubTarget target, HubLosses losses)
    {
        var uri = GeminiMedia.UriOf(media);
        if (media.FileId is not null && uri is null)
            losses.AddContent(path, "the file is kept at another provider; Google's are named files/… or gs://…");
        else if (uri is not null && uri.StartsWith("gs://", StringComparison.OrdinalIgnoreCase) && !target.IsVertex())
            losses.AddContent(path, "gs:// is read by Vertex AI only");
        else if (uri is not null && uri.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
            losses.AddContent(path, "a data: URL must be of base64");
    }
}
