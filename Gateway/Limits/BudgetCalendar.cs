namespace Gateway.Limits;

/// <summary>A stretch of time in which one budget counts, from a first instant to one that is no longer in it.</summary>
public readonly record struct BudgetSpan(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>All time: a budget that never begins anew.</summary>
    public static readonly BudgetSpan Always = new(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
}

/// <summary>
/// Says in which period of a budget an instant lies. Periods are a function of the instant alone, so that every reader of the
/// ledger finds the same ones, and they meet without gap or overlap whatever clocks do in summer and winter.
/// </summary>
/// <remarks>
/// As in LiteLLM days begin at midnight, weeks on Monday, months on the 1st, hours at multiples of their length. Where LiteLLM counts
/// from the day a key was made, we count from a Monday long ago. Hours of which a day has a whole number (2h to 12h) begin at the same
/// time on the clock every day; shorter periods, and those that do not fit a day (<c>30h</c>), always last exactly as long as they say.
/// </remarks>
public sealed class BudgetCalendar(TimeZoneInfo zone)
{
    /// <summary>Days in UTC.</summary>
    public static readonly BudgetCalendar Utc = new(TimeZoneInfo.Utc);

    /// <summary>A Monday, so that weeks begin on Mondays and n weeks begin on one too.</summary>
    private static readonly DateTime Origin = new(1970, 1, 5);

    private const long TicksPerHour = TimeSpan.TicksPerHour;

    /// <summary>The period that <paramref name="now"/> lies in. Null: all time.</summary>
    public BudgetSpan SpanAt(BudgetPeriod? period, DateTimeOffset now)
    {
        if (period is not var (count, unit, _))
            return BudgetSpan.Always;
        if (unit == PeriodUnit.Second && !FollowsTheClock(count))
            return ElapsedSpan(TimeSpan.TicksPerSecond * count, now);

        var local = TimeZoneInfo.ConvertTime(now, zone).DateTime;
        var start = Floor(local, count, unit);
        var end = Next(start, count, unit);
        // A clock that is set back has shown the end before.
        while (FirstInstantOf(end) <= now)
            (start, end) = (end, Next(end, count, unit));
        return new BudgetSpan(FirstInstantOf(start), FirstInstantOf(end));
    }

    /// <summary>2, 3, 4, 6, 8 or 12 hours.</summary>
    private static bool FollowsTheClock(long seconds) =>
        seconds * TimeSpan.TicksPerSecond > TicksPerHour && TimeSpan.TicksPerDay % (seconds * TimeSpan.TicksPerSecond) == 0
        && seconds % 3_600 == 0;

    /// <summary>Periods of a fixed length since the origin in the zone's ordinary time.</summary>
    private BudgetSpan ElapsedSpan(long ticks, DateTimeOffset now)
    {
        var origin = Origin.Ticks - zone.BaseUtcOffset.Ticks;
        var start = origin + Divide(now.UtcTicks - origin, ticks) * ticks;
        return new BudgetSpan(new DateTimeOffset(start, TimeSpan.Zero), new DateTimeOffset(start + ticks, TimeSpan.Zero));
    }

    private static DateTime Floor(DateTime local, int count, PeriodUnit unit)
    {
        if (unit == PeriodUnit.Month)
        {
            var month = (local.Year * 12 + local.Month - 1) / count * count;
            return new DateTime(month / 12, month % 12 + 1, 1);
        }
        var ticks = count * (unit == PeriodUnit.Day ? TimeSpan.TicksPerDay : TimeSpan.TicksPerSecond);
        return new DateTime(Origin.Ticks + Divide(local.Ticks - Origin.Ticks, ticks) * ticks);
    }

    private static DateTime Next(DateTime start, int count, PeriodUnit unit) => unit switch
    {
        PeriodUnit.Month => start.AddMonths(count),
        PeriodUnit.Day => start.AddDays(count),
        _ => start.AddSeconds(count),
    };

    /// <summary>The first instant at which the zone's clock shows this time, or a later one when it leaps over it.</summary>
    private DateTimeOffset FirstInstantOf(DateTime local)
    {
        if (zone.IsInvalidTime(local))
            return EndOfGap(local);
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local.Ticks - offset.Ticks, TimeSpan.Zero);
    }

    /// <summary>The instant at which the clock leaps over a time: found by halving, since no clock is set twice in two days.</summary>
    private DateTimeOffset EndOfGap(DateTime local)
    {
        var asUtc = new DateTimeOffset(local, TimeSpan.Zero);
        var (before, after) = (asUtc.AddDays(-1).UtcTicks, asUtc.AddDays(1).UtcTicks);
        while (after - before > 1)
        {
            var middle = before + (after - before) / 2;
            if (TimeZoneInfo.ConvertTime(new DateTimeOffset(middle, TimeSpan.Zero), zone).DateTime >= local)
                after = middle;
            else
                before = middle;
        }
        return new DateTimeOffset(after, TimeSpan.Zero);
    }

    /// <summary>Rounds down, below zero too.</summary>
    private static long Divide(long value, long by) => value / by - (value % by < 0 ? 1 : 0);
}
