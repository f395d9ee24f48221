using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>A deployment's settings, which go by OpenAI's names or by Google's, as members of a body of Google's.</summary>
internal sealed class GeminiSettings
{
    /// <summary>Members of <c>generationConfig</c>: name and JSON.</summary>
    public List<KeyValuePair<string, byte[]>> Config { get; } = [];

    /// <summary>Members of the body itself.</summary>
    public List<KeyValuePair<string, byte[]>> Root { get; } = [];

    /// <param name="model">The model at Google: thinking is asked for by its generation.</param>
    public static GeminiSettings Of(IReadOnlyList<KeyValuePair<string, string>> members, string model)
    {
        var settings = new GeminiSettings();
        var hub = new HubRequest();
        foreach (var (name, text) in members)
        {
            if (HubJson.TryParse(text) is not { ValueKind: not JsonValueKind.Null } value)
                continue;
            if (name is "generationConfig" or "generation_config" && value.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in value.EnumerateObject())
                    settings.Config.Add(new(GeminiJson.Camel(member.Name), Encoding.UTF8.GetBytes(member.Value.GetRawText())));
            }
            else if (name != "model")
            {
                HubClient.ReadSetting(hub, name, value); // what cannot be read is not sent; a start reports it
            }
        }
        settings.Take(hub, new HubTarget(model, "gemini") { DefaultMaxTokens = 0 });
        return settings;
    }

    private void Take(HubRequest hub, HubTarget target)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            GeminiToolsWriter.Write(json, hub, target);
            json.WriteStartObject("generationConfig"u8);
            GeminiConfigWriter.WriteMembers(json, hub, target);
            json.WriteEndObject();
            if (GeminiRequestWriter.Tier(hub.ServiceTier) is { Length: > 0 } tier)
                json.WriteString("serviceTier"u8, tier);
            foreach (var (name, value) in hub.Extras)
            {
                if (GeminiConfigWriter.NameOf(name) is not null)
                    continue;
                json.WritePropertyName(GeminiJson.Camel(name));
                value.WriteTo(json);
            }
            json.WriteEndObject();
        }
        foreach (var member in HubJson.TryParse(output.WrittenSpan)!.Value.EnumerateObject())
        {
            if (member.Name != "generationConfig")
                Root.Add(new(member.Name, Encoding.UTF8.GetBytes(member.Value.GetRawText())));
            else
                Config.AddRange(member.Value.EnumerateObject()
                    .Select(static own => KeyValuePair.Create(own.Name, Encoding.UTF8.GetBytes(own.Value.GetRawText()))));
        }
    }

    /// <summary>Google's name for a member that is to be left out, whichever name it goes by.</summary>
    public static string NameOf(string dropped) => dropped switch
    {
        "max_tokens" or "max_completion_tokens" => "maxOutputTokens",
        "n" => "candidateCount",
        "stop" => "stopSequences",
        "logprobs" => "responseLogprobs",
        "top_logprobs" => "logprobs",
        "reasoning_effort" or "thinking" => "thinkingConfig",
        "response_format" => "responseMimeType",
        "tool_choice" => "toolConfig",
        "metadata" => "labels",
        _ => GeminiJson.Camel(dropped),
    };
}
