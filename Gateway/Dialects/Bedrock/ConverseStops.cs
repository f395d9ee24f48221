using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>The <c>stopReason</c> (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_MessageStopEvent.html).</summary>
internal static class ConverseStops
{
    public static HubFinish Read(string? reason) => reason switch
    {
        null or "" => HubFinish.None,
        "tool_use" => HubFinish.ToolCalls,
        "stop_sequence" => HubFinish.StopSequence,
        "guardrail_intervened" or "content_filtered" => HubFinish.ContentFilter,
        // What the model could not finish, for want of room or because it lost its way, is no whole answer.
        "max_tokens" or "model_context_window_exceeded" or "malformed_model_output" or "malformed_tool_use" => HubFinish.Length,
        _ => HubFinish.Stop,
    };
}
