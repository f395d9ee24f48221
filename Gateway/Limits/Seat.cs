namespace Gateway.Limits;

/// <summary>The place of one reservation in one account: what it holds there and in which period.</summary>
internal struct Seat
{
    public required Account Account { get; init; }

    /// <summary>The account's epoch in which the bound was reserved; the cost is booked there.</summary>
    public long Epoch;

    /// <summary>The second in which the tokens were reserved.</summary>
    public long Second;

    /// <summary>Tokens held in <see cref="Second"/>; 0 where tokens are not limited.</summary>
    public long Tokens;

    /// <summary>True when one of the account's parallel requests is this one.</summary>
    public bool IsInside;

    /// <summary>Reserves, in the account's current period.</summary>
    public void Take(NanoUsd bound, long tokens, DateTimeOffset now)
    {
        Epoch = Account.Epoch;
        Account.Reserve(bound);
        if (Account.Tokens is null)
            return;
        (Second, Tokens) = (Account.Tokens.MoveTo(RateWindow.SecondOf(now)), tokens);
        Account.HoldTokens(Second, tokens);
    }

    /// <summary>Counts a request and enters, in addition to <see cref="Take"/>.</summary>
    public void Enter(DateTimeOffset now)
    {
        if (Account.Requests is { } requests)
            Account.CountRequest(requests.MoveTo(RateWindow.SecondOf(now)));
        Account.Enter();
        IsInside = true;
    }

    /// <summary>Books a cost instead of the bound, and tokens instead of those held.</summary>
    public void Settle(NanoUsd bound, NanoUsd cost, long tokens, DateTimeOffset now)
    {
        Account.Settle(Epoch, bound, cost, now);
        if (Tokens > 0 || tokens > 0 && Second > 0)
            Account.SettleTokens(Second, Tokens, tokens, now);
        Tokens = 0;
    }

    public void Leave()
    {
        if (!IsInside)
            return;
        Account.Leave();
        IsInside = false;
    }

    /// <summary>What the tightest budget has left, not below zero. Null: there is none.</summary>
    public static NanoUsd? LeftOf(ReadOnlySpan<Seat> seats)
    {
        Int128? least = null;
        foreach (ref readonly var seat in seats)
        {
            if (seat.Account.Left is { } left && (least is not { } other || left < other))
                least = left;
        }
        return least is { } most ? new NanoUsd((long)Int128.Max(0, most)) : null;
    }
}
