using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>
/// What texts refer to. OpenAI's own stand in <c>annotations</c>; those of other dialects in LiteLLM's place for what a provider alone
/// knows: <c>provider_specific_fields.citations</c>, in the provider's words.
/// </summary>
internal static class OpenAiCitations
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<HubText> texts)
    {
        foreach (var isOwn in (bool[])[true, false])
        {
            var cited = texts.Where(text => text.Citations is not null && text.CitationFormat == WireFormat.OpenAi == isOwn).ToArray();
            if (cited.Length == 0)
                continue;
            if (!isOwn)
                json.WriteStartObject("provider_specific_fields"u8);
            json.WriteStartArray(isOwn ? "annotations"u8 : "citations"u8);
            foreach (var text in cited)
                WriteItems(json, text.Citations!.Value);
            json.WriteEndArray();
            if (!isOwn)
                json.WriteEndObject();
        }
    }

    private static void WriteItems(Utf8JsonWriter json, JsonElement citations)
    {
        if (citations.ValueKind != JsonValueKind.Array)
        {
            citations.WriteTo(json);
            return;
        }
        foreach (var item in citations.EnumerateArray())
            item.WriteTo(json);
    }
}
