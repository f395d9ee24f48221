using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Writes the body of <c>generateContent</c> and <c>streamGenerateContent</c>, which are the same.</summary>
internal static class GeminiRequestWriter
{
    /// <summary>Google takes no label that is longer, as name or as value.</summary>
    private const int MostLabel = 63;

    public static void Write(HubRequest request, HubTarget target, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        new GeminiContentWriter(json, target).Write(request.Messages);
        GeminiToolsWriter.Write(json, request, target);
        json.WriteStartObject("generationConfig"u8);
        GeminiConfigWriter.WriteMembers(json, request, target);
        json.WriteEndObject();
        if (Tier(request.ServiceTier) is { } tier)
            json.WriteString("serviceTier"u8, tier);
        if (target.IsVertex() && request.Metadata is { } metadata)
            WriteLabels(json, metadata);
        foreach (var (name, value) in request.Extras)
        {
            if (GeminiConfigWriter.NameOf(name) is not null)
                continue;
            json.WritePropertyName(name is "safety_settings" or "cached_content" or "tool_config" ? GeminiJson.Camel(name) : name);
            value.WriteTo(json);
        }
        json.WriteEndObject();
    }

    /// <summary>Google's word for an urgency. Null: left to Google. Empty: it has none for it.</summary>
    public static string? Tier(string? tier) => tier switch
    {
        null or "" or "auto" => null,
        "default" or "standard" or "standard_only" or "on_demand" => "standard",
        "flex" or "priority" => tier,
        _ => "",
    };

    /// <summary>Metadata that may stand as labels, which Vertex AI adds its bills up by.</summary>
    private static void WriteLabels(Utf8JsonWriter json, JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Object)
            return;
        var labels = metadata.EnumerateObject().Where(static member => member.Value.ValueKind == JsonValueKind.String
            && IsLabel(member.Name) && char.IsAsciiLetterLower(member.Name[0]) && IsLabel(member.Value.GetString()!)).ToArray();
        if (labels.Length == 0)
            return;
        json.WriteStartObject("labels"u8);
        foreach (var label in labels)
            label.WriteTo(json);
        json.WriteEndObject();
    }

    private static bool IsLabel(string text) => text.Length is > 0 and <= MostLabel
        && text.All(static letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '_');
}
