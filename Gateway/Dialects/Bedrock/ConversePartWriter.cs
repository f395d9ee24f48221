using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// Writes the parts of messages as Converse's content blocks
/// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html).
/// </summary>
internal sealed class ConversePartWriter(Utf8JsonWriter json, ConverseModel model)
{
    /// <summary>API_runtime_ToolUseBlock: the length of <c>toolUseId</c>.</summary>
    private const int LongestId = 64;

    private static readonly SearchValues<char> IdChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    private readonly HashSet<string> _documents = new(StringComparer.Ordinal);

    public void WriteAll(List<HubPart> parts)
    {
        json.WriteStartArray();
        foreach (var part in parts)
        {
            Write(part);
            if (CacheOf(part) is { } cache)
                WriteCachePoint(json, model, cache);
        }
        json.WriteEndArray();
    }

    private static JsonElement? CacheOf(HubPart part) =>
        part.CacheControl ?? (part is HubToolResult { Content: [.., { CacheControl: { } within }] } ? within : null);

    private void Write(HubPart part)
    {
        switch (part)
        {
            case HubText text when !string.IsNullOrWhiteSpace(text.Text): // Bedrock refuses blank texts, which say nothing
                WriteText(text.Text);
                break;
            case HubRefusal refusal when !string.IsNullOrWhiteSpace(refusal.Text):
                WriteText(refusal.Text);
                break;
            case HubMedia media:
                ConverseMedia.Write(json, media, _documents);
                break;
            case HubThinking thinking:
                WriteThinking(thinking);
                break;
            case HubToolCall call:
                WriteCall(call);
                break;
            case HubToolResult result:
                WriteResult(result);
                break;
        }
    }

    private void WriteText(string text)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    private void WriteThinking(HubThinking thinking)
    {
        if (thinking.Signature?.For(WireFormat.Anthropic) is not { } seal || (thinking.IsHidden && !Base64.IsValid(seal)))
            return;
        json.WriteStartObject();
        json.WriteStartObject("reasoningContent"u8);
        if (thinking.IsHidden)
        {
            json.WriteString("redactedContent"u8, seal);
        }
        else
        {
            json.WriteStartObject("reasoningText"u8);
            json.WriteString("text"u8, thinking.Text);
            json.WriteString("signature"u8, seal);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteCall(HubToolCall call)
    {
        json.WriteStartObject();
        json.WriteStartObject("toolUse"u8);
        json.WriteString("toolUseId"u8, IdOf(call.Id));
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("input"u8);
        HubJson.WriteArguments(json, call.Arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteResult(HubToolResult result)
    {
        json.WriteStartObject();
        json.WriteStartObject("toolResult"u8);
        json.WriteString("toolUseId"u8, IdOf(result.CallId));
        json.WriteStartArray("content"u8);
        if (result.IsError && !model.ReadsStatus)
            WriteText("Error:");
        foreach (var part in result.Content)
            Write(part);
        json.WriteEndArray();
        if (result.IsError && model.ReadsStatus)
            json.WriteString("status"u8, "error"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>An id in the letters and of the length that Converse takes; the same for a call and its result.</summary>
    private static string IdOf(string id)
    {
        if (id.Length > LongestId)
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
        if (id.Length == 0)
            return "_";
        return !id.AsSpan().ContainsAnyExcept(IdChars) ? id : string.Create(id.Length, id, static (chars, from) =>
        {
            for (var i = 0; i < chars.Length; i++)
                chars[i] = IdChars.Contains(from[i]) ? from[i] : '_';
        });
    }

    /// <summary>Marks that what comes before it is cached; nothing for models that do not know the mark.</summary>
    public static void WriteCachePoint(Utf8JsonWriter json, ConverseModel model, JsonElement cache)
    {
        if (!model.CachesWhenAsked)
            return;
        json.WriteStartObject();
        json.WriteStartObject("cachePoint"u8);
        json.WriteString("type"u8, "default"u8);
        if (model.CachesLong && cache.FindText("ttl"u8) is "1h")
            json.WriteString("ttl"u8, "1h"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
