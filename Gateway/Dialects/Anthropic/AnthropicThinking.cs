using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// Anthropic's <c>thinking</c> and <c>output_config.effort</c>: older models think up to a number of tokens, newer ones as much as an
/// effort lets them (https://platform.claude.com/docs/en/build-with-claude/thinking, /effort).
/// </summary>
internal static class AnthropicThinking
{
    /// <summary>Fewer tokens to think with are refused.</summary>
    public const long LeastBudget = 1024;

    private const long MediumBudget = 2048;
    private const long HighBudget = 4096;

    public static bool Read(HubRequest hub, string name, JsonElement value)
    {
        long? budget = value.FindText("type"u8) switch
        {
            "enabled" => value.FindCount("budget_tokens"u8) is > 0 and var tokens ? tokens : null,
            "adaptive" => -1,
            "disabled" or "between_tools" => 0,
            _ => null,
        };
        if (budget is null)
            return false;
        bool? isShown = value.FindText("display"u8) switch
        {
            "summarized" => true,
            "omitted" => false,
            _ => null,
        };
        hub.Reasoning = (hub.Reasoning ?? new()) with { Budget = budget, IsShown = isShown };
        hub.Use(Feature.ThinkingBudget, name);
        foreach (var member in value.EnumerateObject())
        {
            if (member.Name is not ("type" or "budget_tokens" or "display"))
                hub.AddExtra($"{name}.{member.Name}", member.Value);
        }
        return true;
    }

    /// <summary>Reads an effort; the highest is what others call so.</summary>
    public static bool ReadEffort(HubRequest hub, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            return false;
        hub.Reasoning = (hub.Reasoning ?? new()) with { Effort = value.ValueEquals("max"u8) ? "xhigh" : value.GetString() };
        hub.Use(Feature.ReasoningEffort, name);
        return true;
    }

    /// <summary>True when the client wants no thinking at all.</summary>
    public static bool IsOff(HubReasoning reasoning) => reasoning.Budget is 0 || (reasoning.Budget is null && reasoning.Effort is "none");

    /// <summary>True when the client wants thinking.</summary>
    public static bool IsOn(HubReasoning? reasoning) =>
        reasoning is { } asked && !IsOff(asked) && (asked.Budget is not null || asked.Effort is not null);

    /// <summary>True when the model decides how much to think: because it takes no number of tokens, or none was given.</summary>
    public static bool IsAdaptive(HubReasoning reasoning, ClaudeModel model) =>
        model.ThinksAdaptively && (reasoning.Budget is not > 0 || !model.TakesBudget);

    /// <summary>
    /// The tokens that an effort stands for, as LiteLLM has them, but never fewer than are taken; above high twice as many.
    /// </summary>
    public static long BudgetOf(string? effort) => effort switch
    {
        "none" or "minimal" or "low" => LeastBudget,
        "medium" => MediumBudget,
        "xhigh" or "max" => 2 * HighBudget,
        _ => HighBudget,
    };

    /// <summary>
    /// The tokens to think with that leave room for an answer: those asked for, or what an effort stands for up to half of the limit.
    /// Null: the limit leaves no room to think.
    /// </summary>
    public static long? BudgetWithin(HubReasoning reasoning, long maxTokens)
    {
        if (maxTokens <= LeastBudget)
            return null;
        var wanted = reasoning.Budget is > 0 and var budget
            ? Math.Min(budget, maxTokens - 1)
            : Math.Min(BudgetOf(reasoning.Effort ?? "high"), maxTokens / 2);
        return Math.Max(LeastBudget, wanted);
    }

    /// <summary>The effort that a model takes. Null: its default.</summary>
    public static string? EffortOf(HubReasoning reasoning, ClaudeModel model) => reasoning.Effort switch
    {
        "minimal" or "low" => "low",
        "medium" => "medium",
        "high" => "high",
        "xhigh" or "max" => model.HighestEffort,
        null => reasoning.Budget switch
        {
            > 0 and <= LeastBudget => "low",
            > LeastBudget and <= MediumBudget => "medium",
            > MediumBudget => "high",
            _ => null,
        },
        _ => null,
    };
}
