using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>
/// Thoughts in OpenAI's chats, which have no place for them of their own: <c>reasoning_content</c> (DeepSeek's and LiteLLM's name; OpenRouter
/// and Groq: <c>reasoning</c>) for the text, and LiteLLM's <c>thinking_blocks</c> for thoughts with their seals.
/// </summary>
internal static class OpenAiThoughts
{
    /// <summary>Reads what an assistant's message says of its thoughts.</summary>
    /// <param name="hub">Null: it is an answer, of which no uses are noted.</param>
    public static void Read(HubRequest? hub, JsonElement message, List<HubPart> parts)
    {
        var before = parts.Count;
        foreach (var block in message.Items("thinking_blocks"u8))
        {
            var isHidden = block.FindText("type"u8) == "redacted_thinking";
            var seal = block.FindText(isHidden ? "data"u8 : "signature"u8);
            parts.Add(new HubThinking(block.FindText("thinking"u8) ?? "")
            {
                Signature = ThoughtSignature.ReadFrom(WireFormat.Anthropic, seal),
                IsHidden = isHidden,
            });
        }
        if (parts.Count == before && (message.FindText("reasoning_content"u8) ?? message.FindText("reasoning"u8)) is { Length: > 0 } text)
            parts.Add(new HubThinking(text));
        if (parts.Count > before)
            hub?.Use(Feature.ThinkingHistory, "messages[].thinking_blocks");
    }

    /// <summary>Writes the thoughts of a message or of an answer. Hidden ones have no text.</summary>
    public static void Write(Utf8JsonWriter json, IEnumerable<HubPart> parts)
    {
        var thoughts = parts.OfType<HubThinking>().ToArray();
        if (thoughts.Length == 0)
            return;
        var text = string.Concat(thoughts.Select(static thought => thought.Text));
        if (text.Length > 0)
            json.WriteString("reasoning_content"u8, text);
        if (!Array.Exists(thoughts, static thought => thought.Signature is not null))
            return;
        json.WriteStartArray("thinking_blocks"u8);
        foreach (var thought in thoughts)
            WriteBlock(json, thought);
        json.WriteEndArray();
    }

    /// <summary>Writes one entry of <c>thinking_blocks</c>.</summary>
    public static void WriteBlock(Utf8JsonWriter json, HubThinking thought)
    {
        var seal = thought.Signature?.WrittenIn(WireFormat.Anthropic);
        json.WriteStartObject();
        json.WriteString("type"u8, thought.IsHidden ? "redacted_thinking"u8 : "thinking"u8);
        if (thought.IsHidden)
        {
            json.WriteString("data"u8, seal);
        }
        else
        {
            json.WriteString("thinking"u8, thought.Text);
            json.WriteString("signature"u8, seal ?? "");
        }
        json.WriteEndObject();
    }
}
