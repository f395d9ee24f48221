using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Writes content blocks that answers and requests have in common.</summary>
internal static class AnthropicBlocks
{
    /// <summary>Opens a block of a type.</summary>
    public static void Start(Utf8JsonWriter json, ReadOnlySpan<byte> type)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type);
    }

    public static void WriteText(Utf8JsonWriter json, HubText part)
    {
        Start(json, "text"u8);
        json.WriteString("text"u8, part.Text);
        if (part.Citations is { } citations && part.CitationFormat is { } format)
        {
            json.WriteStartArray("citations"u8);
            AnthropicCitations.Write(json, format, citations);
            json.WriteEndArray();
        }
    }

    /// <summary>
    /// Writes a thought with its seal; one of another dialect's is marked. Without a seal it stands empty, as the field must be there.
    /// </summary>
    public static void WriteThinking(Utf8JsonWriter json, HubThinking thinking)
    {
        var seal = thinking.Signature?.WrittenIn(WireFormat.Anthropic) ?? "";
        if (thinking.IsHidden)
        {
            Start(json, "redacted_thinking"u8);
            json.WriteString("data"u8, seal);
        }
        else
        {
            Start(json, "thinking"u8);
            json.WriteString("thinking"u8, thinking.Text);
            json.WriteString("signature"u8, seal);
        }
        json.WriteEndObject();
    }

    /// <summary>Writes a call and leaves its object open.</summary>
    public static void WriteCall(Utf8JsonWriter json, HubToolCall call, string id)
    {
        Start(json, "tool_use"u8);
        json.WriteString("id"u8, id);
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("input"u8);
        WriteInput(json, call.Arguments, call.IsCustom);
    }

    /// <summary>Writes a call of an answer, which says who calls: the model itself. Anthropic's libraries count on that.</summary>
    public static void WriteAnsweredCall(Utf8JsonWriter json, HubToolCall call)
    {
        WriteCall(json, call, call.Id);
        json.WriteStartObject("caller"u8);
        json.WriteString("type"u8, "direct"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Arguments as an object; free text stands in a member of it.</summary>
    public static void WriteInput(Utf8JsonWriter json, string arguments, bool isCustom)
    {
        if (!isCustom)
        {
            HubJson.WriteArguments(json, arguments);
            return;
        }
        json.WriteStartObject();
        json.WriteString("input"u8, arguments);
        json.WriteEndObject();
    }
}
