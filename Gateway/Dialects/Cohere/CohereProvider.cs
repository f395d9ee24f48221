using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>What Cohere's second version gets and sends at <c>/v2/chat</c> (https://docs.cohere.com/reference/chat).</summary>
internal sealed class CohereProvider : HubProvider
{
    public override WireFormat Format => WireFormat.Cohere;

    public override FeatureTable Features { get; } = new(
        (Feature.System, Support.Native),
        (Feature.SystemWithin, Support.Native),
        (Feature.MessageName, Support.Translated),        // before the text
        (Feature.Images, Support.Native),
        (Feature.ImageUrls, Support.Native),
        (Feature.ImageDetail, Support.Native),
        (Feature.Documents, Support.Translated),          // texts alone, as documents to cite; others are refused by their type
        (Feature.Tools, Support.Native),
        (Feature.StrictTools, Support.Translated),        // for all tools at once
        (Feature.ToolChoiceRequired, Support.Native),
        (Feature.ToolChoiceNamed, Support.Translated),    // that one alone is offered, and one must be called
        (Feature.ToolChoiceNone, Support.Native),
        (Feature.ToolChoiceAllowed, Support.Translated),  // the others are not offered
        (Feature.ParallelToolCalls, Support.Implied),     // always on; off is a loss
        (Feature.ToolErrors, Support.Translated),         // in words, in front of the result
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
        (Feature.Logprobs, Support.Native),
        (Feature.ReasoningEffort, Support.Translated),    // to a number of tokens
        (Feature.ThinkingBudget, Support.Native),
        (Feature.ThinkingHistory, Support.Native),
        (Feature.ReasoningSummary, Support.Implied),      // thoughts come in any case
        (Feature.CacheControl, Support.Implied),          // prompts are cached unasked
        (Feature.PromptCacheKey, Support.Implied),        // the same
        (Feature.Citations, Support.Implied),             // documents are cited unless told otherwise
        (Feature.ServiceTier, Support.Implied),           // there is one; another than the usual is a loss
        (Feature.EndUser, Support.Implied),               // changes no answer; the gateway's ledger has it
        (Feature.Metadata, Support.Implied),              // labels of a stored answer; nothing is stored
        (Feature.Prediction, Support.Implied));           // makes an answer faster, not another

    /// <summary>Members of Cohere's own that a client may send in another dialect's body.</summary>
    public override bool Carries(in FeatureUse use) => use.Feature != Feature.Unknown
        ? base.Carries(use)
        : use.Param is CohereRequestWriter.Documents or "citation_options" or "safety_mode";

    public override void Fit(HubRequest request, HubTarget target, HubLosses losses) => new CohereFit(request, losses).Run();

    public override void Write(HubRequest request, HubTarget target, Utf8JsonWriter json) =>
        new CohereRequestWriter(request, target, json).Write();

    public override HubAnswer? ReadAnswer(ReadOnlyMemory<byte> body) => CohereAnswerReader.Read(body.Span);

    /// <summary>An error is <c>{"message": "…"}</c>; an answer's message is an object.</summary>
    public override bool IsError(ReadOnlySpan<byte> body) =>
        HubJson.TryParse(body) is { } root && root.Find("message"u8) is { ValueKind: JsonValueKind.String } || base.IsError(body);

    public override HubStreamReader OpenStream() => new CohereStreamReader();
}
