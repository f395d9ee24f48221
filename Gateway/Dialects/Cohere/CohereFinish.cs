using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>Cohere's <c>finish_reason</c>.</summary>
internal static class CohereFinish
{
    public static HubFinish Read(string? reason) => reason switch
    {
        null or "" => HubFinish.None,
        "STOP_SEQUENCE" => HubFinish.StopSequence,
        "TOOL_CALL" => HubFinish.ToolCalls,
        "ERROR_TOXIC" => HubFinish.ContentFilter,
        // What broke off is no whole answer.
        "MAX_TOKENS" or "ERROR_LIMIT" or "ERROR" or "TIMEOUT" => HubFinish.Length,
        _ => HubFinish.Stop,
    };

    /// <summary>True when the generation failed.</summary>
    public static bool IsFailure(string? reason) => reason is "ERROR" or "TIMEOUT";
}
