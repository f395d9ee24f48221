using System.Globalization;
using System.Text;
using Gateway.Limits;

namespace Gateway.Alerts;

/// <summary>Says in words and in LiteLLM's names what a budget has crossed.</summary>
internal static class AlertText
{
    /// <summary>One sentence or two. Names are shown as they are, but for control characters.</summary>
    public static string Of(BudgetAlert alert)
    {
        var facts = alert.Facts;
        var text = new StringBuilder($"Budget of {HolderOf(facts)}: {CrossedOf(alert.Crossed)}, ");
        text.Append(CultureInfo.InvariantCulture, $"{Usd(facts.Spent)} of {Usd(facts.Limit ?? facts.SoftLimit ?? default)} USD");
        if (facts.Period is { } period)
            text.Append(CultureInfo.InvariantCulture, $" per {period}");
        text.Append(facts.PeriodEnd is { } end
            ? string.Create(CultureInfo.InvariantCulture, $"; it resets at {end.UtcDateTime:yyyy-MM-dd HH:mm}Z.")
            : "; it does not reset.");
        if (alert.Crossed != BudgetAlerts.Exhausted && ExhaustedAt(alert) is { } time)
            text.Append(CultureInfo.InvariantCulture, $" At the last hour's pace it is exhausted at {time.UtcDateTime:yyyy-MM-dd HH:mm}Z.");
        return text.ToString();
    }

    /// <summary>The same as Slack takes it: a client that calls itself <c>&lt;!channel&gt;</c> must not wake everybody.</summary>
    public static string ForSlack(BudgetAlert alert) => Of(alert).Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");

    /// <summary>When the budget is exhausted at the last hour's pace. Null: its reset comes first, or nobody can say.</summary>
    public static DateTimeOffset? ExhaustedAt(BudgetAlert alert) =>
        alert.Facts.ExhaustedIn is { } left && alert.Time + left is var time && (alert.Facts.PeriodEnd is not { } end || time < end) ? time : null;

    /// <summary>LiteLLM's word for a kind of subject, where it has one.</summary>
    public static string GroupOf(SubjectKind kind) => kind switch
    {
        SubjectKind.Gateway => "proxy",
        SubjectKind.EndUser => "end_user",
        _ => kind.ToString().ToLowerInvariant(),
    };

    /// <summary>The percentage that was crossed. Null: the soft budget.</summary>
    public static int? PercentOf(BudgetAlerts crossed) => crossed switch
    {
        BudgetAlerts.Percent80 => 80,
        BudgetAlerts.Percent95 => 95,
        BudgetAlerts.Exhausted => 100,
        _ => null,
    };

    /// <summary>A name without what a log or a terminal takes for more than text.</summary>
    public static string Printable(string name) => name.Any(char.IsControl) ? string.Concat(name.Select(c => char.IsControl(c) ? '?' : c)) : name;

    private static string HolderOf(SubjectFacts facts)
    {
        var holder = facts.Subject.Kind == SubjectKind.Gateway ? "the gateway" : $"{WordOf(facts.Subject.Kind)} {Printable(facts.Name)}";
        return facts.Model is { } model ? $"{holder} for the model {Printable(model)}" : holder;
    }

    private static string WordOf(SubjectKind kind) => kind == SubjectKind.EndUser ? "end user" : kind.ToString().ToLowerInvariant();

    private static string CrossedOf(BudgetAlerts crossed) => crossed switch
    {
        BudgetAlerts.Soft => "the soft budget is spent",
        BudgetAlerts.Exhausted => "it is exhausted",
        _ => $"{PercentOf(crossed)} % are spent",
    };

    private static string Usd(NanoUsd amount) => amount.ToUsd().ToString("0.00#######", CultureInfo.InvariantCulture);
}
