using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>
/// Pictures that a model made. OpenAI's chats have no place for them; OpenRouter and LiteLLM put them in <c>images</c> beside the content.
/// </summary>
internal static class OpenAiImages
{
    /// <summary>Writes the member with its name, where there is a picture.</summary>
    public static void Write(Utf8JsonWriter json, IEnumerable<HubPart> parts)
    {
        var index = 0;
        foreach (var image in parts.OfType<HubMedia>().Where(static media => media.Kind == HubMediaKind.Image))
        {
            if (index == 0)
                json.WriteStartArray("images"u8);
            json.WriteStartObject();
            json.WriteString("type"u8, "image_url"u8);
            json.WriteNumber("index"u8, index++);
            json.WriteStartObject("image_url"u8);
            OpenAiContent.WriteUrl(json, "url"u8, image, "image/png");
            json.WriteEndObject();
            json.WriteEndObject();
        }
        if (index > 0)
            json.WriteEndArray();
    }
}
