using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>What AI Studio and Vertex AI get and send at <c>generateContent</c>.</summary>
public sealed class GeminiProvider : HubProvider
{
    public override WireFormat Format => WireFormat.Gemini;

    public override FeatureTable Features { get; } = new(
        (Feature.System, Support.Native),
        (Feature.SystemWithin, Support.Translated),       // joins the instructions before the conversation
        (Feature.Images, Support.Native),
        (Feature.ImageUrls, Support.Native),
        (Feature.ImageDetail, Support.Translated),        // mediaResolution
        (Feature.Documents, Support.Native),
        (Feature.DocumentUrls, Support.Native),
        (Feature.AudioInput, Support.Native),
        (Feature.VideoInput, Support.Native),
        (Feature.FileIds, Support.Native),
        (Feature.Tools, Support.Native),
        (Feature.StrictTools, Support.Translated),        // mode VALIDATED
        (Feature.ToolChoiceRequired, Support.Native),
        (Feature.ToolChoiceNamed, Support.Translated),    // ANY of one
        (Feature.ToolChoiceNone, Support.Native),
        (Feature.ToolChoiceAllowed, Support.Native),
        (Feature.ParallelToolCalls, Support.Implied),     // always on; off is a loss
        (Feature.ToolResultImages, Support.Native),
        (Feature.ToolErrors, Support.Native),
        (Feature.ServerTools, Support.Translated),        // search, fetch, code
        (Feature.JsonObject, Support.Native),
        (Feature.JsonSchema, Support.Native),
        (Feature.MaxTokens, Support.Native),
        (Feature.Temperature, Support.Native),
        (Feature.TopP, Support.Native),
        (Feature.TopK, Support.Native),
        (Feature.FrequencyPenalty, Support.Native),
        (Feature.PresencePenalty, Support.Native),
        (Feature.Seed, Support.Native),
        (Feature.Stop, Support.Native),
        (Feature.Choices, Support.Native),
        (Feature.Logprobs, Support.Native),
        (Feature.TopLogprobs, Support.Native),
        (Feature.ReasoningEffort, Support.Translated),    // a level, or a budget before Gemini 3
        (Feature.ThinkingBudget, Support.Native),
        (Feature.ThinkingHistory, Support.Native),
        (Feature.ReasoningSummary, Support.Translated),   // includeThoughts
        (Feature.CacheControl, Support.Implied),          // prompts are cached unasked
        (Feature.PromptCacheKey, Support.Implied),        // the same
        (Feature.ServiceTier, Support.Native),
        (Feature.EndUser, Support.Implied),               // changes no answer; the gateway's ledger has it
        (Feature.Metadata, Support.Implied),              // the same; labels on Vertex where it can be
        (Feature.Prefill, Support.Native),                // a model's turn at the end is gone on with
        (Feature.ImageOutput, Support.Native),
        (Feature.WebSearchOptions, Support.Translated),   // Google Search
        (Feature.SafetySettings, Support.Native));

    public override void Fit(HubRequest request, HubTarget target, HubLosses losses) => GeminiFit.Fit(request, target, losses);

    public override void Write(HubRequest request, HubTarget target, Utf8JsonWriter json) =>
        GeminiRequestWriter.Write(request, target, json);

    public override HubAnswer? ReadAnswer(ReadOnlyMemory<byte> body) => GeminiAnswerReader.Read(body);

    public override HubStreamReader OpenStream() => new GeminiStreamReader();
}
