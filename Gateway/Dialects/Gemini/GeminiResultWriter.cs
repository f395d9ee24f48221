using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Writes what a tool gave as a <c>functionResponse</c>.</summary>
internal static class GeminiResultWriter
{
    /// <param name="name">The tool's name, which Google asks for.</param>
    /// <param name="holdsMedia">True where pictures may stand in it.</param>
    public static void Write(Utf8JsonWriter json, HubToolResult result, string name, bool holdsMedia)
    {
        json.WriteStartObject("functionResponse"u8);
        if (result.CallId.Length > 0)
            json.WriteString("id"u8, result.CallId);
        json.WriteString("name"u8, name);
        WriteResponse(json, result);
        if (holdsMedia && result.Content.Exists(static part => part is HubMedia))
        {
            json.WriteStartArray("parts"u8);
            foreach (var item in result.Content.OfType<HubMedia>())
            {
                json.WriteStartObject();
                GeminiMedia.Write(json, item);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    /// <summary>
    /// An object that a tool gave stands as it is, unless Google would take its members <c>output</c> or <c>error</c> for its own; all else
    /// under <c>output</c>, failures under <c>error</c>.
    /// </summary>
    private static void WriteResponse(Utf8JsonWriter json, HubToolResult result)
    {
        var text = string.Concat(result.Content.OfType<HubText>().Select(static part => part.Text));
        if (!result.IsError && text.AsSpan().TrimStart().StartsWith('{')
            && HubJson.TryParse(text) is { ValueKind: JsonValueKind.Object } given
            && given.Find("output"u8) is null && given.Find("error"u8) is null)
        {
            json.WritePropertyName("response"u8);
            given.WriteTo(json);
            return;
        }
        json.WriteStartObject("response"u8);
        json.WriteString(result.IsError ? "error"u8 : "output"u8, text);
        json.WriteEndObject();
    }
}
