using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>How much to think, as an effort.</summary>
internal static class OpenAiEffort
{
    /// <summary>Up to so many tokens an effort is low, and up to so many medium: LiteLLM's budgets for them are 1,024 and 2,048.</summary>
    private const long Low = 1024;
    private const long Medium = 2048;

    /// <summary>Null: nothing is said, or how much is left to the model.</summary>
    public static string? Of(HubReasoning? reasoning) => reasoning switch
    {
        null => null,
        { Effort: { } effort } => effort,
        { Budget: null or < 0 } => null,
        { Budget: 0 } => "none",
        { Budget: <= Low } => "low",
        { Budget: <= Medium } => "medium",
        _ => "high",
    };
}
