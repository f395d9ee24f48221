using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>What a text refers to, as annotations of that text.</summary>
internal static class ResponsesCitations
{
    /// <param name="format">Whose words the citations are in.</param>
    /// <param name="citations">One or a list. A reference without an address has no place in OpenAI's annotations and is left out.</param>
    /// <param name="start">Where the text that they belong to begins.</param>
    /// <param name="end">Where it ends, in UTF-16 units.</param>
    public static IEnumerable<JsonElement> Read(WireFormat format, JsonElement citations, int start, int end)
    {
        IEnumerable<JsonElement> all = citations.ValueKind == JsonValueKind.Array ? citations.EnumerateArray() : [citations];
        return format == WireFormat.Responses ? all : all.Select(one => Convert(format, one, start, end)).OfType<JsonElement>();
    }

    /// <summary>Annotations as chats have them: what a reference to a page says stands in an object of its own there.</summary>
    /// <param name="annotations">One or a list.</param>
    public static JsonElement? AsChat(JsonElement annotations)
    {
        IEnumerable<JsonElement> all = annotations.ValueKind == JsonValueKind.Array ? annotations.EnumerateArray() : [annotations];
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, HubJson.WriteOptions))
        {
            json.WriteStartArray();
            foreach (var annotation in all)
                WriteAsChat(json, annotation);
            json.WriteEndArray();
        }
        return HubJson.TryParse(buffer.WrittenSpan);
    }

    private static void WriteAsChat(Utf8JsonWriter json, JsonElement annotation)
    {
        if (annotation.FindText("type"u8) != "url_citation")
        {
            annotation.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        json.WriteString("type"u8, "url_citation"u8);
        json.WriteStartObject("url_citation"u8);
        foreach (var member in annotation.EnumerateObject())
        {
            if (!member.NameEquals("type"u8))
                member.WriteTo(json);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static JsonElement? Convert(WireFormat format, JsonElement citation, int start, int end)
    {
        // OpenAI's chats and Gemini have it in an object of its own.
        var source = citation.Find("url_citation"u8) ?? citation.Find("web"u8) ?? citation;
        if ((source.FindText("url"u8) ?? source.FindText("uri"u8)) is not { } url)
            return format == WireFormat.OpenAi ? citation : null;
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
