using System.Text;
using System.Text.Json;
using Gateway.Dialects.Cohere;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Ollama;

/// <summary>
/// Writes the messages of a chat: a text, pictures beside it, calls without ids; the result of a call names the tool
/// (https://docs.ollama.com/capabilities/tool-calling, /vision).
/// </summary>
internal sealed class OllamaMessageWriter(Utf8JsonWriter json)
{
    /// <summary>The names of the tools that were called, by the ids of the calls; the last counts.</summary>
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    public void WriteAll(List<HubMessage> messages)
    {
        json.WriteStartArray("messages"u8);
        var pictures = new List<HubMedia>();
        foreach (var message in messages)
        {
            foreach (var result in message.Parts.OfType<HubToolResult>())
                WriteResult(result, pictures);
            if (message.Role == HubRole.Tool && message.Parts.TrueForAll(static part => part is HubToolResult))
                continue;
            FlushPictures(pictures);
            WriteMessage(message);
        }
        FlushPictures(pictures);
        json.WriteEndArray();
    }

    private void FlushPictures(List<HubMedia> pictures)
    {
        if (pictures.Count == 0)
            return;
        json.WriteStartObject();
        json.WriteString("role"u8, "user"u8);
        json.WriteString("content"u8, "(The pictures that the tools gave.)"u8);
        WriteImages(pictures);
        json.WriteEndObject();
        pictures.Clear();
    }

    private void WriteMessage(HubMessage message)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, message.Role switch
        {
            HubRole.System => "system"u8,
            HubRole.Assistant => "assistant"u8,
            _ => "user"u8,
        });
        json.WriteString("content"u8, TextOf(message));
        if (message.Role == HubRole.Assistant)
            WriteThoughtsAndCalls(message);
        else
            WriteImages([.. message.Parts.OfType<HubMedia>().Where(static media => media.Kind == HubMediaKind.Image)]);
        json.WriteEndObject();
    }

    private static string TextOf(HubMessage message)
    {
        var text = new StringBuilder(message.Name is null ? null : $"{message.Name}: ");
        foreach (var part in message.Parts)
        {
            text.Append(part switch
            {
                HubText said => said.Text,
                HubRefusal refusal => refusal.Text,
                HubMedia { Kind: HubMediaKind.Document } document => TextOf(document),
                _ => "",
            });
        }
        return text.ToString();
    }

    private static string TextOf(HubMedia document) =>
        $"{(document.Name is { Length: > 0 } name ? $"{name}:\n" : "")}{CohereDocuments.TextOf(document)}\n\n";

    private void WriteThoughtsAndCalls(HubMessage message)
    {
        var thoughts = string.Concat(message.Parts.OfType<HubThinking>().Select(static thought => thought.Text));
        if (thoughts.Length > 0)
            json.WriteString("thinking"u8, thoughts);
        var calls = message.Parts.OfType<HubToolCall>().ToArray();
        if (calls.Length == 0)
            return;
        json.WriteStartArray("tool_calls"u8);
        foreach (var call in calls)
        {
            _names[call.Id] = call.Name;
            json.WriteStartObject();
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, call.Name);
            json.WritePropertyName("arguments"u8);
            HubJson.WriteArguments(json, call.Arguments);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteResult(HubToolResult result, List<HubMedia> pictures)
    {
        var text = new StringBuilder(result.IsError ? "Error: " : null);
        foreach (var part in result.Content)
        {
            text.Append(part switch
            {
                HubText said => said.Text,
                HubMedia { Kind: HubMediaKind.Document } document => TextOf(document),
                _ => "",
            });
        }
        var before = pictures.Count;
        pictures.AddRange(result.Content.OfType<HubMedia>().Where(static media => media.Kind == HubMediaKind.Image));
        if (pictures.Count > before && text.Length == 0)
            text.Append("(A picture, in the next message.)");
        json.WriteStartObject();
        json.WriteString("role"u8, "tool"u8);
        json.WriteString("content"u8, text.ToString());
        if ((result.Name ?? _names.GetValueOrDefault(result.CallId)) is { Length: > 0 } name)
            json.WriteString("tool_name"u8, name);
        json.WriteEndObject();
    }

    private void WriteImages(List<HubMedia> images)
    {
        if (images.Count == 0)
            return;
        json.WriteStartArray("images"u8);
        foreach (var image in images)
            json.WriteStringValue(image.Base64.Span);
        json.WriteEndArray();
    }
}
