using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>
/// Reads Cohere's <c>usage</c>: <c>billed_units</c> is what is charged, without the tokens of Cohere's own template, which
/// <c>tokens</c> counts, too (https://docs.cohere.com/docs/how-does-cohere-pricing-work, https://docs.cohere.com/reference/chat).
/// </summary>
internal static class CohereUsage
{
    /// <summary>A count above this is no count; see <see cref="OpenAi.OpenAiUsage"/>.</summary>
    private const double MostTokens = 1e9;

    /// <summary>Null: it counts no tokens.</summary>
    public static Usage? Read(JsonElement usage) => Of(usage.Find("billed_units"u8)) ?? Of(usage.Find("tokens"u8));

    private static Usage? Of(JsonElement? counts) =>
        counts is { ValueKind: JsonValueKind.Object } given
        && (given.Find("input_tokens"u8) is not null || given.Find("output_tokens"u8) is not null)
            ? new Usage { Input = Count(given, "input_tokens"u8), Output = Count(given, "output_tokens"u8) }
            : null;

    /// <summary>Cohere's counts are floating-point numbers.</summary>
    private static long Count(JsonElement counts, ReadOnlySpan<byte> name) =>
        counts.Find(name) is { ValueKind: JsonValueKind.Number } number
        && number.TryGetDouble(out var value) && value is >= 0 and <= MostTokens
            ? (long)Math.Ceiling(value)
            : 0;
}
