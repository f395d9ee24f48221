using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>What providers that speak Anthropic's Messages get and send: Anthropic, Claude on Bedrock and on Vertex, imitators.</summary>
internal sealed class AnthropicProvider : HubProvider
{
    public override WireFormat Format => WireFormat.Anthropic;

    public override IReadOnlyList<KeyValuePair<string, string>> Headers { get; } =
        [new(AnthropicHeaders.VersionName, AnthropicHeaders.Version)];

    public override FeatureTable Features { get; } = new(
        (Feature.System, Support.Native),
        (Feature.SystemWithin, Support.Translated),       // as a message of the user's that says so, for models before 4.8
        (Feature.MessageName, Support.Translated),        // before the text
        (Feature.Images, Support.Native),
        (Feature.ImageUrls, Support.Native),
        (Feature.ImageDetail, Support.Implied),           // pictures are always seen in full
        (Feature.Documents, Support.Native),
        (Feature.DocumentUrls, Support.Native),
        (Feature.FileIds, Support.Native),
        (Feature.Tools, Support.Native),
        (Feature.StrictTools, Support.Native),
        (Feature.ToolChoiceRequired, Support.Native),
        (Feature.ToolChoiceNamed, Support.Native),
        (Feature.ToolChoiceNone, Support.Native),
        (Feature.ToolChoiceAllowed, Support.Translated),  // the others are not offered
        (Feature.ParallelToolCalls, Support.Native),
        (Feature.ToolResultImages, Support.Native),
        (Feature.ToolErrors, Support.Native),
        (Feature.ServerTools, Support.Native),
        (Feature.JsonObject, Support.Translated),         // by a tool that must be called; its call becomes the text
        (Feature.JsonSchema, Support.Native),             // the same for models before 4.5
        (Feature.MaxTokens, Support.Native),
        (Feature.Temperature, Support.Native),
        (Feature.TopP, Support.Native),
        (Feature.TopK, Support.Native),
        (Feature.Stop, Support.Native),
        (Feature.ReasoningEffort, Support.Native),
        (Feature.ThinkingBudget, Support.Native),
        (Feature.ThinkingHistory, Support.Native),
        (Feature.ReasoningSummary, Support.Translated),   // thoughts are shown, or not
        (Feature.CacheControl, Support.Native),
        (Feature.PromptCacheKey, Support.Implied),        // says where to look for a cache, and changes no answer
        (Feature.Citations, Support.Native),
        (Feature.ServiceTier, Support.Translated),
        (Feature.EndUser, Support.Native),
        (Feature.Metadata, Support.Implied),              // labels of a stored answer; nothing is stored
        (Feature.Prefill, Support.Native),
        (Feature.Prediction, Support.Implied),            // makes an answer faster, not another
        (Feature.WebSearchOptions, Support.Translated));  // as Anthropic's tool

    public override void Fit(HubRequest request, HubTarget target, HubLosses losses) => new AnthropicFit(request, target, losses).Run();

    public override void Write(HubRequest request, HubTarget target, Utf8JsonWriter json) =>
        new AnthropicRequestWriter(request, target, json).Write();

    public override HubAnswer? ReadAnswer(ReadOnlyMemory<byte> body) => AnthropicAnswerReader.Read(body.Span);

    public override HubStreamReader OpenStream() => new AnthropicStreamReader();
}
