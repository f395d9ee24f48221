namespace Gateway.Limits;

/// <summary>A request that waits for others to settle. Guarded by the limiter's lock.</summary>
internal sealed class WaitingRequest(AdmitRequest request, Demand demand, Seat[] seats, DateTimeOffset deadline)
{
    public AdmitRequest Request { get; } = request;
    public Demand Demand { get; } = demand;
    public Seat[] Seats { get; } = seats;
    public DateTimeOffset Deadline { get; } = deadline;

    /// <summary>In which seats' accounts it waits.</summary>
    public bool[] Claims { get; } = new bool[seats.Length];
    public TaskCompletionSource<Admission> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public ITimer? Timer { get; set; }
    public CancellationTokenRegistration Registration { get; set; }
    public bool IsOver { get; set; }

    /// <summary>When to look again if nothing settles: at the next reset of an account that it waits in, or at the deadline.</summary>
    public DateTimeOffset NextLook
    {
        get
        {
            var next = Deadline;
            for (var i = 0; i < Seats.Length; i++)
            {
                if (Claims[i] && Seats[i].Account.Span.End < next)
                    next = Seats[i].Account.Span.End;
            }
            return next;
        }
    }
}

/// <summary>
/// Requests that wait near the edge of a budget, first come, first served in each account: who comes later may pass only where it
/// touches no account that an earlier one is short of. Guarded by the limiter's lock.
/// </summary>
internal sealed class AdmissionQueue
{
    /// <summary>Each settlement looks at all of them: bounds the work under the lock to some ten microseconds.</summary>
    public const int MostWaiting = 1_000;

    private readonly LinkedList<WaitingRequest> _waiting = [];
    private long _pass;

    public int Count => _waiting.Count;
    public bool IsFull => _waiting.Count >= MostWaiting;

    /// <summary>True when somebody waits for what a new request would take.</summary>
    public bool IsBefore(ReadOnlySpan<Seat> seats, in Demand demand)
    {
        if (_waiting.Count == 0)
            return false;
        foreach (ref readonly var seat in seats)
        {
            if (seat.Account.Waiting > 0 && Needs(demand, seat.Account))
                return true;
        }
        return false;
    }

    /// <summary>Puts a request at the end.</summary>
    /// <param name="target">The output cap that it waits for.</param>
    public void Add(WaitingRequest waiting, long target)
    {
        _waiting.AddLast(waiting);
        Claim(waiting, target);
    }

    /// <summary>Takes a request out. False: it has its answer.</summary>
    public bool Remove(WaitingRequest waiting)
    {
        if (waiting.IsOver)
            return false;
        waiting.IsOver = true;
        Unclaim(waiting);
        _waiting.Remove(waiting);
        return true;
    }

    /// <summary>Looks at all in their order after something has changed, and answers those who need not wait any longer.</summary>
    /// <param name="answer">Takes for, or refuses, the request; it is out of the queue.</param>
    public void Pass(DateTimeOffset now, BudgetCalendar calendar, Action<WaitingRequest, Verdict, DateTimeOffset> answer)
    {
        _pass++;
        for (var node = _waiting.First; node is not null;)
        {
            var (waiting, next) = (node.Value, node.Next);
            Unclaim(waiting);
            foreach (ref readonly var seat in waiting.Seats.AsSpan())
                seat.Account.Refresh(now, calendar);
            var verdict = Verdict.On(waiting.Seats, waiting.Demand, now, waiting.Deadline);
            if (verdict.MayWait || verdict.Cap is not null && IsBehind(waiting))
                Claim(waiting, verdict.Cap ?? verdict.Target);
            else
            {
                waiting.IsOver = true;
                _waiting.Remove(node);
                answer(waiting, verdict, now);
            }
            node = next;
        }
    }

    private static bool Needs(in Demand demand, Account account) =>
        account.Limits.Tpm is not null || account.Limits.MaxBudget is not null && demand.FullCost.Value > 0;

    private bool IsBehind(WaitingRequest waiting)
    {
        foreach (ref readonly var seat in waiting.Seats.AsSpan())
        {
            if (seat.Account.ClaimedIn == _pass && seat.Account.Waiting > 0 && Needs(waiting.Demand, seat.Account))
                return true;
        }
        return false;
    }

    /// <summary>
    /// Marks the accounts that the request is short of. One that is only behind others waits where they do; and where no account is
    /// alone to blame, it is all that it needs.
    /// </summary>
    private void Claim(WaitingRequest waiting, long target)
    {
        if (ClaimWhere(waiting, account => Verdict.IsShort(account, waiting.Demand, target, waiting.Deadline)) == 0
            && ClaimWhere(waiting, account => account.Waiting > 0 && Needs(waiting.Demand, account)) == 0)
            ClaimWhere(waiting, account => Needs(waiting.Demand, account));
    }

    private int ClaimWhere(WaitingRequest waiting, Func<Account, bool> isMeant)
    {
        var count = 0;
        for (var i = 0; i < waiting.Seats.Length; i++)
        {
            var account = waiting.Seats[i].Account;
            if (!isMeant(account))
                continue;
            waiting.Claims[i] = true;
            account.Waiting++;
            account.ClaimedIn = _pass;
            count++;
        }
        return count;
    }

    private static void Unclaim(WaitingRequest waiting)
    {
        for (var i = 0; i < waiting.Seats.Length; i++)
        {
            if (!waiting.Claims[i])
                continue;
            waiting.Claims[i] = false;
            waiting.Seats[i].Account.Waiting--;
        }
    }
}
