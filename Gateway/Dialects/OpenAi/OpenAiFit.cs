using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Finds what a model of OpenAI's cannot be given, in chats and in Responses: a 400 of OpenAI's otherwise.</summary>
internal static class OpenAiFit
{
    /// <summary>
    /// What the names of models begin with that do not think and refuse to be told how much
    /// (https://platform.openai.com/docs/guides/reasoning: o1 and newer, gpt-5 and newer do).
    /// </summary>
    private static readonly string[] Thoughtless = ["gpt-3.5", "gpt-4", "chatgpt-4o"];

    private const string FineTuned = "ft:";

    public static void Fit(HubRequest request, HubTarget target, HubLosses losses)
    {
        FitReasoning(request, target, losses);
        if (target.ModifiesParams && target.ModelMaxTokens is { } most && request.MaxTokens > most)
            request.MaxTokens = most;
    }

    private static void FitReasoning(HubRequest request, HubTarget target, HubLosses losses)
    {
        if (request.Reasoning is not { } reasoning || Thinks(target.Model))
            return;
        var uses = request.Uses.Where(static use => use.Feature is Feature.ReasoningEffort or Feature.ThinkingBudget);
        if (uses.Any(use => target.AllowedParams.Contains(use.Param)))
            return;
        request.Reasoning = null;
        if (OpenAiEffort.Of(reasoning) is null or "none")
            return;
        foreach (var use in uses)
            losses.Add(use.Param, "this model does not think");
    }

    /// <summary>True also for what is not known: other servers speak OpenAI's wire, too.</summary>
    private static bool Thinks(string model)
    {
        var name = model.StartsWith(FineTuned, StringComparison.Ordinal) ? model[FineTuned.Length..] : model;
        return !Thoughtless.Any(start => name.StartsWith(start, StringComparison.Ordinal));
    }
}
