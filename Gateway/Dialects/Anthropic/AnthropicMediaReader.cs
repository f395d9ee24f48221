using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// Reads Anthropic's images and documents (https://platform.claude.com/docs/en/build-with-claude/vision, /pdf-support, /citations).
/// </summary>
internal static class AnthropicMediaReader
{
    public static HubMedia? ReadImage(HubRequest hub, JsonElement block)
    {
        const string Param = "messages[].content[].image";
        hub.Use(Feature.Images, Param);
        if (block.Find("source"u8) is not { } source || ReadSource(source, new(HubMediaKind.Image)) is not { } media)
            return null;
        Note(hub, media, Feature.ImageUrls, Param);
        return media;
    }

    public static HubMedia? ReadDocument(HubRequest hub, JsonElement block)
    {
        const string Param = "messages[].content[].document";
        hub.Use(Feature.Documents, Param);
        if (block.Find("source"u8) is not { } source
            || ReadSource(source, new(HubMediaKind.Document) { Name = block.FindText("title"u8) }) is not { } media)
            return null;
        Note(hub, media, Feature.DocumentUrls, Param);
        var extras = new List<KeyValuePair<string, JsonElement>>();
        if (block.Find("context"u8) is { } context)
        {
            extras.Add(new("context", context));
            hub.Use(Feature.Unknown, $"{Param}.context");
        }
        if (block.Find("citations"u8) is { } citations && citations.Find("enabled"u8) is { ValueKind: JsonValueKind.True })
        {
            extras.Add(new("citations", citations));
            hub.Use(Feature.Citations, $"{Param}.citations");
        }
        return extras.Count == 0 ? media : media with { Extras = extras };
    }

    private static void Note(HubRequest hub, HubMedia media, Feature byUrl, string param)
    {
        if (media.Url is not null)
            hub.Use(byUrl, $"{param}.source.url");
        if (media.FileId is not null)
            hub.Use(Feature.FileIds, $"{param}.source.file_id");
    }

    private static HubMedia? ReadSource(JsonElement source, HubMedia media)
    {
        switch (source.FindText("type"u8))
        {
            case "base64" when source.Find("data"u8) is { ValueKind: JsonValueKind.String } data:
                return media with { MediaType = source.FindText("media_type"u8), Base64 = Base64Of(data) };
            case "url" when source.FindText("url"u8) is { } url:
                return media with { Url = url, MediaType = media.Kind == HubMediaKind.Document ? "application/pdf" : null };
            case "file" when source.FindText("file_id"u8) is { } id:
                return media with { FileId = id };
            case "text" when source.FindText("data"u8) is { } text:
                return media with { MediaType = "text/plain", PlainText = text };
            case "content" when TextOf(source) is { } text:
                return media with { MediaType = "text/plain", PlainText = text };
            default:
                return null;
        }
    }

    /// <summary>The bytes between the quotes, unescaped where they must be: there are encoders of JSON that write <c>\/</c>.</summary>
    private static ReadOnlyMemory<byte> Base64Of(JsonElement data)
    {
        var quoted = JsonMarshal.GetRawUtf8Value(data);
        return quoted.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(data.GetString()!) : quoted[1..^1].ToArray();
    }

    /// <summary>A document of the client's own pieces: a text, or blocks of text that follow one another. Null: it has others.</summary>
    private static string? TextOf(JsonElement source)
    {
        if (source.FindText("content"u8) is { } whole)
            return whole;
        if (source.Find("content"u8) is not { ValueKind: JsonValueKind.Array } blocks)
            return null;
        var text = new StringBuilder();
        foreach (var block in blocks.EnumerateArray())
        {
            if (block.FindText("type"u8) != "text" || block.FindText("text"u8) is not { } piece)
                return null;
            if (text.Length > 0)
                text.Append('\n');
            text.Append(piece);
        }
        return text.ToString();
    }
}
