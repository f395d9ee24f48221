using Gateway.Config;
using Gateway.Limits;

namespace Gateway;

/// <summary>Says which months of the ledger may be moved to archives.</summary>
internal static class RetentionCut
{
    /// <summary>
    /// The begin of the first month that stays, UTC: months are moved whole, when all of one is older than the retention and no budget of
    /// the config counts any of it in its current period. Null: nothing is ever moved.
    /// </summary>
    public static DateTimeOffset? Of(GatewayConfig config, DateTimeOffset now)
    {
        if (config.General.SpendLogsRetention is not { } retention)
            return null;
        var calendar = new BudgetCalendar(config.LiteLlm.TimeZone);
        var needed = LimitedAccount.In(config).Where(each => each.Account.Period is not null)
            .Select(each => calendar.SpanAt(each.Account.Period, now).Start);
        var first = needed.Append(Before(now, retention)).Min().ToUniversalTime();
        return new DateTimeOffset(first.Year, first.Month, 1, 0, 0, 0, TimeSpan.Zero);
    }

    private static DateTimeOffset Before(DateTimeOffset now, BudgetPeriod retention) => retention.Unit switch
    {
        PeriodUnit.Month => now.AddMonths(-retention.Count),
        PeriodUnit.Day => now.AddDays(-retention.Count),
        _ => now.AddSeconds(-retention.Count),
    };
}
