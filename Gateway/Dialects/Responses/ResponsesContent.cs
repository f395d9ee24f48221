using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>Reads the parts of a message, or of what a tool gave.</summary>
internal static class ResponsesContent
{
    private const string Base64Mark = ";base64,";

    /// <param name="content">A text or a list of parts.</param>
    /// <returns>Null: it is neither.</returns>
    public static List<HubPart>? Read(HubRequest hub, JsonElement? content)
    {
        if (content is not { } value)
            return [];
        if (value.ValueKind == JsonValueKind.String)
            return [new HubText(value.GetString()!)];
        if (value.ValueKind != JsonValueKind.Array)
            return null;
        var parts = new List<HubPart>(value.GetArrayLength());
        foreach (var part in value.EnumerateArray())
            parts.Add(ReadOne(hub, part));
        return parts;
    }

    private static HubPart ReadOne(HubRequest hub, JsonElement part)
    {
        var type = part.FindText("type"u8);
        switch (type)
        {
            case "input_text" or "output_text" or "text" when part.FindText("text"u8) is { } text:
                var citations = part.Find("annotations"u8) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0
                    ? list : (JsonElement?)null;
                return new HubText(text) { Citations = citations, CitationFormat = citations is null ? null : WireFormat.Responses };
            case "refusal" when part.FindText("refusal"u8) is { } refusal:
                return new HubRefusal(refusal);
            case "input_image":
                return ReadImage(hub, part);
            case "input_file":
                return ReadFile(hub, part);
            case "input_audio" when part.Find("input_audio"u8) is { } audio
                && audio.Find("data"u8) is { ValueKind: JsonValueKind.String } data:
                hub.Use(Feature.AudioInput, "input (input_audio)");
                return new HubMedia(HubMediaKind.Audio) { MediaType = AudioType(audio.FindText("format"u8)), Base64 = Bytes(data, 0) };
            default:
                hub.Use(Feature.UnknownPart, $"input ({RecordedText.Shorten(type ?? "a part without a type")})");
                return new HubForeignPart(WireFormat.Responses, part);
        }
    }

    private static HubPart ReadImage(HubRequest hub, JsonElement part)
    {
        const string Name = "input (input_image)";
        hub.Use(Feature.Images, Name);
        var detail = part.FindText("detail"u8);
        if (detail is not (null or "auto"))
            hub.Use(Feature.ImageDetail, $"{Name}.detail");
        return Located(new HubMedia(HubMediaKind.Image) { Detail = detail }, hub, part, part.Find("image_url"u8), Feature.ImageUrls, Name);
    }

    private static HubPart ReadFile(HubRequest hub, JsonElement part)
    {
        const string Name = "input (input_file)";
        hub.Use(Feature.Documents, Name);
        var medium = new HubMedia(HubMediaKind.Document) { Name = part.FindText("filename"u8) };
        if (part.Find("file_data"u8) is not { ValueKind: JsonValueKind.String } data)
            return Located(medium, hub, part, part.Find("file_url"u8), Feature.DocumentUrls, Name);
        if (TryReadData(medium, data) is { } read)
            return read;
        // Without the beginning of a data URL it is the base64 alone.
        var isPdf = medium.Name?.EndsWith(".pdf", StringComparison.OrdinalIgnoreCase) is true;
        return medium with { Base64 = Bytes(data, 0), MediaType = isPdf ? "application/pdf" : null };
    }

    /// <summary>A medium that is given as a data URL, by another URL, or by the id of an uploaded file.</summary>
    private static HubPart Located(HubMedia medium, HubRequest hub, JsonElement part, JsonElement? url, Feature byUrl, string name)
    {
        if (url is { ValueKind: JsonValueKind.String } text)
        {
            if (TryReadData(medium, text) is { } read)
                return read;
            hub.Use(byUrl, $"{name}.{(byUrl == Feature.ImageUrls ? "image_url" : "file_url")}");
            return medium with { Url = text.GetString() };
        }
        if (part.FindText("file_id"u8) is { } id)
        {
            hub.Use(Feature.FileIds, $"{name}.file_id");
            return medium with { FileId = id };
        }
        hub.Use(Feature.UnknownPart, name);
        return new HubForeignPart(WireFormat.Responses, part);
    }

    /// <summary>Reads <c>data:TYPE;base64,…</c> (RFC 2397).</summary>
    private static HubMedia? TryReadData(HubMedia medium, JsonElement url)
    {
        var raw = JsonMarshal.GetRawUtf8Value(url)[1..^1];
        var mark = Encoding.ASCII.GetBytes(Base64Mark);
        const int LongestHead = 256; // media types are shorter (RFC 6838, 4.2: two names of at most 127 letters)
        if (!raw.StartsWith("data:"u8))
            return null;
        // A slash of the type may be escaped in JSON: then the text is read as it is meant.
        var head = raw[..Math.Min(raw.Length, LongestHead)];
        if (head.Contains((byte)'\\'))
        {
            var text = url.GetString()!;
            var comma = text.IndexOf(Base64Mark, StringComparison.Ordinal);
            return comma < 0 ? null : medium with
            {
                MediaType = text[5..comma],
                Base64 = Encoding.ASCII.GetBytes(text[(comma + mark.Length)..]),
            };
        }
        var at = head.IndexOf(mark);
        return at < 0 ? null : medium with { MediaType = Encoding.UTF8.GetString(head[5..at]), Base64 = Bytes(url, at + mark.Length) };
    }

    /// <summary>The bytes of a text from an offset in its JSON on.</summary>
    private static byte[] Bytes(JsonElement text, int start)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        return raw[start..].Contains((byte)'\\') ? Encoding.UTF8.GetBytes(text.GetString()!)[start..] : raw[start..].ToArray();
    }

    private static string? AudioType(string? format) => format switch
    {
        null => null,
        "mp3" => "audio/mpeg",
        _ => $"audio/{format}",
    };
}
