using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>OpenAI's <c>response_format</c>, and LiteLLM's <c>thinking</c> beside it.</summary>
internal static class OpenAiFormat
{
    /// <summary>Reads <c>response_format</c>: text, json_object or json_schema.</summary>
    public static bool Read(HubRequest hub, string name, JsonElement value)
    {
        switch (value.FindText("type"u8))
        {
            case "text":
                return true;
            case "json_object":
                hub.Format = new HubFormat();
                hub.Use(Feature.JsonObject, name);
                return true;
            case "json_schema" when value.Find("json_schema"u8) is { ValueKind: JsonValueKind.Object } schema:
                hub.Format = ReadSchema(schema);
                hub.Use(Feature.JsonSchema, name);
                return hub.Format.Schema is not null;
            default:
                return false;
        }
    }

    /// <summary>Reads name, description, schema and strict, which Responses has at the same level as the type.</summary>
    public static HubFormat ReadSchema(JsonElement schema) => new()
    {
        Name = schema.FindText("name"u8),
        Description = schema.FindText("description"u8),
        Schema = schema.Find("schema"u8),
        IsStrict = schema.Find("strict"u8) is { } strict ? strict.ValueKind == JsonValueKind.True : null,
    };

    /// <summary>Reads Anthropic's <c>thinking</c>, which LiteLLM's clients send in OpenAI's bodies, too.</summary>
    public static bool ReadThinking(HubRequest hub, string name, JsonElement value)
    {
        var budget = value.Find("budget_tokens"u8) is { ValueKind: JsonValueKind.Number } tokens && tokens.TryGetInt64(out var count) ? count : -1;
        switch (value.FindText("type"u8))
        {
            case "enabled" or "adaptive":
                hub.Reasoning = (hub.Reasoning ?? new()) with { Budget = budget };
                hub.Use(Feature.ThinkingBudget, name);
                return true;
            case "disabled":
                hub.Reasoning = (hub.Reasoning ?? new()) with { Budget = 0 };
                hub.Use(Feature.ThinkingBudget, name);
                return true;
            default:
                return false;
        }
    }
}
