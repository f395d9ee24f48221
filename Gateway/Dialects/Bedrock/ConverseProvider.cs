using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// What Amazon Bedrock gets and sends at Converse and ConverseStream
/// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html). The model's name is in the URL.
/// </summary>
/// <remarks>
/// The seals of thoughts count as Anthropic's: Claude's are the only ones that Bedrock hands out, and they mean the same at Anthropic, on
/// Bedrock and on Vertex AI (https://platform.claude.com/docs/en/build-with-claude/extended-thinking, "Thinking encryption"). So a
/// conversation with sealed thoughts may go on at any of them, and a client of Anthropic's sees them unmarked.
/// </remarks>
internal sealed class ConverseProvider : HubProvider
{
    public override WireFormat Format => WireFormat.Converse;

    public override FeatureTable Features { get; } = new(
        (Feature.System, Support.Native),
        (Feature.SystemWithin, Support.Translated),       // as a message of the user's that says so
        (Feature.MessageName, Support.Translated),        // before the text
        (Feature.Images, Support.Native),
        (Feature.ImageUrls, Support.Translated),          // s3:// alone; another is refused by its value
        (Feature.ImageDetail, Support.Implied),           // pictures are always seen in full
        (Feature.Documents, Support.Native),
        (Feature.DocumentUrls, Support.Translated),       // s3:// alone
        (Feature.AudioInput, Support.Native),
        (Feature.VideoInput, Support.Native),
        (Feature.Tools, Support.Native),
        (Feature.StrictTools, Support.Native),
        (Feature.ToolChoiceRequired, Support.Native),
        (Feature.ToolChoiceNamed, Support.Native),
        (Feature.ToolChoiceNone, Support.Translated),     // no tool is offered
        (Feature.ToolChoiceAllowed, Support.Translated),  // the others are not offered
        (Feature.ParallelToolCalls, Support.Implied),     // always on; off is a loss
        (Feature.ToolResultImages, Support.Native),
        (Feature.ToolErrors, Support.Native),
        (Feature.JsonObject, Support.Translated),         // by a tool that must be called; its call becomes the text
        (Feature.JsonSchema, Support.Native),             // the same for models that outputConfig does not hold
        (Feature.MaxTokens, Support.Native),
        (Feature.Temperature, Support.Native),
        (Feature.TopP, Support.Native),
        (Feature.TopK, Support.Translated),               // as a field of the model's own
        (Feature.Stop, Support.Native),
        (Feature.ReasoningEffort, Support.Translated),    // as a field of the model's own
        (Feature.ThinkingBudget, Support.Translated),     // the same
        (Feature.ThinkingHistory, Support.Native),
        (Feature.ReasoningSummary, Support.Implied),      // what a model shows of its thoughts comes in any case
        (Feature.CacheControl, Support.Native),
        (Feature.PromptCacheKey, Support.Implied),        // says where to look for a cache, and changes no answer
        (Feature.Citations, Support.Native),
        (Feature.ServiceTier, Support.Native),
        (Feature.EndUser, Support.Implied),               // changes no answer; the gateway's ledger has it
        (Feature.Metadata, Support.Implied),              // labels of a stored answer; nothing is stored
        (Feature.Prefill, Support.Native),
        (Feature.Prediction, Support.Implied));           // makes an answer faster, not another

    /// <summary>
    /// Members of Converse's own that a client may send in another dialect's body. Not among them is what changes the price
    /// (<c>performanceConfig</c>) or goes around a limit of tokens (<c>additionalModelRequestFields</c>): these a config sets.
    /// </summary>
    public override bool Carries(in FeatureUse use) => use.Feature != Feature.Unknown
        ? base.Carries(use)
        : use.Param is "guardrailConfig" or "requestMetadata" or "additionalModelResponseFieldPaths" or ConverseMedia.ContextParam;

    public override void Fit(HubRequest request, HubTarget target, HubLosses losses) => new ConverseFit(request, target, losses).Run();

    public override void Write(HubRequest request, HubTarget target, Utf8JsonWriter json) =>
        new ConverseRequestWriter(request, target, json).Write();

    /// <summary>What is no member of Converse's is a field of the model's.</summary>
    public override string? HomeOf(string setting) => setting is ConverseFields.Name or "additionalModelResponseFieldPaths"
        or "guardrailConfig" or "inferenceConfig" or "outputConfig" or "performanceConfig" or "promptVariables" or "requestMetadata"
        or "serviceTier" or "system" or "toolConfig"
        ? null
        : ConverseFields.Name;

    public override HubAnswer? ReadAnswer(ReadOnlyMemory<byte> body) => ConverseAnswerReader.Read(body.Span);

    /// <summary>AWS's front ends tell of an error as <c>{"message": …}</c> or <c>{"__type": …}</c>.</summary>
    public override bool IsError(ReadOnlySpan<byte> body) =>
        !HubJson.HasMember(body, "output"u8) && (HubJson.HasMember(body, "message"u8) || HubJson.HasMember(body, "__type"u8));

    public override HubStreamReader OpenStream() => new ConverseStreamReader();

    public override IReadOnlyList<string> StreamMediaTypes => [AwsStreamReader.MediaType];
}
