using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// Writes pictures, documents, recordings and films as Converse's blocks: inline, or from S3
/// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html, _DocumentBlock, _AudioBlock, _VideoBlock).
/// </summary>
internal static class ConverseMedia
{
    /// <summary>The name that Anthropic's clients give to what Converse calls a document's context, too.</summary>
    public const string ContextParam = "messages[].content[].document.context";

    private const string S3 = "s3://";

    private static readonly string[] AudioFormats =
        ["mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"];

    /// <summary>Why it cannot be sent. Null: it can.</summary>
    public static string? Fault(HubMedia media)
    {
        var inline = Inline(media);
        if (inline.FileId is not null)
            return "the file is kept at another provider: send its content";
        if (inline.Url is { } url && !url.StartsWith(S3, StringComparison.OrdinalIgnoreCase))
            return "Bedrock fetches nothing but s3:// URLs: send the content itself";
        return FormatOf(inline) is not null ? null : $"Bedrock has no word for its type, '{RecordedText.Shorten(inline.MediaType ?? "unknown")}'";
    }

    /// <summary>Writes a block with its braces.</summary>
    /// <param name="names">The names of documents that the request has so far: each must be its own.</param>
    public static void Write(Utf8JsonWriter json, HubMedia media, HashSet<string> names)
    {
        media = Inline(media);
        var kind = KindOf(media);
        json.WriteStartObject();
        json.WriteStartObject(kind switch
        {
            HubMediaKind.Image => "image"u8,
            HubMediaKind.Audio => "audio"u8,
            HubMediaKind.Video => "video"u8,
            _ => "document"u8,
        });
        json.WriteString("format"u8, FormatOf(media));
        if (kind == HubMediaKind.Document)
            json.WriteString("name"u8, NameOf(media, names));
        WriteSource(json, media);
        foreach (var (name, value) in media.Extras)
        {
            if (kind == HubMediaKind.Document && name is "context" or "citations")
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSource(Utf8JsonWriter json, HubMedia media)
    {
        json.WriteStartObject("source"u8);
        if (media.Url is not null)
        {
            json.WriteStartObject("s3Location"u8);
            json.WriteString("uri"u8, media.Url);
            json.WriteEndObject();
        }
        else if (media.PlainText is { } text)
        {
            json.WriteBase64String("bytes"u8, Encoding.UTF8.GetBytes(text));
        }
        else
        {
            json.WriteString("bytes"u8, media.Base64.Span);
        }
        json.WriteEndObject();
    }

    /// <summary>Films may come as <c>data:</c> URLs.</summary>
    private static HubMedia Inline(HubMedia media) => media.Url is { } url && OpenAiContent.TryReadDataUrl(url, out var type, out var data)
        ? media with { Url = null, MediaType = type ?? media.MediaType, Base64 = data }
        : media;

    private static HubMediaKind KindOf(HubMedia media) =>
        media.Kind == HubMediaKind.Document && media.MediaType?.StartsWith("image/", StringComparison.OrdinalIgnoreCase) == true
            ? HubMediaKind.Image
            : media.Kind;

    /// <summary>Converse's word for the type. Null: it has none.</summary>
    private static string? FormatOf(HubMedia media)
    {
        var type = media.MediaType?.Split(';')[0].Trim().ToLowerInvariant();
        var ending = EndingOf(media);
        return KindOf(media) switch
        {
            HubMediaKind.Image => ImageFormat(type ?? (ending is null ? TypeOfBytes(media.Base64.Span) : $"image/{ending}")),
            HubMediaKind.Audio => AudioFormat(type ?? $"audio/{ending}"),
            HubMediaKind.Video => VideoFormat(type ?? $"video/{ending ?? "mp4"}"),
            _ => media.PlainText is not null ? "txt" : DocumentFormat(type, ending),
        };
    }

    private static string? ImageFormat(string? type) => type switch
    {
        "image/png" => "png",
        "image/jpeg" or "image/jpg" => "jpeg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => null,
    };

    /// <summary>By the first bytes, in base64.</summary>
    private static string TypeOfBytes(ReadOnlySpan<byte> base64) =>
        base64.StartsWith("/9j/"u8) ? "image/jpeg"
        : base64.StartsWith("R0lG"u8) ? "image/gif"
        : base64.StartsWith("UklGR"u8) ? "image/webp"
        : "image/png";

    private static string? AudioFormat(string type)
    {
        var word = type[(type.IndexOf('/') + 1)..] switch
        {
            "mpeg" => "mp3",
            "x-wav" or "wave" or "vnd.wave" => "wav",
            "x-flac" => "flac",
            "x-m4a" => "m4a",
            "pcm16" => "pcm",
            var other => other,
        };
        return AudioFormats.Contains(word) ? word : null;
    }

    private static string? VideoFormat(string type) => type[(type.IndexOf('/') + 1)..] switch
    {
        "mp4" => "mp4",
        "quicktime" or "mov" => "mov",
        "x-matroska" or "mkv" => "mkv",
        "webm" => "webm",
        "x-flv" or "flv" => "flv",
        "mpeg" => "mpeg",
        "mpg" => "mpg",
        "x-ms-wmv" or "wmv" => "wmv",
        "3gpp" or "3gp" => "three_gp",
        _ => null,
    };

    private static string? DocumentFormat(string? type, string? ending) => type switch
    {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "text/html" => "html",
        "text/markdown" => "md",
        { } text when text.StartsWith("text/", StringComparison.Ordinal) => "txt",
        "application/json" => "txt",
        _ => ending is "pdf" or "csv" or "doc" or "docx" or "xls" or "xlsx" or "html" or "txt" or "md" ? ending : null,
    };

    /// <summary>How the file's name or the URL ends. Null: with no short word behind a point.</summary>
    private static string? EndingOf(HubMedia media)
    {
        var name = media.Url ?? media.Name ?? "";
        var point = name.LastIndexOf('.');
        return point < 0 || name.Length - point - 1 is 0 or > 5 ? null : name[(point + 1)..].ToLowerInvariant();
    }

    /// <summary>Letters, digits, hyphens, brackets and single spaces are taken, up to 200; and no name twice.</summary>
    private static string NameOf(HubMedia media, HashSet<string> names)
    {
        const int Longest = 190; // leaves room for a number
        var text = new StringBuilder();
        var given = media.Name ?? "";
        if (EndingOf(media with { Url = null }) is { } ending && given.Length > ending.Length + 1)
            given = given[..^(ending.Length + 1)];
        foreach (var letter in given)
        {
            var taken = char.IsAsciiLetterOrDigit(letter) || letter is '-' or '(' or ')' or '[' or ']' or ' ' ? letter : '-';
            if (text.Length < Longest && (taken is not (' ' or '-') || text.Length > 0 && text[^1] != taken))
                text.Append(taken);
        }
        var name = text.ToString().Trim(' ', '-');
        if (name.Length == 0)
            name = "document";
        var own = name;
        for (var number = 2; !names.Add(own); number++)
            own = $"{name} ({number})";
        return own;
    }
}
