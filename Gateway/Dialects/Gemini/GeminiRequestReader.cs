using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads the body of <c>generateContent</c> into the hub (https://ai.google.dev/api/generate-content).</summary>
internal sealed class GeminiRequestReader(HubRequest hub)
{
    /// <returns>Null, or what is wrong.</returns>
    public ApiError? Read(JsonElement body)
    {
        var contents = GeminiJson.Find(body, "contents"u8, "contents"u8);
        if (contents is null)
            return ApiError.InvalidParameter("contents", "is missing: send the conversation in it");
        var reader = new GeminiContentReader(hub);
        // Instructions come first, wherever their member stands.
        if (GeminiJson.Find(body, "systemInstruction"u8, "system_instruction"u8) is { } instruction)
            reader.ReadInstruction(instruction);
        if (reader.ReadContents(contents.Value) is { } wrong)
            return wrong;
        var seen = new HashSet<string>();
        foreach (var member in body.EnumerateObject())
        {
            var name = GeminiJson.Camel(member.Name);
            if (!seen.Add(name))
                return ApiError.InvalidParameter(
                    RecordedText.Shorten(member.Name), "is given in camelCase and in snake_case: send it once");
            if (member.Value.ValueKind != JsonValueKind.Null && ReadMember(name, member.Value) is { } unusable)
                return unusable;
        }
        return null;
    }

    private ApiError? ReadMember(string name, JsonElement value)
    {
        switch (name)
        {
            case "contents" or "systemInstruction" or "model":
                return null; // read before; the model's name stands in the path
            case "generationConfig":
                return new GeminiConfigReader(hub).Read(value);
            case "tools":
                return GeminiToolsReader.Read(hub, value);
            case "toolConfig":
                return GeminiToolsReader.ReadConfig(hub, value);
            case "safetySettings":
                Keep(name, value, Feature.SafetySettings);
                return null;
            case "cachedContent":
                Keep(name, value, Feature.UnknownPart); // the talk's beginning, which only Google has: OpenAI's stored talks are others
                return null;
            case "labels":
                hub.Metadata = value;
                hub.Use(Feature.Metadata, name);
                return null;
            case "serviceTier":
                hub.ServiceTier = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
                hub.Use(Feature.ServiceTier, name);
                return null;
            case "store":
                if (value.ValueKind == JsonValueKind.True)
                    Keep(name, value, Feature.Store);
                return null;
            default:
                hub.AddExtra(name, value);
                return null;
        }
    }

    private void Keep(string name, JsonElement value, Feature feature)
    {
        hub.Extras.Add(new(name, value));
        hub.Use(feature, name);
    }
}
