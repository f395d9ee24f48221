using System.Globalization;

namespace Gateway;

/// <summary>What a period is counted in.</summary>
public enum PeriodUnit { Second, Day, Month }

/// <summary>How often a budget begins anew, as <c>budget_duration</c> says it: <c>30s</c>, <c>30m</c>, <c>30h</c>, <c>30d</c>, <c>1w</c>,
/// <c>1mo</c> or a word of the calendar.</summary>
/// <param name="Count">How many units long, at least 1.</param>
/// <param name="Text">As it was written, for messages.</param>
public readonly record struct BudgetPeriod(int Count, PeriodUnit Unit, string Text)
{
    /// <summary>Ten years: longer than any budget, short enough for the arithmetic of dates.</summary>
    private const int MostDays = 3_660;
    private const int SecondsPerDay = 86_400;

    /// <summary>
    /// Reads a period. As in LiteLLM <c>30d</c> is a month of the calendar, like <c>1mo</c>; hours that make whole days are days.
    /// </summary>
    public static bool TryParse(string text, out BudgetPeriod period)
    {
        period = default;
        text = text.Trim();
        if (OfWord(text.ToLowerInvariant()) is { } word)
        {
            period = word with { Text = text };
            return true;
        }
        var unit = text.AsSpan().TrimStart("0123456789");
        var digits = text.AsSpan(0, text.Length - unit.Length);
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1)
            return false;
        (long Size, PeriodUnit Unit)? size = unit switch
        {
            "s" => (1, PeriodUnit.Second),
            "m" => (60, PeriodUnit.Second),
            "h" => (3_600, PeriodUnit.Second),
            "d" => (1, PeriodUnit.Day),
            "w" => (7, PeriodUnit.Day),
            "mo" => (1, PeriodUnit.Month),
            _ => null,
        };
        if (size is not var (factor, kind) || DaysOf(count * factor, kind) > MostDays)
            return false;
        period = Normal((int)(count * factor), kind) with { Text = text };
        return true;
    }

    /// <summary>The period as it was written.</summary>
    public override string ToString() => Text;

    private static BudgetPeriod? OfWord(string word) => word switch
    {
        "hourly" => new(3_600, PeriodUnit.Second, word),
        "daily" => new(1, PeriodUnit.Day, word),
        "weekly" => new(7, PeriodUnit.Day, word),
        "monthly" => new(1, PeriodUnit.Month, word),
        "yearly" => new(12, PeriodUnit.Month, word),
        _ => null,
    };

    private static BudgetPeriod Normal(int count, PeriodUnit unit) => (count, unit) switch
    {
        (30, PeriodUnit.Day) => new(1, PeriodUnit.Month, ""),
        (_, PeriodUnit.Second) when count % SecondsPerDay == 0 => new(count / SecondsPerDay, PeriodUnit.Day, ""),
        _ => new(count, unit, ""),
    };

    private static long DaysOf(long count, PeriodUnit unit) => unit switch
    {
        PeriodUnit.Second => count / SecondsPerDay,
        PeriodUnit.Month => count * 31,
        _ => count,
    };
}
