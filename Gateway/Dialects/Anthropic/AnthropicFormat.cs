using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// How an answer gets the form that was asked for: by <c>output_config.format</c> where the model and the schema allow it, else by a tool
/// that must be called, whose arguments become the text of the answer again.
/// </summary>
internal static class AnthropicFormat
{
    /// <summary>The tool's name. No client's tool is called so; a call of it is always the answer.</summary>
    public const string ToolName = "gateway_json_answer";

    public enum Means { None, Schema, Tool }

    public static Means MeansOf(HubRequest request, ClaudeModel model)
    {
        if (request.Format is not { } format)
            return Means.None;
        if (model.TakesSchemas && format.Schema is { } schema
            && (format.IsStrict is true || model.AlwaysThinks || AnthropicThinking.IsOn(request.Reasoning) || IsClosed(schema)))
            return Means.Schema;
        return MustCall(request) ? Means.None : Means.Tool;
    }

    /// <summary>True when the answer is a call in any case, and has no form of its own.</summary>
    private static bool MustCall(HubRequest request) =>
        request.ToolChoice?.Mode is HubToolMode.Required or HubToolMode.Named && request.Tools.Count > 0;

    /// <summary>
    /// True when no object in the schema may have members that it does not name: Anthropic holds answers to such schemas alone
    /// (https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations").
    /// </summary>
    private static bool IsClosed(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.Array)
            return schema.EnumerateArray().All(IsClosed);
        if (schema.ValueKind != JsonValueKind.Object)
            return true;
        if (schema.FindText("type"u8) == "object" && schema.Find("additionalProperties"u8) is not { ValueKind: JsonValueKind.False })
            return false;
        return schema.EnumerateObject().All(static member => IsClosed(member.Value));
    }

    /// <summary>Writes the tool.</summary>
    public static void WriteTool(Utf8JsonWriter json, HubFormat format)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, ToolName);
        json.WriteString("description"u8, format.Description
            ?? "Gives the answer to the user, in full and as JSON. Call it once, in place of an answer in words.");
        json.WritePropertyName("input_schema"u8);
        AnthropicTools.WriteSchema(json, format.Schema);
        json.WriteEndObject();
    }

    /// <summary>Writes <c>format</c> of <c>output_config</c>.</summary>
    public static void WriteFormat(Utf8JsonWriter json, HubFormat format)
    {
        json.WriteStartObject("format"u8);
        json.WriteString("type"u8, "json_schema"u8);
        json.WritePropertyName("schema"u8);
        format.Schema.GetValueOrDefault().WriteTo(json);
        json.WriteEndObject();
    }
}
