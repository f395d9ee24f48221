using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Writes Google's errors (https://google.aip.dev/193): an object <c>error</c> with code, message and status.</summary>
internal static class GeminiError
{
    public static void Write(IBufferWriter<byte> output, ApiError error)
    {
        using var json = new Utf8JsonWriter(output, HubJson.WriteOptions);
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, error.Status);
        json.WriteString("message"u8, error.Message);
        json.WriteString("status"u8, StatusOf(error.Status));
        if (error.RetryAfter is { } wait)
            WriteRetry(json, wait);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>What Google's clients read how long to wait from.</summary>
    private static void WriteRetry(Utf8JsonWriter json, TimeSpan wait)
    {
        json.WriteStartArray("details"u8);
        json.WriteStartObject();
        json.WriteString("@type"u8, "type.googleapis.com/google.rpc.RetryInfo"u8);
        json.WriteString("retryDelay"u8, string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(wait.TotalSeconds)}s"));
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>The canonical code for a status (https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto).</summary>
    public static string StatusOf(int status) => status switch
    {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        408 or 504 => "DEADLINE_EXCEEDED",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        502 or 503 => "UNAVAILABLE",
        >= 500 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
}
