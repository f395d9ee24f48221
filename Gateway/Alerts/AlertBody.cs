using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Limits;

namespace Gateway.Alerts;

/// <summary>Writes what the webhooks are sent, as UTF-8 JSON.</summary>
internal static class AlertBody
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Bytes of the hash that names an alert: enough that no two are alike.</summary>
    private const int IdBytes = 12;

    /// <summary>What Slack's incoming webhooks take, and nothing else, as they may refuse what they do not know: <c>{"text": …}</c>.</summary>
    public static byte[] ForSlack(BudgetAlert alert) => Write(alert, static (json, alert) => json.WriteString("text", AlertText.ForSlack(alert)));

    /// <summary>LiteLLM's webhook event with a few members more: <c>text</c>, which Slack would show, an id, and what the budget is at.</summary>
    public static byte[] ForWebhook(BudgetAlert alert) => Write(alert, static (json, alert) =>
    {
        var facts = alert.Facts;
        json.WriteString("text", AlertText.ForSlack(alert));
        json.WriteString("id", IdOf(alert));
        json.WriteString("event", alert.Crossed switch
        {
            BudgetAlerts.Soft => "soft_budget_crossed",
            BudgetAlerts.Exhausted => "budget_crossed",
            _ => "threshold_crossed",
        });
        json.WriteString("event_group", AlertText.GroupOf(facts.Subject.Kind));
        json.WriteString("event_message", AlertText.Of(alert));
        if (AlertText.PercentOf(alert.Crossed) is { } percent)
            json.WriteNumber("threshold_percent", percent);
        WriteSubject(json, facts);
        WriteMoney(json, alert);
        json.WriteString("time", alert.Time);
    });

    /// <summary>The same for each try, so that a receiver knows what it has had.</summary>
    private static string IdOf(BudgetAlert alert)
    {
        var (facts, text) = (alert.Facts, new StringBuilder());
        text.Append(facts.Subject.Kind).Append('\n').Append(facts.Subject.Id).Append('\n').Append(facts.Model).Append('\n')
            .Append(alert.Crossed).Append('\n').Append(alert.Time.UtcTicks);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, IdBytes));
    }

    private static void WriteSubject(Utf8JsonWriter json, SubjectFacts facts)
    {
        var (kind, id) = facts.Subject;
        if (kind == SubjectKind.Key)
        {
            json.WriteString("token", id); // LiteLLM's word for the hash of a key
            json.WriteString("key_alias", facts.Name);
        }
        else if (kind != SubjectKind.Gateway)
            json.WriteString(kind switch
            {
                SubjectKind.User => "user_id",
                SubjectKind.Team => "team_id",
                SubjectKind.EndUser => "end_user",
                _ => kind.ToString().ToLowerInvariant(),
            }, id);
        if (facts.Model is { } model)
            json.WriteString("model", model);
    }

    private static void WriteMoney(Utf8JsonWriter json, BudgetAlert alert)
    {
        var facts = alert.Facts;
        WriteUsd(json, "spend", facts.Spent);
        WriteUsd(json, "max_budget", facts.Limit);
        WriteUsd(json, "soft_budget", facts.SoftLimit);
        WriteUsd(json, "in_flight", facts.Reserved);
        if (facts.Period is { } period)
            json.WriteString("budget_duration", period.Text);
        if (facts.PeriodEnd is { } end)
            json.WriteString("budget_reset_at", end);
        WriteUsd(json, "spend_per_hour", facts.BurnPerHour);
        if (AlertText.ExhaustedAt(alert) is { } exhausted)
            json.WriteString("projected_exceeded_date", exhausted.UtcDateTime);
    }

    private static void WriteUsd(Utf8JsonWriter json, string name, NanoUsd? amount)
    {
        if (amount is not { } usd)
            return;
        json.WritePropertyName(name);
        json.WriteRawValue(usd.ToString()); // as text, because the decimal writer keeps trailing zeros
    }

    private static byte[] Write(BudgetAlert alert, Action<Utf8JsonWriter, BudgetAlert> members)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            members(json, alert);
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }
}
