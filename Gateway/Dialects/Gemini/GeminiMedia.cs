using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Pictures, documents and recordings in Google's parts: <c>inlineData</c> and <c>fileData</c>.</summary>
internal static class GeminiMedia
{
    /// <summary>Where AI Studio keeps uploaded files.</summary>
    private const string FilesBase = "https://generativelanguage.googleapis.com/v1beta/";

    /// <summary>Media types by the end of a URL's path; of what Google reads.</summary>
    private static readonly Dictionary<string, string> TypesByEnd = new(StringComparer.OrdinalIgnoreCase)
    {
        [".png"] = "image/png",
        [".jpg"] = "image/jpeg",
        [".jpeg"] = "image/jpeg",
        [".webp"] = "image/webp",
        [".gif"] = "image/gif",
        [".heic"] = "image/heic",
        [".heif"] = "image/heif",
        [".pdf"] = "application/pdf",
        [".txt"] = "text/plain",
        [".html"] = "text/html",
        [".csv"] = "text/csv",
        [".md"] = "text/markdown",
        [".mp3"] = "audio/mpeg",
        [".wav"] = "audio/wav",
        [".ogg"] = "audio/ogg",
        [".flac"] = "audio/flac",
        [".aac"] = "audio/aac",
        [".m4a"] = "audio/mp4",
        [".mp4"] = "video/mp4",
        [".mov"] = "video/quicktime",
        [".webm"] = "video/webm",
        [".mpeg"] = "video/mpeg",
    };

    public static HubMediaKind KindOf(string? mediaType) => mediaType switch
    {
        not null when mediaType.StartsWith("image/", StringComparison.OrdinalIgnoreCase) => HubMediaKind.Image,
        not null when mediaType.StartsWith("audio/", StringComparison.OrdinalIgnoreCase) => HubMediaKind.Audio,
        not null when mediaType.StartsWith("video/", StringComparison.OrdinalIgnoreCase) => HubMediaKind.Video,
        _ => HubMediaKind.Document,
    };

    /// <summary>Reads <c>inlineData</c>.</summary>
    public static HubMedia ReadInline(JsonElement data)
    {
        var type = GeminiJson.FindText(data, "mimeType"u8, "mime_type"u8);
        return new HubMedia(KindOf(type))
        {
            MediaType = type,
            Base64 = data.Find("data"u8) is { ValueKind: JsonValueKind.String } content ? Standard(content) : default,
            Name = GeminiJson.FindText(data, "displayName"u8, "display_name"u8),
        };
    }

    /// <summary>Google takes base64 in the alphabet for URLs, too, and its Python SDK writes it so; others take the standard one.</summary>
    private static byte[] Standard(JsonElement content)
    {
        var raw = JsonMarshal.GetRawUtf8Value(content)[1..^1];
        var bytes = raw.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(content.GetString()!) : raw.ToArray();
        if (bytes.AsSpan().ContainsAny((byte)'-', (byte)'_'))
        {
            bytes.AsSpan().Replace((byte)'-', (byte)'+');
            bytes.AsSpan().Replace((byte)'_', (byte)'/');
        }
        var missing = (4 - bytes.Length % 4) % 4;
        if (missing is 0 or 3)
            return bytes;
        var padded = new byte[bytes.Length + missing];
        padded.AsSpan().Fill((byte)'=');
        bytes.CopyTo(padded, 0);
        return padded;
    }

    /// <summary>True for a file that Google keeps, which no one else can read.</summary>
    public static bool IsStored(string uri) => uri.StartsWith("gs://", StringComparison.OrdinalIgnoreCase)
        || uri.StartsWith("files/", StringComparison.Ordinal)
        || uri.Contains("generativelanguage.googleapis.com/", StringComparison.OrdinalIgnoreCase);

    /// <summary>The URI for a file that is given by a URL or an id. Null: neither is of Google's.</summary>
    public static string? UriOf(HubMedia media) => media.Url ?? media.FileId switch
    {
        { } id when id.StartsWith("files/", StringComparison.Ordinal) => FilesBase + id,
        { } id when id.StartsWith("gs://", StringComparison.Ordinal) || id.StartsWith("https://", StringComparison.Ordinal) => id,
        _ => null,
    };

    /// <summary>Writes the member <c>inlineData</c> or <c>fileData</c>.</summary>
    public static void Write(Utf8JsonWriter json, HubMedia media)
    {
        if (UriOf(media) is { } uri)
        {
            json.WriteStartObject("fileData"u8);
            json.WriteString("mimeType"u8, TypeOf(media, uri));
            json.WriteString("fileUri"u8, uri);
            json.WriteEndObject();
            return;
        }
        json.WriteStartObject("inlineData"u8);
        json.WriteString("mimeType"u8, TypeOf(media, media.Name ?? ""));
        json.WritePropertyName("data"u8);
        if (media.PlainText is { } text)
            json.WriteBase64StringValue(Encoding.UTF8.GetBytes(text));
        else
            json.WriteStringValue(media.Base64.Span);
        json.WriteEndObject();
    }

    /// <summary>What the client says, or the name's end tells; else what is most usual of its kind.</summary>
    private static string TypeOf(HubMedia media, string name)
    {
        if (media.MediaType is { Length: > 0 } said)
            return said;
        var path = name.AsSpan();
        if (path.IndexOfAny('?', '#') is >= 0 and var end)
            path = path[..end];
        var dot = path.LastIndexOf('.');
        if (dot >= 0 && media.PlainText is null && TypesByEnd.TryGetValue(path[dot..].ToString(), out var type))
            return type;
        return media switch
        {
            { PlainText: not null } => "text/plain",
            { Kind: HubMediaKind.Image } => "image/jpeg",
            { Kind: HubMediaKind.Audio } => "audio/mpeg",
            { Kind: HubMediaKind.Video } => "video/mp4",
            _ => "application/pdf",
        };
    }
}
