using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Writes the parts of messages as content blocks of a request.</summary>
internal static class AnthropicPartWriter
{
    private static readonly SearchValues<char> IdChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    public static void WriteAll(Utf8JsonWriter json, List<HubPart> parts)
    {
        json.WriteStartArray();
        foreach (var part in parts)
            Write(json, part);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, HubPart part)
    {
        switch (part)
        {
            case HubText text:
                AnthropicBlocks.WriteText(json, text.CitationFormat is WireFormat.Anthropic ? text : text with { Citations = null });
                break;
            case HubRefusal refusal:
                AnthropicBlocks.WriteText(json, new HubText(refusal.Text));
                break;
            case HubThinking thinking:
                AnthropicBlocks.WriteThinking(json, thinking);
                return;
            case HubToolCall call:
                AnthropicBlocks.WriteCall(json, call, IdOf(call.Id));
                break;
            case HubToolResult result:
                WriteResult(json, result);
                break;
            case HubMedia media:
                WriteMedia(json, media);
                break;
            case HubForeignPart foreign:
                foreign.Json.WriteTo(json);
                return;
            default:
                return;
        }
        if (part.CacheControl is { } cache)
        {
            json.WritePropertyName("cache_control"u8);
            cache.WriteTo(json);
        }
        json.WriteEndObject();
    }

    /// <summary>An id in the letters that Anthropic takes; the same for a call and its result.</summary>
    private static string IdOf(string id) => id.AsSpan().ContainsAnyExcept(IdChars)
        ? string.Create(id.Length, id, static (chars, from) =>
        {
            for (var i = 0; i < chars.Length; i++)
                chars[i] = IdChars.Contains(from[i]) ? from[i] : '_';
        })
        : id;

    private static void WriteResult(Utf8JsonWriter json, HubToolResult result)
    {
        AnthropicBlocks.Start(json, "tool_result"u8);
        json.WriteString("tool_use_id"u8, IdOf(result.CallId));
        if (result.Content is [HubText { CacheControl: null } text])
        {
            json.WriteString("content"u8, text.Text);
        }
        else if (result.Content.Count > 0)
        {
            json.WritePropertyName("content"u8);
            WriteAll(json, result.Content.FindAll(static part => part is not HubText { Text: "" }));
        }
        if (result.IsError)
            json.WriteBoolean("is_error"u8, true);
    }

    private static void WriteMedia(Utf8JsonWriter json, HubMedia media)
    {
        var isImage = media.Kind == HubMediaKind.Image || media.MediaType?.StartsWith("image/", StringComparison.OrdinalIgnoreCase) == true;
        AnthropicBlocks.Start(json, isImage ? "image"u8 : "document"u8);
        WriteSource(json, media, isImage);
        if (isImage)
            return;
        if (media.Name is { Length: > 0 } name)
            json.WriteString("title"u8, name);
        foreach (var (extra, value) in media.Extras)
        {
            if (extra is "context" or "citations")
            {
                json.WritePropertyName(extra);
                value.WriteTo(json);
            }
        }
    }

    private static void WriteSource(Utf8JsonWriter json, HubMedia media, bool isImage)
    {
        json.WriteStartObject("source"u8);
        if (media.Url is not null)
        {
            json.WriteString("type"u8, "url"u8);
            json.WriteString("url"u8, media.Url);
        }
        else if (media.FileId is not null)
        {
            json.WriteString("type"u8, "file"u8);
            json.WriteString("file_id"u8, media.FileId);
        }
        else if ((media.PlainText ?? TextOf(media)) is { } text)
        {
            json.WriteString("type"u8, "text"u8);
            json.WriteString("media_type"u8, "text/plain"u8);
            json.WriteString("data"u8, text);
        }
        else
        {
            json.WriteString("type"u8, "base64"u8);
            json.WriteString("media_type"u8, MediaTypeOf(media, isImage));
            json.WriteString("data"u8, media.Base64.Span);
        }
        json.WriteEndObject();
    }

    /// <summary>image/jpg is no media type, and many write it.</summary>
    private static string MediaTypeOf(HubMedia media, bool isImage) => media.MediaType switch
    {
        "image/jpg" => "image/jpeg",
        { } type => type,
        null => isImage ? "image/png" : "application/pdf",
    };

    /// <summary>A text file is given as text. Null: it is none, or no UTF-8 in base64.</summary>
    private static string? TextOf(HubMedia media)
    {
        if (media.MediaType?.StartsWith("text/", StringComparison.OrdinalIgnoreCase) != true)
            return null;
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(media.Base64.Length)];
        return Base64.DecodeFromUtf8(media.Base64.Span, bytes, out _, out var length) == OperationStatus.Done
            && System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length))
            ? Encoding.UTF8.GetString(bytes.AsSpan(0, length))
            : null;
    }
}
