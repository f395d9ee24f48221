using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Reads and writes the content of OpenAI's messages: a text, or a list of parts.</summary>
internal static class OpenAiContent
{
    public static ApiError? Read(HubRequest hub, JsonElement content, string path, List<HubPart> parts)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            parts.Add(new HubText(content.GetString()!));
            return null;
        }
        if (content.ValueKind != JsonValueKind.Array)
            return ApiError.InvalidParameter(path, "must be a string or a list of parts");
        var at = 0;
        foreach (var part in content.EnumerateArray())
        {
            if (ReadPart(hub, part, $"{path}[{at}]") is not { } read)
                return ApiError.InvalidParameter($"{path}[{at}]", "is not a part that OpenAI's API has");
            parts.Add(WithCache(hub, part, read));
            at++;
        }
        return null;
    }

    private static HubPart WithCache(HubRequest hub, JsonElement part, HubPart read)
    {
        if (part.Find("cache_control"u8) is not { } cache)
            return read;
        hub.Use(Feature.CacheControl, "cache_control");
        return read with { CacheControl = cache };
    }

    private static HubPart? ReadPart(HubRequest hub, JsonElement part, string path)
    {
        if (part.ValueKind == JsonValueKind.String)
            return new HubText(part.GetString()!);
        switch (part.FindText("type"u8))
        {
            case "text" or "input_text" or "output_text":
                return part.FindText("text"u8) is { } text ? new HubText(text) : null;
            case "refusal":
                return part.FindText("refusal"u8) is { } refusal ? new HubRefusal(refusal) : null;
            case "image_url":
                return ReadImage(hub, part.Find("image_url"u8), path);
            case "input_audio" when part.Find("input_audio"u8) is { } audio:
                hub.Use(Feature.AudioInput, path);
                return new HubMedia(HubMediaKind.Audio) { MediaType = AudioType(audio.FindText("format"u8)), Base64 = Bytes(audio.Find("data"u8)) };
            case "file" when part.Find("file"u8) is { } file:
                return ReadFile(hub, file, path);
            case "video_url" when part.Find("video_url"u8)?.FindText("url"u8) is { } url:
                hub.Use(Feature.VideoInput, path);
                return new HubMedia(HubMediaKind.Video) { Url = url };
            case { } other:
                hub.Use(Feature.UnknownPart, $"{path} ({RecordedText.Shorten(other)})");
                return new HubForeignPart(WireFormat.OpenAi, part);
            default:
                return null;
        }
    }

    private static HubMedia? ReadImage(HubRequest hub, JsonElement? image, string path)
    {
        var url = image is { ValueKind: JsonValueKind.String } ? image.Value.GetString() : image?.FindText("url"u8);
        if (url is null)
            return null;
        hub.Use(Feature.Images, path);
        var detail = image?.FindText("detail"u8);
        if (detail is not null and not "auto")
            hub.Use(Feature.ImageDetail, $"{path}.detail");
        if (TryReadDataUrl(url, out var type, out var data))
            return new HubMedia(HubMediaKind.Image) { MediaType = type, Base64 = data, Detail = detail };
        hub.Use(Feature.ImageUrls, path);
        return new HubMedia(HubMediaKind.Image) { Url = url, Detail = detail };
    }

    private static HubMedia? ReadFile(HubRequest hub, JsonElement file, string path)
    {
        hub.Use(Feature.Documents, path);
        var name = file.FindText("filename"u8);
        if (file.FindText("file_id"u8) is { } id)
        {
            // LiteLLM's clients put URLs here, too.
            var isUrl = id.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || id.StartsWith("gs://", StringComparison.Ordinal);
            hub.Use(isUrl ? Feature.DocumentUrls : Feature.FileIds, path);
            return isUrl
                ? new HubMedia(HubMediaKind.Document) { Url = id, Name = name, MediaType = file.FindText("format"u8) }
                : new HubMedia(HubMediaKind.Document) { FileId = id, Name = name };
        }
        return file.FindText("file_data"u8) is not { } text ? null
            : TryReadDataUrl(text, out var type, out var data)
            ? new HubMedia(HubMediaKind.Document) { MediaType = type, Base64 = data, Name = name }
            : new HubMedia(HubMediaKind.Document) { MediaType = "application/pdf", Base64 = Encoding.ASCII.GetBytes(text), Name = name };
    }

    /// <summary>Takes a <c>data:</c> URL with base64 (RFC 2397) apart.</summary>
    public static bool TryReadDataUrl(string url, out string? mediaType, out ReadOnlyMemory<byte> base64)
    {
        (mediaType, base64) = (null, default);
        var comma = url.IndexOf(',');
        if (!url.StartsWith("data:", StringComparison.OrdinalIgnoreCase) || comma < 0)
            return false;
        var head = url.AsSpan(5, comma - 5);
        if (!head.EndsWith(";base64", StringComparison.OrdinalIgnoreCase))
            return false;
        head = head[..^";base64".Length];
        var end = head.IndexOf(';');
        mediaType = (end < 0 ? head : head[..end]).ToString();
        base64 = Encoding.ASCII.GetBytes(url, comma + 1, url.Length - comma - 1);
        return true;
    }

    private static byte[] Bytes(JsonElement? text) =>
        text is { ValueKind: JsonValueKind.String } value ? Encoding.ASCII.GetBytes(value.GetString()!) : [];

    private static string AudioType(string? format) => format switch
    {
        null or "" => "audio/wav",
        "mp3" => "audio/mpeg",
        var other when other.Contains('/') => other,
        var other => $"audio/{other}",
    };

    /// <summary>The name that OpenAI has for a recording's form.</summary>
    private static string AudioFormat(string? mediaType) => mediaType switch
    {
        "audio/mpeg" or "audio/mp3" => "mp3",
        null => "wav",
        var type => type[(type.IndexOf('/') + 1)..].Replace("x-wav", "wav", StringComparison.Ordinal),
    };

    /// <summary>Writes a message's content: a plain text where it is text alone.</summary>
    public static void Write(Utf8JsonWriter json, List<HubPart> parts)
    {
        if (parts.TrueForAll(static part => part is HubText { CacheControl: null }))
        {
            json.WriteString("content"u8, string.Concat(parts.Select(static part => ((HubText)part).Text)));
            return;
        }
        json.WriteStartArray("content"u8);
        foreach (var part in parts)
            WritePart(json, part);
        json.WriteEndArray();
    }

    private static void WritePart(Utf8JsonWriter json, HubPart part)
    {
        switch (part)
        {
            case HubText text:
                Begin(json, "text"u8);
                json.WriteString("text"u8, text.Text);
                break;
            case HubRefusal refusal:
                Begin(json, "refusal"u8);
                json.WriteString("refusal"u8, refusal.Text);
                break;
            case HubMedia { Kind: HubMediaKind.Image } image:
                Begin(json, "image_url"u8);
                json.WriteStartObject("image_url"u8);
                WriteUrl(json, "url"u8, image, "image/png");
                if (image.Detail is not null)
                    json.WriteString("detail"u8, image.Detail);
                json.WriteEndObject();
                break;
            case HubMedia { Kind: HubMediaKind.Audio } audio:
                Begin(json, "input_audio"u8);
                json.WriteStartObject("input_audio"u8);
                json.WriteString("data"u8, audio.Base64.Span);
                json.WriteString("format"u8, AudioFormat(audio.MediaType));
                json.WriteEndObject();
                break;
            case HubMedia { Kind: HubMediaKind.Video } video:
                Begin(json, "video_url"u8);
                json.WriteStartObject("video_url"u8);
                WriteUrl(json, "url"u8, video, "video/mp4");
                json.WriteEndObject();
                break;
            case HubMedia { PlainText: { } plain }:
                Begin(json, "text"u8);
                json.WriteString("text"u8, plain);
                break;
            case HubMedia document:
                WriteFile(json, document);
                break;
            case HubForeignPart { Format: WireFormat.OpenAi } foreign:
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

    private static void Begin(Utf8JsonWriter json, ReadOnlySpan<byte> type)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type);
    }

    private static void WriteFile(Utf8JsonWriter json, HubMedia document)
    {
        Begin(json, "file"u8);
        json.WriteStartObject("file"u8);
        if (document.FileId is not null)
            json.WriteString("file_id"u8, document.FileId);
        else
            WriteUrl(json, document.Url is null ? "file_data"u8 : "file_id"u8, document, "application/pdf");
        // OpenAI asks for a name beside inline content.
        if (document.Name is not null || document.Url is null && document.FileId is null)
            json.WriteString("filename"u8, document.Name ?? "document.pdf");
        json.WriteEndObject();
    }

    /// <summary>Writes a medium as a URL: its own, or a <c>data:</c> URL of its content.</summary>
    public static void WriteUrl(Utf8JsonWriter json, ReadOnlySpan<byte> name, HubMedia media, string defaultType)
    {
        if (media.Url is not null)
        {
            json.WriteString(name, media.Url);
            return;
        }
        var head = Encoding.ASCII.GetBytes($"data:{media.MediaType ?? defaultType};base64,");
        json.WritePropertyName(name);
        json.WriteStringValueSegment(head, isFinalSegment: false);
        json.WriteStringValueSegment(media.Base64.Span, isFinalSegment: true);
    }
}
