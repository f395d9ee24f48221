using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>What a text refers to, as annotations of that text.</summary>
internal static class ResponsesCitations
{
    /// <param name="format">Whose words the citations are in.</param>
    /// <param name="citations">One or a list. A reference without an address has no place in an annotation of OpenAI's and is left out.</param>
    /// <param name="start">Where the text that they belong to begins.</param>
    /// <param name="end">Where it ends, in UTF-16 units.</param>
    public static IEnumerable<JsonElement> Read(WireFormat format, JsonElement citations, int start, int end)
    {
        IEnumerable<JsonElement> all = citations.ValueKind == JsonValueKind.Array ? citations.EnumerateArray() : [citations];
        return format == WireFormat.Responses ? all : all.Select(one => Convert(one, start, end)).OfType<JsonElement>();
    }

    private static JsonElement? Convert(JsonElement citation, int start, int end)
    {
        // OpenAI's chats and Gemini have it in an object of its own.
        var source = citation.Find("url_citation"u8) ?? citation.Find("web"u8) ?? citation;
        if ((source.FindText("url"u8) ?? source.FindText("uri"u8)) is not { } url)
            return null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "url_citation"u8);
            json.WriteNumber("start_index"u8, source.Find("start_index"u8) is null ? start : source.FindCount("start_index"u8));
            json.WriteNumber("end_index"u8, source.Find("end_index"u8) is null ? end : source.FindCount("end_index"u8));
            json.WriteString("url"u8, url);
            json.WriteString("title"u8, source.FindText("title"u8) ?? "");
            json.WriteEndObject();
        }
        return HubJson.TryParse(buffer.WrittenSpan);
    }
}
