using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>Writes a usage as OpenAI's chats have it: overlapping figures, the details beside the sums.</summary>
internal static class OpenAiUsageWriter
{
    /// <param name="cost">What it cost, where that is to be told. Null: it is not.</param>
    public static void Write(Utf8JsonWriter json, in Usage usage, NanoUsd? cost)
    {
        json.WriteStartObject("usage"u8);
        if (cost is { } amount)
        {
            json.WritePropertyName("cost"u8);
            json.WriteRawValue(amount.ToString());
        }
        json.WriteNumber("prompt_tokens"u8, usage.Prompt);
        json.WriteNumber("completion_tokens"u8, usage.Completion);
        json.WriteNumber("total_tokens"u8, usage.Total);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.CachedRead);
        if (usage.CacheWrite + usage.CacheWriteHour > 0)
            json.WriteNumber("cache_creation_tokens"u8, usage.CacheWrite + usage.CacheWriteHour);
        json.WriteNumber("audio_tokens"u8, usage.InputAudio);
        if (usage.InputImage > 0)
            json.WriteNumber("image_tokens"u8, usage.InputImage);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, usage.Reasoning);
        json.WriteNumber("audio_tokens"u8, usage.OutputAudio);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
