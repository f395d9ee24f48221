using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>What providers that speak OpenAI's chat completions get and send.</summary>
internal sealed class OpenAiChatProvider : HubProvider
{
    public override WireFormat Format => WireFormat.OpenAi;

    public override FeatureTable Features { get; } = new(
        (Feature.System, Support.Native),
        (Feature.SystemWithin, Support.Native),
        (Feature.MessageName, Support.Native),
        (Feature.Images, Support.Native),
        (Feature.ImageUrls, Support.Native),
        (Feature.ImageDetail, Support.Native),
        (Feature.Documents, Support.Native),
        (Feature.FileIds, Support.Native),
        (Feature.AudioInput, Support.Native),
        (Feature.VideoInput, Support.Native),
        (Feature.Tools, Support.Native),
        (Feature.StrictTools, Support.Native),
        (Feature.CustomTools, Support.Native),
        (Feature.ToolChoiceRequired, Support.Native),
        (Feature.ToolChoiceNamed, Support.Native),
        (Feature.ToolChoiceNone, Support.Native),
        (Feature.ToolChoiceAllowed, Support.Native),
        (Feature.ParallelToolCalls, Support.Native),
        (Feature.ToolErrors, Support.Translated),        // in words, in front of the result
        (Feature.ToolResultImages, Support.Translated),  // as a message of the user's behind the results
        (Feature.JsonObject, Support.Native),
        (Feature.JsonSchema, Support.Native),
        (Feature.MaxTokens, Support.Native),
        (Feature.Temperature, Support.Native),
        (Feature.TopP, Support.Native),
        (Feature.FrequencyPenalty, Support.Native),
        (Feature.PresencePenalty, Support.Native),
        (Feature.Seed, Support.Native),
        (Feature.Stop, Support.Native),
        (Feature.Choices, Support.Native),
        (Feature.Logprobs, Support.Native),
        (Feature.TopLogprobs, Support.Native),
        (Feature.LogitBias, Support.Native),
        (Feature.ReasoningEffort, Support.Native),
        (Feature.ThinkingBudget, Support.Translated),    // to an effort
        (Feature.ThinkingHistory, Support.Implied),      // a provider that cannot take its thoughts back thinks anew
        (Feature.ReasoningSummary, Support.Implied),     // a chat shows none, or all; the answer is the same
        (Feature.Verbosity, Support.Native),
        (Feature.CacheControl, Support.Implied),         // prompts are cached unasked
        (Feature.PromptCacheKey, Support.Native),
        (Feature.ServiceTier, Support.Native),
        (Feature.EndUser, Support.Native),
        (Feature.Metadata, Support.Native),
        (Feature.Store, Support.Native),
        (Feature.Prediction, Support.Native),
        (Feature.AudioOutput, Support.Native),
        (Feature.WebSearchOptions, Support.Native),
        (Feature.Prefill, Support.Native));

    public override void Fit(HubRequest request, HubTarget target, HubLosses losses)
    {
        OpenAiFit.Fit(request, target, losses);
        foreach (var name in target.UnsupportedParams)
        {
            foreach (var use in request.Uses.Where(use => use.Feature == OpenAiParams.FeatureOf(name)).ToArray())
            {
                losses.Add(use.Param);
                FeatureDrop.Drop(request, use);
            }
        }
        foreach (var tool in request.Tools.Where(static tool => tool.Foreign is not null && tool.ForeignFormat != WireFormat.OpenAi).ToArray())
        {
            request.Tools.Remove(tool);
            losses.Add($"tools ({RecordedText.Shorten(tool.Name)})");
        }
    }

    public override void Write(HubRequest request, HubTarget target, Utf8JsonWriter json) => new OpenAiRequestWriter(request, target, json).Write();

    public override HubAnswer? ReadAnswer(ReadOnlyMemory<byte> body) => OpenAiAnswerReader.Read(body);

    public override HubStreamReader OpenStream() => new OpenAiChatStreamReader();
}
