namespace Gateway.Dialects.Hub;

/// <summary>Takes a feature out of a request that goes to a provider that cannot carry it.</summary>
internal static class FeatureDrop
{
    /// <summary>
    /// True for what may be left out where dropping is allowed: parameters. What a message says is never left out: the answer would be one to
    /// another question.
    /// </summary>
    public static bool IsDroppable(Feature feature) => feature is not (Feature.Images or Feature.ImageUrls or Feature.Documents
        or Feature.DocumentUrls or Feature.AudioInput or Feature.VideoInput or Feature.FileIds or Feature.ToolResultImages
        or Feature.StoredConversation or Feature.UnknownPart or Feature.System or Feature.SystemWithin);

    /// <summary>Takes it out. Only for a request of its own (<see cref="HubRequest.Copy"/>).</summary>
    public static void Drop(HubRequest request, in FeatureUse use)
    {
        var param = use.Param;
        request.Extras.RemoveAll(extra => extra.Key == param);
        if (!DropSetting(request, use.Feature) && !DropTools(request, use.Feature))
            DropFromMessages(request, use.Feature);
    }

    private static bool DropSetting(HubRequest request, Feature feature)
    {
        switch (feature)
        {
            case Feature.MaxTokens:
                request.MaxTokens = null;
                return true;
            case Feature.Temperature:
                request.Temperature = null;
                return true;
            case Feature.TopP:
                request.TopP = null;
                return true;
            case Feature.TopK:
                request.TopK = null;
                return true;
            case Feature.MinP:
                request.MinP = null;
                return true;
            case Feature.FrequencyPenalty:
                request.FrequencyPenalty = null;
                return true;
            case Feature.PresencePenalty:
                request.PresencePenalty = null;
                return true;
            case Feature.RepetitionPenalty:
                request.RepetitionPenalty = null;
                return true;
            case Feature.Seed:
                request.Seed = null;
                return true;
            case Feature.Stop:
                request.Stop = [];
                return true;
            case Feature.Choices:
                request.Choices = null;
                return true;
            case Feature.Logprobs or Feature.TopLogprobs:
                request.TopLogprobs = null;
                request.Logprobs = feature == Feature.Logprobs ? null : request.Logprobs;
                return true;
            case Feature.LogitBias:
                request.LogitBias = null;
                return true;
            default:
                return DropRest(request, feature);
        }
    }

    private static bool DropRest(HubRequest request, Feature feature)
    {
        switch (feature)
        {
            case Feature.JsonObject or Feature.JsonSchema:
                request.Format = null;
                return true;
            case Feature.ReasoningEffort or Feature.ThinkingBudget:
                request.Reasoning = request.Reasoning is { Summary: not null } reasoning ? new() { Summary = reasoning.Summary } : null;
                return true;
            case Feature.ReasoningSummary:
                request.Reasoning = request.Reasoning is { } kept ? kept with { Summary = null } : null;
                return true;
            case Feature.Verbosity:
                request.Verbosity = null;
                return true;
            case Feature.ServiceTier:
                request.ServiceTier = null;
                return true;
            case Feature.EndUser:
                request.EndUser = null;
                return true;
            case Feature.Metadata:
                request.Metadata = null;
                return true;
            case Feature.PromptCacheKey:
                request.PromptCacheKey = null;
                return true;
            case Feature.WebSearchOptions:
                request.WebSearchOptions = null;
                return true;
            default:
                return false;
        }
    }

    private static bool DropTools(HubRequest request, Feature feature)
    {
        switch (feature)
        {
            case Feature.Tools:
                request.Tools.Clear();
                (request.ToolChoice, request.ParallelToolCalls) = (null, null);
                return true;
            case Feature.ServerTools or Feature.CustomTools:
                request.Tools.RemoveAll(tool => tool.Foreign is not null && IsCustom(tool) == (feature == Feature.CustomTools));
                return true;
            case Feature.StrictTools:
                Map(request.Tools, static tool => tool with { IsStrict = null });
                return true;
            case Feature.ToolChoiceNone or Feature.ToolChoiceRequired or Feature.ToolChoiceNamed:
                request.ToolChoice = null;
                return true;
            case Feature.ToolChoiceAllowed:
                request.ToolChoice = request.ToolChoice is { } choice ? choice with { Allowed = [] } : null;
                return true;
            case Feature.ParallelToolCalls:
                request.ParallelToolCalls = null;
                return true;
            default:
                return false;
        }
    }

    private static bool IsCustom(HubTool tool) => tool.Foreign?.FindText("type"u8) == "custom";

    private static void DropFromMessages(HubRequest request, Feature feature)
    {
        switch (feature)
        {
            case Feature.MessageName:
                Map(request.Messages, static message => message with { Name = null });
                break;
            case Feature.CacheControl:
                Map(request.Tools, static tool => tool with { CacheControl = null });
                MapParts(request, static part => part with { CacheControl = null });
                break;
            case Feature.ImageDetail:
                MapParts(request, static part => part is HubMedia media ? media with { Detail = null } : part);
                break;
            case Feature.ToolErrors:
                MapParts(request, static part => part is HubToolResult result ? result with { IsError = false } : part);
                break;
            case Feature.ThinkingHistory:
                Map(request.Messages, static message => message with { Parts = [.. message.Parts.Where(static part => part is not HubThinking)] });
                break;
        }
    }

    private static void MapParts(HubRequest request, Func<HubPart, HubPart> change) =>
        Map(request.Messages, message => message with { Parts = [.. message.Parts.Select(change)] });

    private static void Map<T>(List<T> items, Func<T, T> change)
    {
        for (var i = 0; i < items.Count; i++)
            items[i] = change(items[i]);
    }
}
