using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Reads Google's <c>usageMetadata</c> into disjoint buckets, and writes it (https://ai.google.dev/api/generate-content#UsageMetadata).
/// </summary>
internal static class GeminiUsage
{
    /// <summary>A count above this is no count; as in OpenAI's usage.</summary>
    private const long MostTokens = 1_000_000_000;

    /// <summary>Reads it.</summary>
    /// <returns>Null where it holds no counts, or some that cannot be.</returns>
    public static Usage? Read(JsonElement usage)
    {
        if (!TryCount(usage, "promptTokenCount"u8, out var prompt) | !TryCount(usage, "candidatesTokenCount"u8, out var answer)
            | !TryCount(usage, "thoughtsTokenCount"u8, out var thoughts) | !TryCount(usage, "toolUsePromptTokenCount"u8, out var toolUse)
            | !TryCount(usage, "cachedContentTokenCount"u8, out var cached) | !TryCount(usage, "totalTokenCount"u8, out var total)
            || prompt + answer + thoughts + total == 0)
            return null;
        // Vertex has counted thoughts within the answer and beside it; the total tells which.
        if (thoughts > 0 && total == prompt + toolUse + answer)
            answer = Math.Max(0, answer - thoughts);
        // What the total has beyond the parts is output that was billed.
        thoughts += Math.Max(0, total - prompt - toolUse - answer - thoughts);
        cached = Math.Min(cached, prompt);
        var left = prompt - cached;
        var audio = Math.Clamp(Uncached(usage, "AUDIO"u8), 0, left);
        var image = Math.Clamp(Uncached(usage, "IMAGE"u8), 0, left - audio);
        var spoken = Math.Min(Of(usage, "candidatesTokensDetails"u8, "AUDIO"u8), answer);
        var drawn = Math.Min(Of(usage, "candidatesTokensDetails"u8, "IMAGE"u8), answer - spoken);
        return new Usage
        {
            Input = left - audio - image + toolUse,
            CachedRead = cached,
            InputAudio = audio,
            InputImage = image,
            Output = answer - spoken - drawn,
            Reasoning = thoughts,
            OutputAudio = spoken,
            OutputImage = drawn,
        };
    }

    /// <summary>The urgency that was billed: AI Studio's <c>serviceTier</c>, Vertex' <c>trafficType</c>. Null: not said.</summary>
    public static ServiceTier? Tier(JsonElement usage) =>
        usage.FindText("serviceTier"u8) is { } tier ? ServiceTierNames.Read(System.Text.Encoding.UTF8.GetBytes(tier))
        : usage.FindText("trafficType"u8) switch
        {
            "ON_DEMAND_PRIORITY" => ServiceTier.Priority,
            "ON_DEMAND_FLEX" => ServiceTier.Flex,
            null or "TRAFFIC_TYPE_UNSPECIFIED" => null,
            _ => ServiceTier.Standard,
        };

    private static bool TryCount(JsonElement usage, ReadOnlySpan<byte> name, out long count)
    {
        count = 0;
        if (usage.Find(name) is not { ValueKind: JsonValueKind.Number } value)
            return true;
        return value.TryGetInt64(out count) && count is >= 0 and <= MostTokens;
    }

    private static long Uncached(JsonElement usage, ReadOnlySpan<byte> modality) =>
        Of(usage, "promptTokensDetails"u8, modality) - Of(usage, "cacheTokensDetails"u8, modality);

    /// <summary>The tokens of one modality.</summary>
    private static long Of(JsonElement usage, ReadOnlySpan<byte> details, ReadOnlySpan<byte> modality)
    {
        var sum = 0L;
        foreach (var item in usage.Items(details))
        {
            if (item.Find("modality"u8) is { ValueKind: JsonValueKind.String } name && name.ValueEquals(modality)
                && TryCount(item, "tokenCount"u8, out var count))
                sum = Math.Min(sum + count, MostTokens);
        }
        return sum;
    }

    /// <summary>Writes the member with its name.</summary>
    public static void Write(Utf8JsonWriter json, Usage usage)
    {
        var text = usage.Prompt - usage.InputAudio - usage.InputImage;
        json.WriteStartObject("usageMetadata"u8);
        json.WriteNumber("promptTokenCount"u8, usage.Prompt);
        json.WriteNumber("candidatesTokenCount"u8, usage.Completion - usage.Reasoning);
        json.WriteNumber("totalTokenCount"u8, usage.Total);
        if (usage.CachedRead > 0)
            json.WriteNumber("cachedContentTokenCount"u8, usage.CachedRead);
        if (usage.Reasoning > 0)
            json.WriteNumber("thoughtsTokenCount"u8, usage.Reasoning);
        WriteDetails(json, "promptTokensDetails"u8, text, usage.InputImage, usage.InputAudio);
        if (usage.OutputAudio + usage.OutputImage > 0)
            WriteDetails(json, "candidatesTokensDetails"u8, usage.Output, usage.OutputImage, usage.OutputAudio);
        json.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter json, ReadOnlySpan<byte> name, long text, long image, long audio)
    {
        json.WriteStartArray(name);
        WriteDetail(json, "TEXT"u8, text);
        WriteDetail(json, "IMAGE"u8, image);
        WriteDetail(json, "AUDIO"u8, audio);
        json.WriteEndArray();
    }

    private static void WriteDetail(Utf8JsonWriter json, ReadOnlySpan<byte> modality, long count)
    {
        if (count <= 0)
            return;
        json.WriteStartObject();
        json.WriteString("modality"u8, modality);
        json.WriteNumber("tokenCount"u8, count);
        json.WriteEndObject();
    }
}
