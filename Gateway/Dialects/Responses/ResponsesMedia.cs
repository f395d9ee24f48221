using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>Writes pictures, documents and recordings as parts of a message.</summary>
internal static class ResponsesMedia
{
    public static void Write(Utf8JsonWriter json, HubMedia medium)
    {
        json.WriteStartObject();
        switch (medium.Kind)
        {
            case HubMediaKind.Image:
                json.WriteString("type"u8, "input_image"u8);
                WriteLocation(json, "image_url"u8, "image_url"u8, medium, "image/png"); // a data URL must name a type
                json.WriteString("detail"u8, medium.Detail ?? "auto");
                break;
            case HubMediaKind.Audio:
                json.WriteString("type"u8, "input_audio"u8);
                json.WriteStartObject("input_audio"u8);
                WriteBase64(json, "data"u8, default, medium.Base64.Span);
                json.WriteString("format"u8, FormatOf(medium.MediaType));
                json.WriteEndObject();
                break;
            default:
                json.WriteString("type"u8, "input_file"u8);
                if (medium.Name is not null || medium.Base64.Length > 0)
                    json.WriteString("filename"u8, medium.Name ?? "document.pdf"); // must be there beside data
                WriteLocation(json, "file_data"u8, "file_url"u8, medium, "application/pdf");
                break;
        }
        json.WriteEndObject();
    }

    private static void WriteLocation(
        Utf8JsonWriter json, ReadOnlySpan<byte> dataName, ReadOnlySpan<byte> urlName, HubMedia medium, string defaultType)
    {
        if (medium.FileId is not null)
            json.WriteString("file_id"u8, medium.FileId);
        else if (medium.Url is not null)
            json.WriteString(urlName, medium.Url);
        else
            WriteBase64(json, dataName, Encoding.UTF8.GetBytes($"data:{medium.MediaType ?? defaultType};base64,"), medium.Base64.Span);
    }

    /// <summary>Writes a text in two pieces, so that a large medium is not put together before.</summary>
    private static void WriteBase64(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> head, ReadOnlySpan<byte> base64)
    {
        json.WritePropertyName(name);
        json.WriteStringValueSegment(head, isFinalSegment: false);
        json.WriteStringValueSegment(base64, isFinalSegment: true);
    }

    /// <summary>wav, mp3 …: the media type's own name for most, and what OpenAI says for the others.</summary>
    private static string FormatOf(string? mediaType) => mediaType switch
    {
        null or "audio/wav" or "audio/x-wav" or "audio/wave" => "wav",
        "audio/mpeg" or "audio/mp3" => "mp3",
        _ => mediaType[(mediaType.IndexOf('/') + 1)..],
    };
}
