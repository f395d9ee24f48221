using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Google's JSON is that of protocol buffers: a reader takes a member by its name in camelCase and in snake_case alike
/// (https://protobuf.dev/programming-guides/json/).
/// </summary>
internal static class GeminiJson
{
    /// <summary>The value of a member under either name. Null: absent or null.</summary>
    public static JsonElement? Find(JsonElement element, ReadOnlySpan<byte> camel, ReadOnlySpan<byte> snake) =>
        element.Find(camel) ?? element.Find(snake);

    /// <summary>The text of a member under either name. Null: it is absent or no text.</summary>
    public static string? FindText(JsonElement element, ReadOnlySpan<byte> camel, ReadOnlySpan<byte> snake) =>
        Find(element, camel, snake) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>A member's name in camelCase.</summary>
    public static string Camel(string name)
    {
        if (!name.Contains('_'))
            return name;
        var camel = new StringBuilder(name.Length);
        var isNext = false;
        foreach (var letter in name)
        {
            if (letter == '_' && camel.Length > 0)
                isNext = true;
            else
            {
                camel.Append(isNext ? char.ToUpperInvariant(letter) : letter);
                isNext = false;
            }
        }
        return camel.ToString();
    }

    /// <summary>The JSON of a value without the line's ends and indents that Google writes.</summary>
    public static string Compact(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            value.WriteTo(json);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>The items of a list. What stands alone where a list belongs counts as its only item.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];

    /// <summary>A number, which proto's JSON may write as a text. Null: neither.</summary>
    public static double? Number(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
            return number;
        return value.ValueKind == JsonValueKind.String && double.TryParse(value.GetString(), System.Globalization.NumberStyles.Float,
            System.Globalization.CultureInfo.InvariantCulture, out var read) && double.IsFinite(read)
            ? read
            : null;
    }
}
