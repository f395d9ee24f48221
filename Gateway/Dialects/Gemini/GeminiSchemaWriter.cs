using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Writes a JSON schema as Google reads it (<c>parametersJsonSchema</c>, <c>responseJsonSchema</c>): the same, but for a few words that it
/// has another for. Words that it does not know it passes over
/// (https://ai.google.dev/gemini-api/docs/structured-output#json_schema_support).
/// </summary>
internal static class GeminiSchemaWriter
{
    private const string OldDefinitions = "#/definitions/";
    private const string Definitions = "#/$defs/";

    /// <summary>Writes the schema of a function's arguments, which must be an object's.</summary>
    public static void WriteArguments(Utf8JsonWriter json, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || schema.Find("type"u8) is null && schema.Find("$ref"u8) is null
            && schema.Find("anyOf"u8) is null && schema.Find("oneOf"u8) is null && schema.Find("allOf"u8) is null)
            Write(json, schema, static writer => writer.WriteString("type"u8, "object"u8));
        else
            Write(json, schema);
    }

    /// <summary>Writes a schema.</summary>
    /// <param name="first">Writes what comes first in it. Null: nothing.</param>
    public static void Write(Utf8JsonWriter json, JsonElement schema, Action<Utf8JsonWriter>? first = null)
    {
        if (schema.ValueKind is not JsonValueKind.Object)
        {
            if (first is null)
            {
                schema.WriteTo(json); // true and false are schemas, too
                return;
            }
            schema = default;
        }
        json.WriteStartObject();
        first?.Invoke(json);
        if (schema.ValueKind == JsonValueKind.Object)
            WriteMembers(json, schema);
        json.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter json, JsonElement schema)
    {
        var isRefWithMore = schema.Find("$ref"u8) is not null
            && schema.EnumerateObject().Any(static member => !member.Name.StartsWith('$'));
        foreach (var member in schema.EnumerateObject())
        {
            var value = member.Value;
            switch (member.Name)
            {
                case "$schema" or "$comment":
                    break; // they say nothing of a value
                case "$ref" when value.ValueKind == JsonValueKind.String:
                    WriteReference(json, value.GetString()!, isRefWithMore);
                    break;
                case "const" when value.ValueKind is JsonValueKind.String or JsonValueKind.Number:
                    json.WriteStartArray("enum"u8);
                    value.WriteTo(json);
                    json.WriteEndArray();
                    break;
                case "type" when value.ValueKind == JsonValueKind.String && schema.Find("nullable"u8)?.ValueKind == JsonValueKind.True:
                    json.WriteStartArray("type"u8);
                    value.WriteTo(json);
                    json.WriteStringValue("null"u8);
                    json.WriteEndArray();
                    break;
                case "nullable":
                    break;
                default:
                    WriteMember(json, member.Name, value);
                    break;
            }
        }
    }

    /// <summary>Beside a reference Google takes nothing else; as the only one of several choices it may have company.</summary>
    private static void WriteReference(Utf8JsonWriter json, string reference, bool hasCompany)
    {
        if (reference.StartsWith(OldDefinitions, StringComparison.Ordinal))
            reference = Definitions + reference[OldDefinitions.Length..];
        if (!hasCompany)
        {
            json.WriteString("$ref"u8, reference);
            return;
        }
        json.WriteStartArray("anyOf"u8);
        json.WriteStartObject();
        json.WriteString("$ref"u8, reference);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteMember(Utf8JsonWriter json, string name, JsonElement value)
    {
        switch (name)
        {
            case "properties" or "$defs" or "definitions" or "patternProperties" when value.ValueKind == JsonValueKind.Object:
                json.WriteStartObject(name == "definitions" ? "$defs" : name);
                foreach (var member in value.EnumerateObject())
                {
                    json.WritePropertyName(member.Name);
                    Write(json, member.Value);
                }
                json.WriteEndObject();
                break;
            case "allOf" when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1:
                WriteList(json, "anyOf", value);
                break;
            case "items" when value.ValueKind == JsonValueKind.Array: // tuples before JSON Schema 2020-12
                WriteList(json, "prefixItems", value);
                break;
            case "anyOf" or "oneOf" or "allOf" or "prefixItems" when value.ValueKind == JsonValueKind.Array:
                WriteList(json, name, value);
                break;
            case "items" or "additionalProperties" or "not":
                json.WritePropertyName(name);
                Write(json, value);
                break;
            default:
                json.WritePropertyName(name);
                value.WriteTo(json);
                break;
        }
    }

    private static void WriteList(Utf8JsonWriter json, string name, JsonElement schemas)
    {
        json.WriteStartArray(name);
        foreach (var schema in schemas.EnumerateArray())
            Write(json, schema);
        json.WriteEndArray();
    }
}
