using System.Text.Json;
using Gateway.Limits;

namespace Gateway.Api;

/// <summary>Writes what a holder has spent and may spend, in LiteLLM's names where it has them; money in USD, exactly.</summary>
internal static class SpendJson
{
    /// <summary>The holder's members, within an object; what has no limit is null.</summary>
    public static void WriteLimits(Utf8JsonWriter json, Limiter limiter, LimitedSubject holder)
    {
        WriteBudget(json, limiter.FactsOf(holder), holder.Limits);
        if (holder.Limits.Models.IsEmpty)
            return;
        json.WriteStartObject("model_max_budget");
        foreach (var model in holder.Limits.Models)
        {
            json.WriteStartObject(model.Model);
            WriteBudget(json, limiter.FactsOf(holder, model), model.Limits);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    /// <summary>Null: there is none.</summary>
    public static void WriteUsd(Utf8JsonWriter json, string name, NanoUsd? amount)
    {
        json.WritePropertyName(name);
        if (amount is { } usd)
            json.WriteRawValue(usd.ToString()); // as text, because the decimal writer keeps trailing zeros
        else
            json.WriteNullValue();
    }

    private static void WriteBudget(Utf8JsonWriter json, SubjectFacts facts, SubjectLimits limits)
    {
        WriteUsd(json, "spend", facts.Spent);
        WriteUsd(json, "total_spend", facts.Total);
        WriteUsd(json, "in_flight", facts.Reserved);
        WriteUsd(json, "max_budget", limits.MaxBudget);
        WriteUsd(json, "soft_budget", limits.SoftBudget);
        WriteUsd(json, "remaining", facts.Left);
        json.WriteString("budget_duration", limits.Period?.Text);
        WriteTime(json, "budget_reset_at", facts.PeriodEnd);
        WriteNumber(json, "rpm_limit", limits.Rpm);
        WriteNumber(json, "tpm_limit", limits.Tpm);
        WriteNumber(json, "max_parallel_requests", limits.MaxParallelRequests);
        json.WriteStartObject("spend_per_hour");
        WriteUsd(json, "1h", facts.BurnPerHour);
        WriteUsd(json, "6h", facts.BurnPerHourOfSix);
        json.WriteEndObject();
        json.WriteStartObject("seconds_until_exhausted");
        WriteNumber(json, "1h", (long?)facts.ExhaustedIn?.TotalSeconds);
        WriteNumber(json, "6h", (long?)facts.ExhaustedInOfSix?.TotalSeconds);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } value)
            json.WriteString(name, value);
        else
            json.WriteNull(name);
    }
}
