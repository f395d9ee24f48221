using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// Anthropic's citations. Of other dialects' the links can be written as results of a web search; their <c>encrypted_index</c>, which only
/// Anthropic makes, is empty, and by that they are known again.
/// </summary>
internal static class AnthropicCitations
{
    /// <summary>Citations without those that the gateway wrote. Null: there are none.</summary>
    public static JsonElement? WithoutOwn(JsonElement? citations) =>
        citations is { ValueKind: JsonValueKind.Array } list && !list.EnumerateArray().All(IsOwn) ? list : null;

    private static bool IsOwn(JsonElement citation) => citation.FindText("encrypted_index"u8) is "";

    /// <summary>Writes each citation that can be written here.</summary>
    public static void Write(Utf8JsonWriter json, WireFormat format, JsonElement citations)
    {
        if (citations.ValueKind == JsonValueKind.Array)
        {
            foreach (var citation in citations.EnumerateArray())
                WriteOne(json, format, citation);
            return;
        }
        WriteOne(json, format, citations);
    }

    /// <summary>Each citation as an object of its own.</summary>
    public static IEnumerable<JsonElement> Each(WireFormat format, JsonElement citations)
    {
        var list = citations.ValueKind == JsonValueKind.Array ? [.. citations.EnumerateArray()] : new List<JsonElement> { citations };
        foreach (var citation in list)
        {
            if (format == WireFormat.Anthropic)
            {
                yield return citation;
                continue;
            }
            if (LinkOf(citation) is null)
                continue;
            var output = new ArrayBufferWriter<byte>(256);
            using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
                WriteOne(json, format, citation);
            if (HubJson.TryParse(output.WrittenSpan) is { } written)
                yield return written;
        }
    }

    private static void WriteOne(Utf8JsonWriter json, WireFormat format, JsonElement citation)
    {
        if (format == WireFormat.Anthropic)
        {
            citation.WriteTo(json);
            return;
        }
        if (LinkOf(citation) is not { } link)
            return; // a place in a file of the other provider's: it names nothing that this client knows
        json.WriteStartObject();
        json.WriteString("type"u8, "web_search_result_location"u8);
        json.WriteString("url"u8, link.FindText("url"u8));
        json.WriteString("title"u8, link.FindText("title"u8));
        json.WriteString("cited_text"u8, link.FindText("cited_text"u8) ?? "");
        json.WriteString("encrypted_index"u8, ""u8);
        json.WriteEndObject();
    }

    /// <summary>The object that holds the link: OpenAI's <c>url_citation</c>, Gemini's <c>web</c>, or the citation itself.</summary>
    private static JsonElement? LinkOf(JsonElement citation)
    {
        var link = citation.Find("url_citation"u8) ?? citation.Find("web"u8) ?? citation;
        return link.FindText("url"u8) is null ? null : link;
    }
}
