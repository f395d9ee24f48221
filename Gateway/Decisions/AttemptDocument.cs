using System.Text.Json;

namespace Gateway.Decisions;

/// <summary>Writes an attempt's part of a decision, with the price arithmetic as it was applied: prices change, this does not.</summary>
internal static class AttemptDocument
{
    public static void Write(Utf8JsonWriter json, Attempt attempt, DateTimeOffset requestStartedAt)
    {
        json.WriteStartObject();
        json.WriteNumber("number", attempt.Number);
        json.WriteString("kind", NameOf(attempt.Kind));
        json.WriteString("model_group", attempt.ModelGroup);
        json.WriteString("deployment", attempt.DeploymentId);
        json.WriteString("provider", attempt.Provider);
        json.WriteString("model", attempt.Model);
        WriteMilliseconds(json, "started_after_ms", attempt.StartedAt - requestStartedAt);
        WriteMilliseconds(json, "latency_ms", attempt.Latency);
        if (attempt.TimeToFirstToken is { } first)
            WriteMilliseconds(json, "time_to_first_token_ms", first);
        json.WriteNumber("status", attempt.Status);
        if (attempt.ExceptionClass is { } failure)
            json.WriteString("exception_class", failure);
        if (attempt.Usage.Total > 0)
            WriteUsage(json, attempt.Usage, attempt.IsEstimated);
        if (attempt.PriceId is not null)
            WritePrice(json, attempt.PriceId, attempt.CostLines?.Invoke(attempt.Usage) ?? [], attempt.Cost);
        json.WriteEndObject();
    }

    /// <summary>The price's id, its lines and what they come to: rounded once.</summary>
    public static void WritePrice(Utf8JsonWriter json, string? priceId, IEnumerable<CostLine> lines, NanoUsd cost)
    {
        json.WriteString("price", priceId);
        if (priceId is null)
            return;
        json.WriteStartArray("cost_lines");
        foreach (var line in lines)
        {
            json.WriteStartObject();
            json.WriteString("name", line.Name);
            json.WriteNumber("count", Plain(line.Count));
            json.WriteNumber("usd_per_million", Plain(line.UsdPerMillion));
            json.WriteNumber("usd", Plain(line.Usd));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("cost_usd", Plain(cost.ToUsd()));
    }

    private static void WriteUsage(Utf8JsonWriter json, in Usage usage, bool isEstimated)
    {
        json.WriteStartObject("usage");
        WriteCount(json, "input", usage.Input);
        WriteCount(json, "cached_read", usage.CachedRead);
        WriteCount(json, "cache_write", usage.CacheWrite);
        WriteCount(json, "cache_write_hour", usage.CacheWriteHour);
        WriteCount(json, "input_audio", usage.InputAudio);
        WriteCount(json, "output", usage.Output);
        WriteCount(json, "reasoning", usage.Reasoning);
        WriteCount(json, "output_audio", usage.OutputAudio);
        if (isEstimated)
            json.WriteBoolean("estimated", true);
        json.WriteEndObject();
    }

    private static void WriteCount(Utf8JsonWriter json, string name, long count)
    {
        if (count != 0)
            json.WriteNumber(name, count);
    }

    private static void WriteMilliseconds(Utf8JsonWriter json, string name, TimeSpan time) =>
        json.WriteNumber(name, Math.Round(time.TotalMilliseconds, 1));

    /// <summary>Without zeros at the end: dividing by a one with 28 of them takes them off.</summary>
    private static decimal Plain(decimal number) => number / 1.0000000000000000000000000000m;

    private static string NameOf(AttemptKind kind) => kind switch
    {
        AttemptKind.First => "first",
        AttemptKind.Retry => "retry",
        AttemptKind.Fallback => "fallback",
        _ => "hedge",
    };
}
