using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads <c>generationConfig</c> into the hub.</summary>
internal sealed class GeminiConfigReader(HubRequest hub)
{
    private const string Prefix = GeminiConfigWriter.Prefix;

    private JsonElement? _schema;
    private string? _mediaType;

    /// <returns>Null, or what is wrong.</returns>
    public ApiError? Read(JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object)
            return ApiError.InvalidParameter("generationConfig", "must be an object");
        var seen = new HashSet<string>();
        foreach (var member in config.EnumerateObject())
        {
            var name = GeminiJson.Camel(member.Name);
            if (!seen.Add(name))
                return ApiError.InvalidParameter(
                    Prefix + RecordedText.Shorten(name), "is given in camelCase and in snake_case: send it once");
            if (member.Value.ValueKind != JsonValueKind.Null && !ReadMember(name, member.Value))
                return ApiError.InvalidParameter(Prefix + RecordedText.Shorten(name), "has a value of the wrong type");
        }
        ReadFormat();
        return null;
    }

    private bool ReadMember(string name, JsonElement value)
    {
        switch (name)
        {
            case "temperature":
                return Number(Feature.Temperature, name, value, number => hub.Temperature = number);
            case "topP":
                return Number(Feature.TopP, name, value, number => hub.TopP = number);
            case "topK":
                return Number(Feature.TopK, name, value, number => hub.TopK = number);
            case "maxOutputTokens":
                return Number(Feature.MaxTokens, name, value, number => hub.MaxTokens = number > 0 ? (long)number : null);
            case "candidateCount":
                return Number(Feature.Choices, name, value, number => hub.Choices = (long)number, isUsed: static number => number > 1);
            case "seed":
                return Number(Feature.Seed, name, value, number => hub.Seed = (long)number);
            case "presencePenalty":
                return Number(Feature.PresencePenalty, name, value, number => hub.PresencePenalty = number);
            case "frequencyPenalty":
                return Number(Feature.FrequencyPenalty, name, value, number => hub.FrequencyPenalty = number);
            case "logprobs":
                return Number(Feature.TopLogprobs, name, value, number => hub.TopLogprobs = (long)number);
            case "responseLogprobs":
                hub.Logprobs = value.ValueKind == JsonValueKind.True;
                if (hub.Logprobs is true)
                    hub.Use(Feature.Logprobs, Prefix + name);
                return value.ValueKind is JsonValueKind.True or JsonValueKind.False;
            case "stopSequences":
                return ReadStop(name, value);
            case "thinkingConfig":
                return ReadThinking(name, value);
            default:
                return ReadForm(name, value);
        }
    }

    private bool ReadForm(string name, JsonElement value)
    {
        switch (name)
        {
            case "responseMimeType":
                _mediaType = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
                if (_mediaType is not (null or "" or "text/plain" or "application/json"))
                    Keep(name, value, Feature.Unknown); // text/x.enum, which no one else has
                return _mediaType is not null;
            case "responseSchema":
                _schema = GeminiSchemaReader.Read(value);
                return value.ValueKind == JsonValueKind.Object;
            case "responseJsonSchema" or "_responseJsonSchema":
                _schema = value;
                return true;
            case "responseModalities":
                return ReadModalities(name, value);
            case "speechConfig":
                Keep(name, value, Feature.AudioOutput);
                return true;
            case "imageConfig":
                Keep(name, value, Feature.ImageOutput);
                return true;
            default:
                Keep(name, value, Feature.Unknown);
                return true;
        }
    }

    private void ReadFormat()
    {
        if (_mediaType is not "application/json")
        {
            if (_schema is { } unasked && _mediaType is null or "" or "text/plain")
                Keep("responseSchema", unasked, Feature.Unknown); // Google refuses a schema without the media type
            return;
        }
        hub.Format = new HubFormat { Schema = _schema };
        var (feature, param) = _schema is null ? (Feature.JsonObject, "responseMimeType") : (Feature.JsonSchema, "responseSchema");
        hub.Use(feature, Prefix + param);
    }

    private bool ReadModalities(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return false;
        var words = value.EnumerateArray()
            .Select(static item => item.ValueKind == JsonValueKind.String ? item.GetString()!.ToUpperInvariant() : "").ToArray();
        if (words.Contains("AUDIO"))
            Keep(name, value, Feature.AudioOutput);
        else if (words.Any(static word => word != "TEXT"))
            Keep(name, value, Feature.ImageOutput);
        return true;
    }

    private bool ReadStop(string name, JsonElement value)
    {
        foreach (var stop in GeminiJson.Items(value))
        {
            if (stop.ValueKind != JsonValueKind.String)
                return false;
            hub.Stop.Add(stop.GetString()!);
        }
        if (hub.Stop.Count > 0)
            hub.Use(Feature.Stop, Prefix + name);
        return true;
    }

    private bool ReadThinking(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return false;
        var reasoning = hub.Reasoning ?? new HubReasoning();
        if (GeminiJson.Find(value, "includeThoughts"u8, "include_thoughts"u8) is { } shown)
            reasoning = reasoning with { IsShown = shown.ValueKind == JsonValueKind.True };
        if (GeminiJson.Find(value, "thinkingBudget"u8, "thinking_budget"u8) is { } budget)
        {
            if (GeminiJson.Number(budget) is not { } tokens)
                return false;
            reasoning = reasoning with { Budget = (long)tokens };
            hub.Use(Feature.ThinkingBudget, $"{Prefix}{name}.thinkingBudget");
        }
        if (GeminiJson.FindText(value, "thinkingLevel"u8, "thinking_level"u8) is { } level && level != "THINKING_LEVEL_UNSPECIFIED")
        {
            reasoning = reasoning with { Effort = level.ToLowerInvariant() };
            hub.Use(Feature.ReasoningEffort, $"{Prefix}{name}.thinkingLevel");
        }
        // Whether thoughts are shown asks for no more thinking.
        hub.Reasoning = reasoning;
        return true;
    }

    private bool Number(Feature feature, string name, JsonElement value, Action<double> set, Func<double, bool>? isUsed = null)
    {
        if (GeminiJson.Number(value) is not { } number || Math.Abs(number) > AnswerTerms.MostTokens)
            return false;
        set(number);
        if (isUsed is null || isUsed(number))
            hub.Use(feature, Prefix + name);
        return true;
    }

    private void Keep(string name, JsonElement value, Feature feature)
    {
        hub.Extras.Add(new(Prefix + name, value));
        hub.Use(feature, Prefix + name);
    }
}
