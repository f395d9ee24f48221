using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>OpenAI's <c>finish_reason</c>.</summary>
internal static class OpenAiFinish
{
    public static HubFinish Read(string? reason) => reason switch
    {
        null or "" => HubFinish.None,
        "stop" or "eos" or "end_turn" => HubFinish.Stop,
        "stop_sequence" => HubFinish.StopSequence,
        "length" or "max_tokens" or "model_length" => HubFinish.Length,
        "tool_calls" or "function_call" => HubFinish.ToolCalls,
        "content_filter" => HubFinish.ContentFilter,
        _ => HubFinish.Stop,
    };

    /// <summary>Null: none yet.</summary>
    public static string? Write(HubFinish finish) => finish switch
    {
        HubFinish.None => null,
        HubFinish.Length => "length",
        HubFinish.ToolCalls => "tool_calls",
        HubFinish.ContentFilter or HubFinish.Refusal => "content_filter",
        _ => "stop",
    };
}
