namespace Gateway.Limits;

/// <summary>Says to a client which limit refused it, how far it is used, and when it pays to come back.</summary>
internal static class LimitRefusal
{
    /// <summary>A parallel request may end at any time; nobody knows when.</summary>
    private static readonly TimeSpan UntilOneEnds = TimeSpan.FromSeconds(1);

    public static ApiError Of(Account account, LimitKind kind, in Demand demand, DateTimeOffset now) =>
        kind == LimitKind.Budget ? OverBudget(account, demand, now) : TooFast(account, kind, demand, now);

    private static ApiError OverBudget(Account account, in Demand demand, DateTimeOffset now) => ApiError.BudgetExceeded(new BudgetRefusal
    {
        Subject = account.Subject,
        Name = account.Name,
        Model = account.Model,
        Spent = account.Spent,
        Budget = account.Limits.MaxBudget!.Value,
        InFlight = new NanoUsd((long)Int128.Min(account.Reserved, long.MaxValue)),
        Needed = demand.Bound.CostOf(demand.Least),
        Period = account.Limits.Period,
        ResetsAt = account.Span == BudgetSpan.Always ? null : account.Span.End,
        Now = now,
    });

    private static ApiError TooFast(Account account, LimitKind kind, in Demand demand, DateTimeOffset now)
    {
        var limits = account.Limits;
        var (type, limit, used, wait) = kind switch
        {
            LimitKind.Requests => ("requests", limits.Rpm!.Value, account.Requests!.Sum,
                WaitFor(account.Requests, limits.Rpm.Value, 1, now)),
            LimitKind.Tokens => ("tokens", limits.Tpm!.Value, account.Tokens!.Sum,
                WaitFor(account.Tokens, limits.Tpm.Value, demand.TokensNeeded(limits.Tpm.Value), now)),
            _ => ("max_parallel_requests", limits.MaxParallelRequests!.Value, account.Parallel,
                limits.MaxParallelRequests > 0 ? UntilOneEnds : (TimeSpan?)null),
        };
        return ApiError.RateLimited(new RateRefusal
        {
            Subject = account.Subject,
            Name = account.Name,
            Model = account.Model,
            LimitType = type,
            Limit = limit,
            Remaining = Math.Max(0, limit - used),
            Needed = kind == LimitKind.Tokens ? demand.TokensNeeded(limit) : 1,
            RetryAfter = wait,
            Now = now,
        });
    }

    /// <summary>How long until so much has room again, exactly. Null: it never has.</summary>
    private static TimeSpan? WaitFor(RateWindow window, long limit, long needed, DateTimeOffset now)
    {
        if (limit == 0 || needed > limit || window.SecondWithout(window.Sum + needed - limit) is not { } second)
            return null;
        var wait = new TimeSpan(second * TimeSpan.TicksPerSecond - now.UtcTicks);
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}
