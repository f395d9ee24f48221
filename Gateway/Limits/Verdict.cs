namespace Gateway.Limits;

/// <summary>Which of an account's limits a request runs into.</summary>
internal enum LimitKind { Budget, Requests, Tokens, ParallelRequests }

/// <summary>What a demand may have of its accounts at one moment: a pure function of both.</summary>
internal readonly struct Verdict
{
    /// <summary>The output cap that is granted. Null: not now.</summary>
    public long? Cap { get; private init; }

    /// <summary>True when it is worth waiting for others to settle.</summary>
    public bool MayWait { get; private init; }

    /// <summary>The output cap that the wait is for.</summary>
    public long Target { get; private init; }

    /// <summary>Whose limit refuses, where <see cref="Cap"/> is null: budgets before rates, and of either the first in order.</summary>
    public Account? Full { get; private init; }
    public LimitKind Kind { get; private init; }

    /// <summary>Judges a demand.</summary>
    /// <param name="seats">Refreshed, in order.</param>
    /// <param name="deadline">When the wait ends; now when there is none or it is over.</param>
    /// <param name="isNewRequest">False: no request is counted and none enters.</param>
    public static Verdict On(
        ReadOnlySpan<Seat> seats, in Demand demand, DateTimeOffset now, DateTimeOffset deadline, bool isNewRequest = true)
    {
        // 1. What money and tokens grant, now and at best.
        var money = new Caps(demand);
        foreach (ref readonly var seat in seats)
            money.Add(seat.Account, demand.CapOfMoney(seat.Account, false, deadline), demand.CapOfMoney(seat.Account, true, deadline));
        if (money.Hopeless is { } spent)
            return Refused(spent, LimitKind.Budget);

        // 2. Requests: they do not wait.
        if (isNewRequest)
        {
            foreach (ref readonly var seat in seats)
            {
                if (FullOf(seat.Account) is { } kind)
                    return Refused(seat.Account, kind);
            }
        }
        var tokens = money;
        foreach (ref readonly var seat in seats)
        {
            var account = seat.Account;
            tokens.Add(account, demand.CapOfTokens(account, false, money.Now), demand.CapOfTokens(account, true, money.Best));
        }
        if (tokens.Hopeless is { } busy)
            return Refused(busy, LimitKind.Tokens);

        // 3. Enough of it, or worth a wait.
        var target = Math.Min(demand.Wanted, tokens.Best);
        if (tokens.Now >= Math.Max(demand.Least, now < deadline ? target : 0))
            return new Verdict { Cap = tokens.Now };
        var refused = money.Short is { } @short ? Refused(@short, LimitKind.Budget) : Refused(tokens.Short!, LimitKind.Tokens);
        return now < deadline ? new Verdict { MayWait = true, Target = target, Full = refused.Full, Kind = refused.Kind } : refused;
    }

    /// <summary>True when the account alone keeps a request from what it waits for.</summary>
    public static bool IsShort(Account account, in Demand demand, long target, DateTimeOffset deadline) =>
        demand.CapOfMoney(account, false, deadline) is var money && (money < target || demand.CapOfTokens(account, false, money) < target);

    private static LimitKind? FullOf(Account account)
    {
        var limits = account.Limits;
        return limits.Rpm is { } rpm && account.Requests!.Sum >= rpm ? LimitKind.Requests
            : limits.MaxParallelRequests is { } parallel && account.Parallel >= parallel ? LimitKind.ParallelRequests
            : null;
    }

    private static Verdict Refused(Account account, LimitKind kind) => new() { Full = account, Kind = kind };

    /// <summary>The least output cap of several accounts, with the first account that grants too little.</summary>
    private struct Caps(in Demand demand)
    {
        private readonly long _least = demand.Least;

        public long Now { get; private set; } = demand.Bound.OutputCap;
        public long Best { get; private set; } = demand.Bound.OutputCap;
        public Account? Short { get; private set; }
        public Account? Hopeless { get; private set; }

        public void Add(Account account, long now, long best)
        {
            Now = Math.Min(Now, now);
            Best = Math.Min(Best, best);
            if (now < _least)
                Short ??= account;
            if (best < _least)
                Hopeless ??= account;
        }
    }
}
