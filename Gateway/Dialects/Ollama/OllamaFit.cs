using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Cohere;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Ollama;

/// <summary>Finds what Ollama cannot be given because of a value, and mends it.</summary>
internal sealed class OllamaFit(HubRequest request, HubTarget target, HubLosses losses)
{
    public void Run()
    {
        FitMedia();
        if (request.ParallelToolCalls is false && request.Tools.Count > 0 && request.ToolChoice?.Mode != HubToolMode.None)
        {
            losses.Add(ParamOf(Feature.ParallelToolCalls, "parallel_tool_calls"), "Ollama's models cannot be kept to one call");
            request.ParallelToolCalls = null;
        }
        if (request.Reasoning is { } reasoning && OllamaRequestWriter.HasLevels(target.Model) && AnthropicThinking.IsOff(reasoning))
        {
            losses.Add(ParamOf(Feature.ReasoningEffort, ParamOf(Feature.ThinkingBudget, "reasoning_effort")),
                "this model cannot be kept from thinking");
            request.Reasoning = null;
        }
        if (request.ServiceTier is not (null or "auto" or "default" or "standard" or "standard_only"))
            losses.Add(ParamOf(Feature.ServiceTier, "service_tier"), "Ollama has one tier");
        request.ServiceTier = null;
    }

    private string ParamOf(Feature feature, string otherwise)
    {
        foreach (var use in request.Uses)
        {
            if (use.Feature == feature)
                return use.Param;
        }
        return otherwise;
    }

    private void FitMedia()
    {
        for (var i = 0; i < request.Messages.Count; i++)
        {
            foreach (var part in request.Messages[i].Parts)
            {
                var media = part is HubToolResult result ? result.Content : [part];
                foreach (var item in media)
                {
                    if (item is HubMedia medium && Fault(medium) is { } why)
                        losses.AddContent($"messages[{i}].content", why);
                }
            }
        }
    }

    private static string? Fault(HubMedia media) => media.Kind switch
    {
        HubMediaKind.Image => media.Base64.IsEmpty ? "Ollama fetches no URLs: send the picture itself" : null,
        HubMediaKind.Document => CohereDocuments.TextOf(media) is null ? "Ollama reads documents of plain text alone" : null,
        _ => "Ollama takes texts and pictures alone",
    };
}
