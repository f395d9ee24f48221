using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Anthropic's words for why an answer ended.</summary>
internal static class AnthropicStops
{
    public static HubFinish Read(string? reason) => reason switch
    {
        null => HubFinish.None,
        "end_turn" => HubFinish.Stop,
        "stop_sequence" => HubFinish.StopSequence,
        "max_tokens" or "model_context_window_exceeded" => HubFinish.Length,
        "tool_use" => HubFinish.ToolCalls,
        "refusal" => HubFinish.Refusal,
        "pause_turn" => HubFinish.Pause,
        _ => HubFinish.Stop, // a reason of the future: the answer has ended, and was not cut
    };

    /// <summary>The word for a finish; an answer that gave no reason ended by itself.</summary>
    /// <param name="calls">True when the answer calls a tool of the client's.</param>
    /// <param name="refuses">True when a part of the answer is a refusal, which OpenAI's models end like any other.</param>
    public static string Write(HubFinish finish, bool calls, bool refuses) => finish switch
    {
        HubFinish.StopSequence => "stop_sequence",
        HubFinish.Length => "max_tokens",
        HubFinish.ToolCalls => "tool_use",
        HubFinish.ContentFilter or HubFinish.Refusal => "refusal",
        HubFinish.Pause => "pause_turn",
        _ when refuses => "refusal",
        _ => calls ? "tool_use" : "end_turn", // some providers say no more than "stop" of a call
    };
}
