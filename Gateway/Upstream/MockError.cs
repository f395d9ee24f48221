using System.Buffers;
using System.Text.Json;

namespace Gateway.Upstream;

/// <summary>An error as OpenAI words it, for a mock deployment that is told to fail or is asked nonsense.</summary>
internal sealed record MockError(int Status, string Type, string Message, string? Param = null, string? Code = null)
{
    /// <summary>The error of a status (<c>mock_status</c>).</summary>
    public static MockError OfStatus(int status) => status switch
    {
        401 => new(status, "invalid_request_error", "Incorrect API key provided (mock).", null, "invalid_api_key"),
        403 => new(status, "invalid_request_error", "The mock does not let you do that.", null, "permission_denied"),
        404 => new(status, "invalid_request_error", "The mock model does not exist.", "model", "model_not_found"),
        429 => new(status, "rate_limit_error", "Rate limit reached for the mock model.", null, "rate_limit_exceeded"),
        < 500 => new(status, "invalid_request_error", "The mock refuses the request."),
        503 => new(status, "server_error", "The mock is overloaded."),
        _ => new(status, "server_error", "The mock had an error while processing the request."),
    };

    /// <summary>A parameter that cannot be read.</summary>
    public static MockError OfParameter(string name, string message) => new(400, "invalid_request_error", message, name);

    /// <summary>
    /// The error that a <c>mock_response</c> stands for (LiteLLM's special strings). Null: it is an answer. A streaming error is
    /// one only for a plain request; a stream breaks off in its middle (<see cref="MockAnswer.Events"/>).
    /// </summary>
    public static MockError? Named(string? mockResponse, bool stream) => mockResponse switch
    {
        "litellm.RateLimitError" => OfStatus(429),
        "litellm.InternalServerError" => OfStatus(500),
        "litellm.ContextWindowExceededError" => new(400, "invalid_request_error",
            "This model's maximum context length is 4096 tokens (mock).", "messages", "context_length_exceeded"),
        "Exception: content_filter_policy" => new(400, "invalid_request_error",
            "The response was filtered due to the prompt triggering the content management policy (mock).", "prompt", "content_filter"),
        MockAnswer.StreamingError when !stream => OfStatus(500),
        _ => null,
    };

    /// <summary>OpenAI's error body.</summary>
    public ReadOnlyMemory<byte> Json()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, Message);
        json.WriteString("type"u8, Type);
        json.WriteString("param"u8, Param);
        json.WriteString("code"u8, Code);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
