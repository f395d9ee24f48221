using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Writes the members of Google's <c>generationConfig</c> (https://ai.google.dev/api/generate-content#v1beta.GenerationConfig).
/// </summary>
internal static class GeminiConfigWriter
{
    /// <summary>How Google's clients, whose config it is, name its members in the hub.</summary>
    public const string Prefix = "generationConfig.";

    /// <summary>Members of it that a config or a client may name without saying where they belong.</summary>
    public static readonly string[] OwnNames =
    [
        "responseModalities", "speechConfig", "imageConfig", "mediaResolution", "audioTimestamp", "enableAffectiveDialog",
        "modelSelectionConfig", "routingConfig", "enableEnhancedCivicAnswers", "thinkingConfig", "responseFormat", "translationConfig",
        "audioTranscriptionConfig",
    ];

    /// <summary>Writes the members into an object that has begun.</summary>
    public static void WriteMembers(Utf8JsonWriter json, HubRequest request, HubTarget target)
    {
        if (request.MaxTokens is { } most)
            json.WriteNumber("maxOutputTokens"u8, most);
        WriteSampling(json, request);
        if (request.Choices is > 1 and var choices)
            json.WriteNumber("candidateCount"u8, choices);
        if (request.Logprobs is true || request.TopLogprobs > 0)
            json.WriteBoolean("responseLogprobs"u8, true);
        if (request.TopLogprobs is > 0 and var top)
            json.WriteNumber("logprobs"u8, top);
        if (request.Format is { } format)
            WriteFormat(json, format);
        if (request.Reasoning is { } reasoning)
            WriteThinking(json, reasoning, target.Model);
        if (Resolution(request) is { Length: > 0 } resolution)
            json.WriteString("mediaResolution"u8, resolution);
        foreach (var (name, value) in request.Extras)
        {
            if (NameOf(name) is not { } own)
                continue;
            json.WritePropertyName(own);
            value.WriteTo(json);
        }
    }

    /// <summary>The name within <c>generationConfig</c> of a member that the hub has no word for. Null: it stands elsewhere.</summary>
    public static string? NameOf(string extra)
    {
        if (extra.StartsWith(Prefix, StringComparison.Ordinal))
            return GeminiJson.Camel(extra[Prefix.Length..]);
        var camel = GeminiJson.Camel(extra);
        return OwnNames.Contains(camel) ? camel : null;
    }

    private static void WriteSampling(Utf8JsonWriter json, HubRequest request)
    {
        WriteNumber(json, "temperature"u8, request.Temperature);
        WriteNumber(json, "topP"u8, request.TopP);
        WriteNumber(json, "topK"u8, request.TopK);
        WriteNumber(json, "frequencyPenalty"u8, request.FrequencyPenalty);
        WriteNumber(json, "presencePenalty"u8, request.PresencePenalty);
        if (request.Seed is { } seed)
            json.WriteNumber("seed"u8, seed);
        if (request.Stop.Count == 0)
            return;
        json.WriteStartArray("stopSequences"u8);
        foreach (var stop in request.Stop)
            json.WriteStringValue(stop);
        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, double? number)
    {
        if (number is { } value)
            json.WriteNumber(name, value);
    }

    private static void WriteFormat(Utf8JsonWriter json, HubFormat format)
    {
        json.WriteString("responseMimeType"u8, "application/json"u8);
        if (format.Schema is not { } schema)
            return;
        json.WritePropertyName("responseJsonSchema"u8);
        var description = schema.Find("description"u8) is null ? format.Description : null;
        GeminiSchemaWriter.Write(json, schema, description is null ? null : writer => writer.WriteString("description"u8, description));
    }

    /// <summary>A level for Gemini 3 and later, a budget for models before; one that gives both is refused by Google.</summary>
    private static void WriteThinking(Utf8JsonWriter json, HubReasoning reasoning, string model)
    {
        var isLeveled = GeminiTarget.Generation(model) >= GeminiTarget.Leveled;
        var isOff = reasoning.Effort == "none" || reasoning is { Effort: null, Budget: 0 };
        json.WriteStartObject("thinkingConfig"u8);
        json.WriteBoolean("includeThoughts"u8, reasoning.IsShown ?? !isOff);
        if (isLeveled && (isOff || reasoning.Effort is not null))
            json.WriteString("thinkingLevel"u8, GeminiTarget.Level(model, reasoning.Effort ?? "none"));
        else if (reasoning.Budget is { } budget)
            json.WriteNumber("thinkingBudget"u8, GeminiTarget.Within(model, budget));
        else if (reasoning.Effort is { } effort)
            json.WriteNumber("thinkingBudget"u8, GeminiTarget.Budget(model, effort));
        json.WriteEndObject();
    }

    /// <summary>
    /// The resolution that all pictures of a request are to be looked at with; Google has one for a whole request. Null: they differ.
    /// Empty: none is said.
    /// </summary>
    public static string? Resolution(HubRequest request)
    {
        var said = request.Messages.SelectMany(static message => message.Parts).OfType<HubMedia>()
            .Select(static media => media.Detail).Where(static detail => detail is not null and not "auto").Distinct().ToArray();
        return said switch
        {
            [] => "",
            ["low"] => "MEDIA_RESOLUTION_LOW",
            ["high" or "original" or "xhigh"] => "MEDIA_RESOLUTION_HIGH",
            _ => null,
        };
    }
}
