using System.Text.Json;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Cohere;

/// <summary>Writes the messages of a chat (https://docs.cohere.com/docs/chat-api, /tool-use-overview, /reasoning).</summary>
/// <param name="thinks">True where the model takes its thoughts back; one that plans its calls takes the plan.</param>
internal sealed class CohereMessageWriter(Utf8JsonWriter json, bool thinks)
{
    public void WriteAll(List<HubMessage> messages)
    {
        json.WriteStartArray("messages"u8);
        foreach (var message in messages)
        {
            if (message.Role == HubRole.Tool)
            {
                foreach (var result in message.Parts.OfType<HubToolResult>())
                    WriteResult(result);
                if (message.Parts.FindAll(static part => part is not HubToolResult) is { Count: > 0 } rest)
                    WriteOne("user"u8, new HubMessage(HubRole.User, rest));
            }
            else if (message.Role == HubRole.Assistant)
            {
                WriteAssistant(message);
            }
            else
            {
                WriteOne(message.Role == HubRole.System ? "system"u8 : "user"u8, message);
            }
        }
        json.WriteEndArray();
    }

    private void WriteOne(ReadOnlySpan<byte> role, HubMessage message)
    {
        var results = message.Parts.FindAll(static part => part is HubToolResult);
        foreach (var result in results)
            WriteResult((HubToolResult)result);
        var parts = message.Parts.FindAll(static part => part is HubText or HubRefusal or HubMedia { Kind: HubMediaKind.Image });
        if (results.Count > 0 && parts.Count == 0)
            return;
        json.WriteStartObject();
        json.WriteString("role"u8, role);
        var name = message.Name is null ? "" : $"{message.Name}: ";
        if (parts.TrueForAll(static part => part is HubText))
        {
            json.WriteString("content"u8, name + string.Concat(parts.Select(static part => ((HubText)part).Text)));
        }
        else
        {
            json.WriteStartArray("content"u8);
            foreach (var part in parts)
            {
                WritePart(part, name);
                name = part is HubText ? "" : name;
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private void WritePart(HubPart part, string name)
    {
        json.WriteStartObject();
        if (part is HubMedia image)
        {
            json.WriteString("type"u8, "image_url"u8);
            json.WriteStartObject("image_url"u8);
            OpenAiContent.WriteUrl(json, "url"u8, image, "image/png");
            if (image.Detail is "low" or "high" or "auto")
                json.WriteString("detail"u8, image.Detail);
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("type"u8, "text"u8);
            json.WriteString("text"u8, part is HubText text ? name + text.Text : ((HubRefusal)part).Text);
        }
        json.WriteEndObject();
    }

    private void WriteAssistant(HubMessage message)
    {
        var calls = message.Parts.OfType<HubToolCall>().ToArray();
        var thoughts = string.Concat(message.Parts.OfType<HubThinking>()
            .Where(static thought => thought.Signature is null).Select(static thought => thought.Text));
        var text = string.Concat(message.Parts.Select(static part => part switch
        {
            HubText said => said.Text,
            HubRefusal refusal => refusal.Text,
            _ => "",
        }));
        json.WriteStartObject();
        json.WriteString("role"u8, "assistant"u8);
        if (thinks && thoughts.Length > 0)
            WriteThoughts(thoughts, text);
        else if (text.Length > 0 || calls.Length == 0)
            json.WriteString("content"u8, text);
        if (calls.Length > 0)
        {
            if (!thinks && thoughts.Length > 0)
                json.WriteString("tool_plan"u8, thoughts);
            json.WriteStartArray("tool_calls"u8);
            foreach (var call in calls)
                OpenAiCalls.Write(json, call with { IsCustom = false, Signature = null }, null);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private void WriteThoughts(string thoughts, string text)
    {
        json.WriteStartArray("content"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "thinking"u8);
        json.WriteString("thinking"u8, thoughts);
        json.WriteEndObject();
        if (text.Length > 0)
            WritePart(new HubText(text), "");
        json.WriteEndArray();
    }

    private void WriteResult(HubToolResult result)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, "tool"u8);
        json.WriteString("tool_call_id"u8, result.CallId);
        var text = string.Concat(result.Content.OfType<HubText>().Select(static part => part.Text));
        json.WriteString("content"u8, result.IsError ? $"Error: {text}" : text);
        json.WriteEndObject();
    }
}
