using System.Threading.Channels;

namespace Gateway.Limits;

/// <summary>Tells when a budget crosses a threshold, once in each of its periods.</summary>
internal sealed class BudgetWatch
{
    /// <summary>What nobody fetches is dropped, the oldest first: alerts must never hold up a request.</summary>
    private const int MostWaiting = 1_024;

    private static readonly BudgetAlerts[] Thresholds =
        [BudgetAlerts.Soft, BudgetAlerts.Percent80, BudgetAlerts.Percent95, BudgetAlerts.Exhausted];

    private readonly Channel<BudgetAlert> _alerts = Channel.CreateBounded<BudgetAlert>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest });

    public ChannelReader<BudgetAlert> Alerts => _alerts.Reader;

    /// <summary>What an account's spend has crossed in the current period.</summary>
    public static BudgetAlerts CrossedBy(Account account)
    {
        var crossed = BudgetAlerts.None;
        var spent = (Int128)account.Spent.Value;
        if (spent == 0)
            return crossed;
        if (account.Limits.SoftBudget is { } soft && spent >= soft.Value)
            crossed |= BudgetAlerts.Soft;
        if (account.Limits.MaxBudget is not { } limit)
            return crossed;
        crossed |= spent * 100 >= (Int128)limit.Value * 80 ? BudgetAlerts.Percent80 : 0;
        crossed |= spent * 100 >= (Int128)limit.Value * 95 ? BudgetAlerts.Percent95 : 0;
        crossed |= spent >= limit.Value ? BudgetAlerts.Exhausted : 0;
        return crossed;
    }

    /// <summary>Announces what has been crossed since the last time.</summary>
    /// <param name="isRefused">True when a request was refused for the budget. With 95 % spent, that is the end of it.</param>
    public void Look(Account account, DateTimeOffset now, bool isRefused = false)
    {
        if (account.Limits.MaxBudget is null && account.Limits.SoftBudget is null)
            return;
        var crossed = CrossedBy(account);
        if (isRefused && crossed.HasFlag(BudgetAlerts.Percent95))
            crossed |= BudgetAlerts.Exhausted;
        var news = crossed & ~account.Announced;
        if (news == BudgetAlerts.None)
            return;
        account.Announced |= news;
        var facts = FactsOf(account, now);
        foreach (var threshold in Thresholds)
        {
            if (news.HasFlag(threshold))
                _alerts.Writer.TryWrite(new BudgetAlert(threshold, facts, now));
        }
    }

    /// <summary>The facts of an account in its current period.</summary>
    public static SubjectFacts FactsOf(Account account, DateTimeOffset now)
    {
        var (hour, sixHours) = (account.BurnPerSecond(now, 1), account.BurnPerSecond(now, 6));
        return new SubjectFacts
        {
            Subject = account.Subject,
            Model = account.Model,
            Name = account.Name,
            Spent = account.Spent,
            Total = account.Total,
            Reserved = new NanoUsd((long)Int128.Min(account.Reserved, long.MaxValue)),
            Limit = account.Limits.MaxBudget,
            SoftLimit = account.Limits.SoftBudget,
            Period = account.Limits.Period,
            PeriodEnd = account.Span == BudgetSpan.Always ? null : account.Span.End,
            BurnPerHour = PerHour(hour),
            BurnPerHourOfSix = PerHour(sixHours),
            ExhaustedIn = TimeLeft(account, hour),
            ExhaustedInOfSix = TimeLeft(account, sixHours),
        };
    }

    /// <summary>The facts of a subject with the limits that the config gives it.</summary>
    /// <param name="account">Null: it has spent nothing.</param>
    public static SubjectFacts FactsOf(
        LimitedSubject subject, SubjectModelLimits? model, Account? account, BudgetCalendar calendar, DateTimeOffset now)
    {
        account ??= new Account(subject.Subject, model?.Model);
        account.Know(subject, model?.Limits ?? subject.Limits);
        account.Refresh(now, calendar);
        return FactsOf(account, now);
    }

    private static NanoUsd PerHour(double perSecond) => new((long)Math.Min(perSecond * 3_600, long.MaxValue / 2));

    private static TimeSpan? TimeLeft(Account account, double perSecond)
    {
        if (account.Limits.MaxBudget is not { } limit || perSecond <= 0)
            return null;
        var left = Math.Max(0, limit.Value - account.Spent.Value) / perSecond;
        return TimeSpan.FromSeconds(Math.Min(left, TimeSpan.FromDays(36_500).TotalSeconds));
    }
}
