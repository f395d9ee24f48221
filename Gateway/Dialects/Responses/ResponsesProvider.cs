using System.Text.Json;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;
using static Gateway.Dialects.Hub.Feature;

namespace Gateway.Dialects.Responses;

/// <summary>The provider's half of Responses.</summary>
public sealed class ResponsesProvider : HubProvider
{
    public override WireFormat Format => WireFormat.Responses;

    public override FeatureTable Features { get; } = new(
        (Feature.System, Support.Native),
        (SystemWithin, Support.Native),
        (Images, Support.Native),
        (ImageUrls, Support.Native),
        (ImageDetail, Support.Native),
        (Documents, Support.Native),
        (DocumentUrls, Support.Native),
        (AudioInput, Support.Native),
        (FileIds, Support.Native),
        (Tools, Support.Native),
        (StrictTools, Support.Native),
        (ToolChoiceRequired, Support.Native),
        (ToolChoiceNamed, Support.Native),
        (ToolChoiceNone, Support.Native),
        (ToolChoiceAllowed, Support.Native),
        (ParallelToolCalls, Support.Native),
        (ToolResultImages, Support.Native),
        (ToolErrors, Support.Translated), // the result begins with "Error: "
        (ServerTools, Support.Native), // its own; Fit refuses those of other formats
        (CustomTools, Support.Native),
        (JsonObject, Support.Native),
        (JsonSchema, Support.Native),
        (MaxTokens, Support.Native),
        (Temperature, Support.Native),
        (TopP, Support.Native),
        (Logprobs, Support.Native),
        (TopLogprobs, Support.Native),
        (ReasoningEffort, Support.Native),
        (ThinkingBudget, Support.Translated), // as an effort
        (ThinkingHistory, Support.Translated), // where the seal is OpenAI's; it takes no other thoughts back, and answers without them
        (ReasoningSummary, Support.Native),
        (Verbosity, Support.Native),
        (Feature.CacheControl, Support.Implied), // it caches what it can; a mark changes no answer
        (PromptCacheKey, Support.Native),
        (Feature.ServiceTier, Support.Native),
        (EndUser, Support.Native),
        (Metadata, Support.Native),
        (Store, Support.Native),
        (StoredConversation, Support.Native),
        (WebSearchOptions, Support.Translated), // as its web_search tool
        (Prefill, Support.Native),
        (Truncation, Support.Native));

    /// <summary>Takes out tools that another provider would run, and parts that only another format has.</summary>
    public override void Fit(HubRequest request, HubTarget target, HubLosses losses)
    {
        const string Why = "tools that another provider runs cannot be run by this one";
        OpenAiFit.Fit(request, target, losses);
        foreach (var name in target.UnsupportedParams)
        {
            foreach (var use in request.Uses.Where(use => use.Feature == OpenAiParams.FeatureOf(name)).ToArray())
            {
                losses.Add(use.Param);
                FeatureDrop.Drop(request, use);
            }
        }
        var isForeign = false;
        request.Tools.RemoveAll(tool =>
        {
            var isOthers = tool.Foreign is not null && !ResponsesRequestWriter.CanWrite(tool);
            isForeign |= isOthers;
            return isOthers;
        });
        if (!isForeign)
            return;
        foreach (var use in request.Uses)
        {
            if (use.Feature is ServerTools or CustomTools)
                losses.Add(use.Param, Why);
        }
    }

    public override void Write(HubRequest request, HubTarget target, Utf8JsonWriter json) =>
        new ResponsesRequestWriter(request, target, json).Write();

    public override HubAnswer? ReadAnswer(ReadOnlyMemory<byte> body) => ResponsesAnswerReader.Read(body);

    public override HubStreamReader OpenStream() => new ResponsesStreamReader();
}
