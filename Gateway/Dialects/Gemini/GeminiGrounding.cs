using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Google's <c>groundingMetadata</c>, from and to OpenAI's <c>annotations</c> (https://ai.google.dev/gemini-api/docs/google-search).
/// </summary>
internal static class GeminiGrounding
{
    /// <summary>How many searches were made, which are paid for. Null: none.</summary>
    public static ReportedBill? Bill(JsonElement grounding)
    {
        var searches = 0;
        foreach (var _ in grounding.Items("webSearchQueries"u8))
            searches++;
        return searches == 0 ? null : new ReportedBill { Searches = searches };
    }

    /// <summary>A list of OpenAI's annotations: one for each source of a segment, or for each source where there is none.</summary>
    /// <param name="text">The text that it speaks of: offsets count bytes there and characters here.</param>
    /// <returns>Null: it names no sources.</returns>
    public static JsonElement? Read(JsonElement grounding, string text)
    {
        var sources = grounding.Items("groundingChunks"u8)
            .Select(static chunk => chunk.Find("web"u8) ?? chunk.Find("retrievedContext"u8) ?? default).ToArray();
        if (sources.Length == 0)
            return null;
        var offsets = new GeminiOffsets(text);
        var output = new ArrayBufferWriter<byte>();
        var any = false;
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartArray();
            foreach (var support in grounding.Items("groundingSupports"u8))
            {
                var segment = support.Find("segment"u8) ?? default;
                foreach (var index in support.Items("groundingChunkIndices"u8))
                {
                    if (index.ValueKind != JsonValueKind.Number || !index.TryGetInt32(out var at) || at < 0 || at >= sources.Length)
                        continue;
                    any = true;
                    WriteAnnotation(json, sources[at], offsets.CharacterAt(segment.FindCount("startIndex"u8)),
                        offsets.CharacterAt(segment.FindCount("endIndex"u8)));
                }
            }
            for (var i = 0; i < sources.Length && !any; i++)
                WriteAnnotation(json, sources[i], 0, text.Length);
            json.WriteEndArray();
        }
        return HubJson.TryParse(output.WrittenSpan);
    }

    private static void WriteAnnotation(Utf8JsonWriter json, JsonElement source, int start, int end)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "url_citation"u8);
        json.WriteStartObject("url_citation"u8);
        json.WriteNumber("start_index"u8, start);
        json.WriteNumber("end_index"u8, end);
        json.WriteString("url"u8, source.FindText("uri"u8) ?? "");
        json.WriteString("title"u8, source.FindText("title"u8) ?? "");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes the member with its name from OpenAI's annotations.</summary>
    /// <param name="text">The text that they speak of.</param>
    public static void Write(Utf8JsonWriter json, IEnumerable<JsonElement> annotations, string text)
    {
        var offsets = new GeminiOffsets(text);
        JsonElement[] cited = [.. annotations.Select(static one => one.Find("url_citation"u8)).OfType<JsonElement>()];
        json.WriteStartObject("groundingMetadata"u8);
        json.WriteStartArray("groundingChunks"u8);
        foreach (var citation in cited)
        {
            json.WriteStartObject();
            json.WriteStartObject("web"u8);
            json.WriteString("uri"u8, citation.FindText("url"u8) ?? "");
            json.WriteString("title"u8, citation.FindText("title"u8) ?? "");
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("groundingSupports"u8);
        for (var i = 0; i < cited.Length; i++)
        {
            json.WriteStartObject();
            json.WriteStartObject("segment"u8);
            json.WriteNumber("startIndex"u8, offsets.ByteAt(cited[i].FindCount("start_index"u8)));
            json.WriteNumber("endIndex"u8, offsets.ByteAt(cited[i].FindCount("end_index"u8)));
            json.WriteEndObject();
            json.WriteStartArray("groundingChunkIndices"u8);
            json.WriteNumberValue(i);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
