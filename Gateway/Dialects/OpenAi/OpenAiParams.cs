using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Reads OpenAI's parameters of a chat, one by one, into the hub: those of a client's body, and those that a config sets.</summary>
internal static class OpenAiParams
{
    /// <summary>The feature of those parameters that some providers refuse. Null: none is known to.</summary>
    public static Feature? FeatureOf(string name) => name switch
    {
        "logit_bias" => Feature.LogitBias,
        "logprobs" => Feature.Logprobs,
        "top_logprobs" => Feature.TopLogprobs,
        "user" => Feature.EndUser,
        "n" => Feature.Choices,
        "seed" => Feature.Seed,
        "stop" => Feature.Stop,
        "metadata" => Feature.Metadata,
        "service_tier" => Feature.ServiceTier,
        "reasoning_effort" => Feature.ReasoningEffort,
        "parallel_tool_calls" => Feature.ParallelToolCalls,
        "frequency_penalty" => Feature.FrequencyPenalty,
        "presence_penalty" => Feature.PresencePenalty,
        "temperature" => Feature.Temperature,
        "top_p" => Feature.TopP,
        "tools" => Feature.Tools,
        "response_format" => Feature.JsonSchema,
        _ => null,
    };

    /// <summary>Reads one parameter. A null counts as not sent.</summary>
    /// <returns>False when the value has the wrong type.</returns>
    public static bool Read(HubRequest hub, string name, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
            return true;
        switch (name)
        {
            case "max_tokens" or "max_completion_tokens" or "max_output_tokens":
                return Number(hub, Feature.MaxTokens, name, value, number => hub.MaxTokens = Larger(hub.MaxTokens, number));
            case "temperature":
                return Number(hub, Feature.Temperature, name, value, number => hub.Temperature = number);
            case "top_p":
                return Number(hub, Feature.TopP, name, value, number => hub.TopP = number);
            case "top_k":
                return Number(hub, Feature.TopK, name, value, number => hub.TopK = number);
            case "min_p":
                return Number(hub, Feature.MinP, name, value, number => hub.MinP = number);
            case "frequency_penalty":
                return Number(hub, Feature.FrequencyPenalty, name, value, number => hub.FrequencyPenalty = number);
            case "presence_penalty":
                return Number(hub, Feature.PresencePenalty, name, value, number => hub.PresencePenalty = number);
            case "repetition_penalty":
                return Number(hub, Feature.RepetitionPenalty, name, value, number => hub.RepetitionPenalty = number);
            case "seed":
                return Number(hub, Feature.Seed, name, value, number => hub.Seed = (long)number);
            case "n":
                return Number(hub, Feature.Choices, name, value, number => hub.Choices = (long)number, always: number => number > 1);
            case "top_logprobs":
                return Number(hub, Feature.TopLogprobs, name, value, number => hub.TopLogprobs = (long)number);
            case "logprobs":
                return ReadLogprobs(hub, name, value);
            case "logit_bias":
                hub.LogitBias = value;
                return Use(hub, Feature.LogitBias, name, value.ValueKind == JsonValueKind.Object);
            case "stop":
                return ReadStop(hub, name, value);
            case "parallel_tool_calls":
                hub.ParallelToolCalls = value.ValueKind == JsonValueKind.True;
                return Use(hub, Feature.ParallelToolCalls, name, value.ValueKind is JsonValueKind.True or JsonValueKind.False);
            default:
                return ReadText(hub, name, value) ?? ReadObject(hub, name, value) ?? Keep(hub, name, value);
        }
    }

    private static bool? ReadText(HubRequest hub, string name, JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        switch (name)
        {
            case "reasoning_effort":
                hub.Reasoning = (hub.Reasoning ?? new()) with { Effort = text };
                return Use(hub, Feature.ReasoningEffort, name, text is not null);
            case "verbosity":
                hub.Verbosity = text;
                return Use(hub, Feature.Verbosity, name, text is not null);
            case "service_tier":
                hub.ServiceTier = text;
                return Use(hub, Feature.ServiceTier, name, text is not null);
            case "user" or "safety_identifier":
                hub.EndUser = text ?? hub.EndUser;
                return Use(hub, Feature.EndUser, name, text is not null);
            case "prompt_cache_key":
                hub.PromptCacheKey = text;
                return Use(hub, Feature.PromptCacheKey, name, text is not null);
            default:
                return null;
        }
    }

