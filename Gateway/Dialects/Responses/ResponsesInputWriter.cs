using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>Writes messages as <c>input</c>: thoughts, calls and results are items beside the messages.</summary>
internal sealed class ResponsesInputWriter(Utf8JsonWriter json)
{
    public void Write(HubRequest request)
    {
        foreach (var message in request.Messages)
        {
            switch (message.Role)
            {
                case HubRole.Assistant:
                    WriteAssistant(message.Parts);
                    break;
                case HubRole.Tool:
                    foreach (var result in message.Parts.OfType<HubToolResult>())
                        WriteResult(result);
                    break;
                default:
                    var role = message.Role == HubRole.User ? "user"u8 : message.IsDeveloper ? "developer"u8 : "system"u8;
                    WriteMessage(role, message.Parts);
                    break;
            }
        }
    }

    private void WriteMessage(ReadOnlySpan<byte> role, List<HubPart> parts)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, role);
        json.WritePropertyName("content"u8);
        WriteContent(parts);
        json.WriteEndObject();
    }

    /// <summary>A text alone as it is, anything else as a list of parts.</summary>
    private void WriteContent(List<HubPart> parts, string before = "")
    {
        if (parts is [HubText alone])
        {
            json.WriteStringValue(before.Length == 0 ? alone.Text : before + alone.Text);
            return;
        }
        json.WriteStartArray();
        if (before.Length > 0)
            WriteText("input_text"u8, "text"u8, before);
        foreach (var part in parts)
            WritePart(part);
        json.WriteEndArray();
    }

    private void WritePart(HubPart part)
    {
        switch (part)
        {
            case HubText text:
                WriteText("input_text"u8, "text"u8, text.Text);
                break;
            case HubMedia { PlainText: { } plain }:
                WriteText("input_text"u8, "text"u8, plain);
                break;
            case HubMedia medium:
                ResponsesMedia.Write(json, medium);
                break;
            case HubForeignPart { Format: WireFormat.Responses } foreign:
                foreign.Json.WriteTo(json);
                break;
        }
    }

    private void WriteAssistant(List<HubPart> parts)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            switch (parts[i])
            {
                case HubText or HubRefusal:
                    var end = i;
                    while (end < parts.Count && parts[end] is HubText or HubRefusal)
                        end++;
                    WriteSaid(parts[i..end]);
                    i = end - 1;
                    break;
                case HubThinking thought:
                    WriteThought(thought);
                    break;
                case HubToolCall call:
                    WriteCall(call);
                    break;
                case HubForeignPart { Format: WireFormat.Responses } foreign:
                    foreign.Json.WriteTo(json);
                    break;
            }
        }
    }

    private void WriteSaid(List<HubPart> said)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteStartArray("content"u8);
        foreach (var part in said)
        {
            if (part is HubRefusal refusal)
                WriteText("refusal"u8, "refusal"u8, refusal.Text);
            else
                WriteText("output_text"u8, "text"u8, ((HubText)part).Text);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Only a thought with OpenAI's own seal is taken back; its id means nothing where it is not kept.</summary>
    private void WriteThought(HubThinking thought)
    {
        if (thought.Signature?.For(WireFormat.Responses) is not { } seal)
            return;
        json.WriteStartObject();
        json.WriteString("type"u8, "reasoning"u8);
        json.WriteStartArray("summary"u8);
        if (thought.Text.Length > 0)
            WriteText("summary_text"u8, "text"u8, thought.Text);
        json.WriteEndArray();
        json.WriteString("encrypted_content"u8, seal);
        json.WriteEndObject();
    }

    private void WriteCall(HubToolCall call)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, call.IsCustom ? "custom_tool_call"u8 : "function_call"u8);
        json.WriteString("call_id"u8, call.Id);
        json.WriteString("name"u8, call.Name);
        json.WriteString(call.IsCustom ? "input"u8 : "arguments"u8, call.Arguments);
        json.WriteEndObject();
    }

    private void WriteResult(HubToolResult result)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, result.IsCustom ? "custom_tool_call_output"u8 : "function_call_output"u8);
        json.WriteString("call_id"u8, result.CallId);
        json.WritePropertyName("output"u8);
        if (result.Content.Count == 0)
            json.WriteStringValue(result.IsError ? "Error"u8 : ""u8);
        else
            WriteContent(result.Content, result.IsError ? "Error: " : "");
        json.WriteEndObject();
    }

    private void WriteText(ReadOnlySpan<byte> type, ReadOnlySpan<byte> name, string text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        json.WriteString(name, text);
        json.WriteEndObject();
    }
}
