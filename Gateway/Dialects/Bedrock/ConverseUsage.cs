using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// Reads Converse's <c>usage</c> (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html). Its input tokens
/// are those that were neither read from a cache nor written to one; what was written for an hour is part of all that was written. Thoughts are
/// output tokens and not told apart.
/// </summary>
internal static class ConverseUsage
{
    /// <summary>A count above this is no count; see <see cref="OpenAi.OpenAiUsage"/>.</summary>
    private const long MostTokens = 1_000_000_000;

    /// <summary>Null: it counts nothing.</summary>
    public static Usage? Read(JsonElement usage)
    {
        if (usage.Find("inputTokens"u8) is null && usage.Find("outputTokens"u8) is null)
            return null;
        var writtenHour = 0L;
        foreach (var detail in usage.Items("cacheDetails"u8))
        {
            if (detail.FindText("ttl"u8) is "1h")
                writtenHour = Count(detail, "inputTokens"u8);
        }
        return new Usage
        {
            Input = Count(usage, "inputTokens"u8),
            CachedRead = Count(usage, "cacheReadInputTokens"u8),
            CacheWrite = Math.Max(0, Count(usage, "cacheWriteInputTokens"u8) - writtenHour),
            CacheWriteHour = writtenHour,
            Output = Count(usage, "outputTokens"u8),
        };
    }

    private static long Count(JsonElement usage, ReadOnlySpan<byte> name) =>
        usage.FindCount(name) is >= 0 and <= MostTokens and var count ? count : 0;

    /// <summary>The tier that the request was served at. Null: not said.</summary>
    public static string? TierOf(JsonElement answer) =>
        answer.Find("serviceTier"u8)?.FindText("type"u8) is { Length: > 0 and <= 32 } tier ? tier : null;

    public static ServiceTier? ServiceOf(string? tier) =>
        tier is null ? null : ServiceTierNames.Read(System.Text.Encoding.UTF8.GetBytes(tier));
}
