using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads the media of a client's parts, and notes what they are.</summary>
internal static class GeminiMediaReader
{
    public static HubMedia ReadInline(HubRequest hub, JsonElement data, string path)
    {
        var media = GeminiMedia.ReadInline(data);
        hub.Use(FeatureOf(media.Kind), path);
        return media;
    }

    /// <summary>Reads <c>fileData</c>: a file of Google's own storage, or a URL.</summary>
    /// <returns>Null: it names none.</returns>
    public static HubMedia? ReadFile(HubRequest hub, JsonElement file, string path)
    {
        if (GeminiJson.FindText(file, "fileUri"u8, "file_uri"u8) is not { Length: > 0 } uri)
            return null;
        var type = GeminiJson.FindText(file, "mimeType"u8, "mime_type"u8);
        var media = new HubMedia(GeminiMedia.KindOf(type)) { MediaType = type };
        hub.Use(FeatureOf(media.Kind), path);
        if (GeminiMedia.IsStored(uri))
        {
            hub.Use(Feature.FileIds, path);
            return media with { FileId = uri };
        }
        if (media.Kind is HubMediaKind.Image or HubMediaKind.Document)
            hub.Use(media.Kind == HubMediaKind.Image ? Feature.ImageUrls : Feature.DocumentUrls, path);
        return media with { Url = uri };
    }

    private static Feature FeatureOf(HubMediaKind kind) => kind switch
    {
        HubMediaKind.Image => Feature.Images,
        HubMediaKind.Audio => Feature.AudioInput,
        HubMediaKind.Video => Feature.VideoInput,
        _ => Feature.Documents,
    };
}