    private static bool? ReadObject(HubRequest hub, string name, JsonElement value)
    {
        switch (name)
        {
            case "metadata":
                hub.Metadata = value;
                return Use(hub, Feature.Metadata, name, value.ValueKind == JsonValueKind.Object);
            case "web_search_options":
                hub.WebSearchOptions = value;
                return Use(hub, Feature.WebSearchOptions, name, value.ValueKind == JsonValueKind.Object);
            case "response_format":
                return OpenAiFormat.Read(hub, name, value);
            case "thinking":
                return OpenAiFormat.ReadThinking(hub, name, value);
            case "tool_choice":
                return OpenAiTools.ReadChoice(hub, name, value);
            case "tools":
                return OpenAiTools.Read(hub, name, value);
            case "safety_settings": // Google's, as LiteLLM's clients and configs name them
                return Keep(hub, name, value, Feature.SafetySettings);
            case "prediction":
                return Keep(hub, name, value, Feature.Prediction);
            case "store":
                return value.ValueKind == JsonValueKind.False || Keep(hub, name, value, Feature.Store);
            case "modalities" when IsTextAlone(value):
                return true;
            case "audio":
            case "modalities":
                return Keep(hub, name, value, Feature.AudioOutput);
            default:
                return null;
        }
    }

    /// <summary>Text alone is what every model gives.</summary>
    private static bool IsTextAlone(JsonElement modalities) =>
        modalities.ValueKind == JsonValueKind.Array && modalities.EnumerateArray().All(static m => m.ValueEquals("text"u8));

    private static bool ReadLogprobs(HubRequest hub, string name, JsonElement value)
    {
        // Legacy completions say how many, chats whether.
        if (value.ValueKind == JsonValueKind.Number)
        {
            hub.Logprobs = true;
            return Number(hub, Feature.TopLogprobs, name, value, number => hub.TopLogprobs = (long)number);
        }
        hub.Logprobs = value.ValueKind == JsonValueKind.True;
        if (value.ValueKind != JsonValueKind.True)
            return value.ValueKind == JsonValueKind.False;
        hub.Use(Feature.Logprobs, name);
        return true;
    }

    private static bool ReadStop(HubRequest hub, string name, JsonElement value)
    {
        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
            return false;
        if (value.ValueKind == JsonValueKind.Array && !value.EnumerateArray().All(static s => s.ValueKind == JsonValueKind.String))
            return false;
        hub.Stop = value.ValueKind == JsonValueKind.String ? [value.GetString()!] : [.. value.EnumerateArray().Select(static s => s.GetString()!)];
        return hub.Stop.Count == 0 || Use(hub, Feature.Stop, name, true);
    }

    private static bool Number(
        HubRequest hub, Feature feature, string name, JsonElement value, Action<double> set, Func<double, bool>? always = null)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !double.IsFinite(number))
            return false;
        set(number);
        if (always is null || always(number))
            hub.Use(feature, name);
        return true;
    }

    private static long Larger(long? limit, double number) =>
        Math.Max(limit ?? 0, number is > 0 and < AnswerTerms.MostTokens ? (long)number : 0);

    private static bool Keep(HubRequest hub, string name, JsonElement value, Feature feature)
    {
        hub.Extras.Add(new(name, value));
        return Use(hub, feature, name, true);
    }

    private static bool Keep(HubRequest hub, string name, JsonElement value)
    {
        hub.AddExtra(name, value);
        return true;
    }

    private static bool Use(HubRequest hub, Feature feature, string name, bool isRight)
    {
        hub.Use(feature, name);
        return isRight;
    }
}
