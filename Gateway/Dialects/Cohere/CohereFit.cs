using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>Finds what Cohere cannot be given because of a value, and mends it (https://docs.cohere.com/reference/chat).</summary>
internal sealed class CohereFit(HubRequest request, HubLosses losses)
{
    private const int MostStops = 5;
    private const double MostTopK = 500;

    public void Run()
    {
        FitMedia();
        FitSampling();
        FitTools();
        FitService();
        FitEnd();
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
                if (part is HubMedia { Kind: HubMediaKind.Document } document && CohereDocuments.TextOf(document) is null)
                    losses.AddContent($"messages[{i}].content", "Cohere reads documents of plain text alone");
            }
        }
    }

    private void FitSampling()
    {
        if (request.Stop.Count > MostStops)
        {
            losses.Add(ParamOf(Feature.Stop, "stop"), $"Cohere takes {MostStops} at most");
            request.Stop = [.. request.Stop.Take(MostStops)];
        }
        if (request.TopK is < 0 or > MostTopK)
        {
            losses.Add(ParamOf(Feature.TopK, "top_k"), "Cohere's goes from 0 to 500");
            request.TopK = Math.Clamp(request.TopK.Value, 0, MostTopK);
        }
        request.FrequencyPenalty = FitPenalty(Feature.FrequencyPenalty, "frequency_penalty", request.FrequencyPenalty);
        request.PresencePenalty = FitPenalty(Feature.PresencePenalty, "presence_penalty", request.PresencePenalty);
    }

    private double? FitPenalty(Feature feature, string name, double? value)
    {
        if (value is null or (>= 0 and <= 1))
            return value;
        losses.Add(ParamOf(feature, name), "Cohere's penalties go from 0 to 1");
        return Math.Clamp(value.Value, 0, 1);
    }

    private void FitTools()
    {
        var hasTools = request.Tools.Count > 0 && request.ToolChoice?.Mode != HubToolMode.None;
        if (request.ParallelToolCalls is false && hasTools)
        {
            losses.Add(ParamOf(Feature.ParallelToolCalls, "parallel_tool_calls"), "Cohere's models cannot be kept to one call");
            request.ParallelToolCalls = null;
        }
        if (request.Format is null || !hasTools)
            return;
        losses.Add(ParamOf(Feature.JsonSchema, ParamOf(Feature.JsonObject, "response_format")),
            "Cohere's models cannot be given tools and a form of the answer at once");
        request.Format = null;
    }

    private void FitService()
    {
        if (request.ServiceTier is not (null or "auto" or "default" or "standard" or "standard_only"))
            losses.Add(ParamOf(Feature.ServiceTier, "service_tier"), "Cohere has one tier");
        request.ServiceTier = null;
    }

    /// <summary>The user or a tool has the last word.</summary>
    private void FitEnd()
    {
        if (request.Messages is not [.., { Role: HubRole.Assistant }])
            return;
        losses.Add(ParamOf(Feature.Prefill, "messages"), "Cohere goes on with no answer of the client's: end with a message of the user's");
        request.Messages.Add(new HubMessage(HubRole.User, [new HubText("Continue exactly where you stopped.")]));
    }
}
