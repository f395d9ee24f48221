using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Anthropic's envelope of errors, and its word for each status (https://platform.claude.com/docs/en/api/errors).</summary>
internal static class AnthropicErrors
{
    /// <summary>The <c>error.type</c> of a status; its SDKs choose the class of exception by the status and show the type.</summary>
    public static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 or 504 => "timeout_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 or 529 => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    public static void Write(IBufferWriter<byte> output, ApiError error)
    {
        using var json = new Utf8JsonWriter(output, HubJson.WriteOptions);
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, TypeOf(error.Status));
        json.WriteString("message"u8, error.Message);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteEvent(IBufferWriter<byte> output, ApiError error)
    {
        output.Write("event: error\ndata: "u8);
        Write(output, error);
        output.Write("\n\n"u8);
    }
}
