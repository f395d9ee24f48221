using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Turns Google's schemas (https://ai.google.dev/api/caching#Schema), which are of OpenAPI 3.0, into JSON schemas: types in lower case,
/// <c>nullable</c> as one of the types, counts as numbers, properties in the order that <c>propertyOrdering</c> says.
/// </summary>
internal static class GeminiSchemaReader
{
    /// <summary>The same as a JSON schema, in memory of its own.</summary>
    public static JsonElement? Read(JsonElement schema)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            Write(json, schema);
        return HubJson.TryParse(output.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            schema.WriteTo(json);
            return;
        }
        var isNullable = schema.Find("nullable"u8)?.ValueKind == JsonValueKind.True;
        json.WriteStartObject();
        foreach (var member in schema.EnumerateObject())
            WriteMember(json, schema, GeminiJson.Camel(member.Name), member.Value, isNullable);
        json.WriteEndObject();
    }

    private static void WriteMember(Utf8JsonWriter json, JsonElement schema, string name, JsonElement value, bool isNullable)
    {
        switch (name)
        {
            case "type":
                WriteType(json, value, isNullable);
                break;
            case "nullable" or "propertyOrdering":
                break;
            case "format" when value.ValueKind == JsonValueKind.String && value.ValueEquals("enum"u8):
                break; // says only that there is an enum
            case "example":
                json.WriteStartArray("examples"u8);
                value.WriteTo(json);
                json.WriteEndArray();
                break;
            case "minItems" or "maxItems" or "minLength" or "maxLength" or "minProperties" or "maxProperties"
                when GeminiJson.Number(value) is { } count:
                json.WriteNumber(name, (long)count);
                break;
            case "items":
                json.WritePropertyName(name);
                Write(json, value);
                break;
            case "anyOf" when value.ValueKind == JsonValueKind.Array:
                json.WriteStartArray(name);
                foreach (var choice in value.EnumerateArray())
                    Write(json, choice);
                json.WriteEndArray();
                break;
            case "properties" when value.ValueKind == JsonValueKind.Object:
                json.WriteStartObject(name);
                foreach (var property in Ordered(value, GeminiJson.Find(schema, "propertyOrdering"u8, "property_ordering"u8)))
                {
                    json.WritePropertyName(property.Name);
                    Write(json, property.Value);
                }
                json.WriteEndObject();
                break;
            default:
                json.WritePropertyName(name);
                value.WriteTo(json);
                break;
        }
    }

    private static void WriteType(Utf8JsonWriter json, JsonElement value, bool isNullable)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            json.WritePropertyName("type"u8);
            value.WriteTo(json);
            return;
        }
        var type = value.GetString()!.ToLowerInvariant();
        if (type == "type_unspecified")
            return;
        if (!isNullable || type == "null")
        {
            json.WriteString("type"u8, type);
            return;
        }
        json.WriteStartArray("type"u8);
        json.WriteStringValue(type);
        json.WriteStringValue("null"u8);
        json.WriteEndArray();
    }

    private static IEnumerable<JsonProperty> Ordered(JsonElement properties, JsonElement? ordering)
    {
        if (ordering is not { ValueKind: JsonValueKind.Array } order)
            return properties.EnumerateObject();
        var places = new Dictionary<string, int>();
        foreach (var name in order.EnumerateArray())
        {
            if (name.ValueKind == JsonValueKind.String)
                places.TryAdd(name.GetString()!, places.Count);
        }
        return properties.EnumerateObject().OrderBy(property => places.GetValueOrDefault(property.Name, int.MaxValue));
    }
}
