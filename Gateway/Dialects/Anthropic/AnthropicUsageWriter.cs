using System.Text.Json;

namespace Gateway.Dialects.Anthropic;

/// <summary>Writes usage as Anthropic counts it: what was read from and written to a cache is not part of the input.</summary>
internal static class AnthropicUsageWriter
{
    public static void Write(Utf8JsonWriter json, in Usage usage, ServiceTier? service, ReportedBill? bill)
    {
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, usage.Input + usage.InputAudio + usage.InputImage);
        json.WriteNumber("cache_creation_input_tokens"u8, usage.CacheWrite + usage.CacheWriteHour);
        json.WriteNumber("cache_read_input_tokens"u8, usage.CachedRead);
        if (usage.CacheWrite + usage.CacheWriteHour > 0)
        {
            json.WriteStartObject("cache_creation"u8);
            json.WriteNumber("ephemeral_5m_input_tokens"u8, usage.CacheWrite);
            json.WriteNumber("ephemeral_1h_input_tokens"u8, usage.CacheWriteHour);
            json.WriteEndObject();
        }
        json.WriteNumber("output_tokens"u8, usage.Completion);
        if (usage.Reasoning > 0)
        {
            json.WriteStartObject("output_tokens_details"u8);
            json.WriteNumber("thinking_tokens"u8, usage.Reasoning);
            json.WriteEndObject();
        }
        if (bill?.Searches is { } searches)
        {
            json.WriteStartObject("server_tool_use"u8);
            json.WriteNumber("web_search_requests"u8, searches);
            json.WriteNumber("web_fetch_requests"u8, 0); // of which other dialects know nothing; the field must be there
            json.WriteEndObject();
        }
        if (NameOf(service) is { } name)
            json.WriteString("service_tier"u8, name);
        json.WriteEndObject();
    }

    /// <summary>Anthropic's word for an urgency. Null: it has none.</summary>
    private static string? NameOf(ServiceTier? service) => service switch
    {
        ServiceTier.Standard => "standard",
        ServiceTier.Priority => "priority",
        ServiceTier.Batch => "batch",
        _ => null,
    };
}
