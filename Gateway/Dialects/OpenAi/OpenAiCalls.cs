using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Writes the calls of tools as OpenAI's chats have them.</summary>
internal static class OpenAiCalls
{
    /// <param name="index">Which call of a streamed answer; null in a whole message.</param>
    public static void Write(Utf8JsonWriter json, HubToolCall call, int? index)
    {
        json.WriteStartObject();
        if (index is { } at)
            json.WriteNumber("index"u8, at);
        json.WriteString("id"u8, call.Id);
        json.WriteString("type"u8, call.IsCustom ? "custom"u8 : "function"u8);
        json.WriteStartObject(call.IsCustom ? "custom"u8 : "function"u8);
        json.WriteString("name"u8, call.Name);
        json.WriteString(call.IsCustom ? "input"u8 : "arguments"u8, call.Arguments);
        json.WriteEndObject();
        if (call.Signature is { } signature)
            WriteSignature(json, signature);
        json.WriteEndObject();
    }

    /// <summary>As Google's OpenAI-compatible endpoint has it: https://ai.google.dev/gemini-api/docs/thought-signatures.</summary>
    public static void WriteSignature(Utf8JsonWriter json, ThoughtSignature signature)
    {
        json.WriteStartObject("extra_content"u8);
        json.WriteStartObject("google"u8);
        json.WriteString("thought_signature"u8, signature.WrittenIn(WireFormat.Gemini));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
