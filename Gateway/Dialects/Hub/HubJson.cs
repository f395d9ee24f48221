using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Gateway.Dialects.Hub;

/// <summary>How the hub reads and writes JSON: the same bounds and the same escaping everywhere.</summary>
public static class HubJson
{
    /// <summary>As deep as a client's body may be; a member that is given twice would be read differently by different readers.</summary>
    public static readonly JsonDocumentOptions ReadOptions = new() { MaxDepth = BodyScanner.MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Providers' answers: what is given twice there is the provider's affair.</summary>
    public static readonly JsonDocumentOptions AnswerOptions = new() { MaxDepth = BodyScanner.MaxDepth };

    /// <summary>Quotes and letters as they are: the content type says that it is JSON, not a page. What is written is well-formed by its making.</summary>
    public static readonly JsonWriterOptions WriteOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true, MaxDepth = 2 * BodyScanner.MaxDepth };

    /// <summary>The value of a member. Null: it is absent or null, or this is no object.</summary>
    public static JsonElement? Find(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>The text of a member. Null: it is absent or no text.</summary>
    public static string? FindText(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.Find(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>The whole number of a member, 0 where it is absent or none.</summary>
    public static long FindCount(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var count) ? count : 0;

    /// <summary>The items of a member that is a list; none where it is not.</summary>
    public static JsonElement.ArrayEnumerator Items(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.Find(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : default;

    /// <summary>True when the JSON is an object that has the member, and it is not null.</summary>
    public static bool HasMember(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = BodyScanner.MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isName = reader.ValueTextEquals(name);
                reader.Read();
                if (isName && reader.TokenType != JsonTokenType.Null)
                    return true;
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON object.
        }
        return false;
    }

    /// <summary>
    /// Parses a value of its own memory. Null: it is not JSON, or no UTF-8. (Half of a surrogate pair, escaped, is found when it is read.)
    /// </summary>
    public static JsonElement? TryParse(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json)) // the reader does not look into texts
            return null;
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = BodyScanner.MaxDepth });
            var element = JsonElement.ParseValue(ref reader);
            return reader.Read() ? null : element;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Parses a text. Null: it is not JSON.</summary>
    public static JsonElement? TryParse(string text) => TryParse(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Writes the arguments of a tool call as a JSON object. Models sometimes write what is none: an empty text is an empty object, anything
    /// else stands as a text under <c>_raw</c>, so that it is not lost.
    /// </summary>
    public static void WriteArguments(Utf8JsonWriter json, string arguments)
    {
        if (TryParse(arguments) is { ValueKind: JsonValueKind.Object } parsed)
        {
            parsed.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        if (!string.IsNullOrWhiteSpace(arguments))
            json.WriteString("_raw"u8, arguments);
        json.WriteEndObject();
    }
}
