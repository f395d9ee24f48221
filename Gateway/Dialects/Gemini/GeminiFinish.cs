using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Google's <c>finishReason</c> and <c>blockReason</c> (https://ai.google.dev/api/generate-content#FinishReason).</summary>
internal static class GeminiFinish
{
    /// <param name="reason">Null: the candidate has not ended.</param>
    /// <param name="hasCalls">True when the candidate calls a function: Google says STOP then, too.</param>
    public static HubFinish Read(string? reason, bool hasCalls) => reason switch
    {
        null or "" => HubFinish.None,
        "STOP" or "FINISH_REASON_UNSPECIFIED" => hasCalls ? HubFinish.ToolCalls : HubFinish.Stop,
        "MAX_TOKENS" or "CONTINUATION" => HubFinish.Length,
        _ => IsFailure(reason) ? HubFinish.Refusal : HubFinish.ContentFilter,
    };

    /// <summary>
    /// True for answers that are no use although nothing was held back: a call that the model wrote wrongly, an image that it did not make.
    /// They do not pass for a clean stop: in place of content the client gets the reason.
    /// </summary>
    public static bool IsFailure(string? reason) => reason is "MALFORMED_FUNCTION_CALL" or "UNEXPECTED_TOOL_CALL" or "TOO_MANY_TOOL_CALLS"
        or "MALFORMED_RESPONSE" or "MISSING_THOUGHT_SIGNATURE" or "NO_IMAGE" or "IMAGE_OTHER";

    /// <summary>Null: not ended.</summary>
    public static string? Write(HubFinish finish) => finish switch
    {
        HubFinish.None => null,
        HubFinish.Length => "MAX_TOKENS",
        HubFinish.ContentFilter or HubFinish.Refusal => "SAFETY",
        _ => "STOP",
    };
}
