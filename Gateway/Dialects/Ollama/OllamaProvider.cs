using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Ollama;

/// <summary>What Ollama gets and sends at <c>/api/chat</c> (https://docs.ollama.com/api/chat).</summary>
internal sealed class OllamaProvider : HubProvider
{
    public override WireFormat Format => WireFormat.Ollama;

    public override FeatureTable Features { get; } = new(
        (Feature.System, Support.Native),
        (Feature.SystemWithin, Support.Native),
        (Feature.MessageName, Support.Translated),        // before the text
        (Feature.Images, Support.Native),
        (Feature.ImageDetail, Support.Implied),           // pictures are always seen in full
        (Feature.Documents, Support.Translated),          // texts alone, as text; others are refused by their type
        (Feature.Tools, Support.Native),
        (Feature.ToolChoiceNone, Support.Translated),     // no tool is offered
        (Feature.ToolChoiceAllowed, Support.Translated),  // the others are not offered
        (Feature.ParallelToolCalls, Support.Implied),     // always on; off is a loss
        (Feature.ToolResultImages, Support.Translated),   // as a message of the user's behind the results
        (Feature.ToolErrors, Support.Translated),         // in words, in front of the result
        (Feature.JsonObject, Support.Native),
        (Feature.JsonSchema, Support.Native),
        (Feature.MaxTokens, Support.Native),
        (Feature.Temperature, Support.Native),
        (Feature.TopP, Support.Native),
        (Feature.TopK, Support.Native),
        (Feature.MinP, Support.Native),
        (Feature.FrequencyPenalty, Support.Native),
        (Feature.PresencePenalty, Support.Native),
        (Feature.RepetitionPenalty, Support.Native),
        (Feature.Seed, Support.Native),
        (Feature.Stop, Support.Native),
        (Feature.Logprobs, Support.Native),
        (Feature.TopLogprobs, Support.Native),
        (Feature.ReasoningEffort, Support.Translated),    // a level for gpt-oss, yes or no for the others
        (Feature.ThinkingBudget, Support.Translated),     // the same
        (Feature.ThinkingHistory, Support.Native),
        (Feature.ReasoningSummary, Support.Implied),      // thoughts come in any case
        (Feature.CacheControl, Support.Implied),          // prompts are cached unasked
        (Feature.PromptCacheKey, Support.Implied),        // the same
        (Feature.ServiceTier, Support.Implied),           // there is one; another than the usual is a loss
        (Feature.EndUser, Support.Implied),               // changes no answer; the gateway's ledger has it
        (Feature.Metadata, Support.Implied),              // labels of a stored answer; nothing is stored
        (Feature.Prediction, Support.Implied),            // makes an answer faster, not another
        (Feature.Prefill, Support.Native));               // an assistant's message at the end is gone on with

    public override void Fit(HubRequest request, HubTarget target, HubLosses losses) => new OllamaFit(request, target, losses).Run();

    public override void Write(HubRequest request, HubTarget target, Utf8JsonWriter json) =>
        new OllamaRequestWriter(request, target, json).Write();

    /// <summary>A config's own settings are options of the model's runner, but for those of a chat itself.</summary>
    public override string? HomeOf(string setting) =>
        setting is "options" or "keep_alive" or "think" or "format" or "template" or "system" or "raw" ? null : OllamaRequestWriter.Options;

    public override HubAnswer? ReadAnswer(ReadOnlyMemory<byte> body) => OllamaAnswerReader.Read(body.Span);

    public override HubStreamReader OpenStream() => new OllamaStreamReader();

    public override IReadOnlyList<string> StreamMediaTypes => ["application/x-ndjson"];
}
