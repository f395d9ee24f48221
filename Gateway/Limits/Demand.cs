namespace Gateway.Limits;

/// <summary>What a request wants of its accounts, and how far it may be cut.</summary>
/// <remarks>
/// One rule for money and for tokens per minute. A request gets its whole output cap where that fits. Where it does not, it gets less
/// at once only down to <see cref="Wanted"/>: a cap that the client set is not cut before the wait is over, one that nobody asked for
/// may fall to what few answers exceed. Else it waits for what it could have if all that is in flight settled at nothing. When the wait
/// is over, or nothing is in flight any more, it takes what there is, but not less than <see cref="Least"/>. Only a client's own cap that
/// the tokens per minute could grant whole is never cut for them: the client gets a retry-after, and the whole answer later.
/// </remarks>
internal readonly struct Demand
{
    public required CostBound Bound { get; init; }

    /// <summary>The cost with the whole output cap.</summary>
    public required NanoUsd FullCost { get; init; }

    /// <summary>The output cap below which the request is refused.</summary>
    public required long Least { get; init; }

    /// <summary>The output cap that is given without a wait.</summary>
    public required long Wanted { get; init; }
    public required bool IsCapExplicit { get; init; }

    public static Demand Of(in AdmitRequest request, LimiterSettings settings)
    {
        var cap = request.Bound.OutputCap;
        return new Demand
        {
            Bound = request.Bound,
            FullCost = request.Bound.CostOf(cap),
            Least = request.CanLower ? Math.Min(cap, settings.MinOutputTokens) : cap,
            Wanted = request.CanLower && !request.IsCapExplicit ? Math.Min(cap, settings.AmpleOutputTokens) : cap,
            IsCapExplicit = request.IsCapExplicit,
        };
    }

    /// <summary>A demand for exactly this much, for what is not to be cut.</summary>
    public static Demand Exactly(NanoUsd cost, long tokens) => new()
    {
        Bound = new CostBound { FixedCost = cost, InputTokens = tokens },
        FullCost = cost,
        Least = 0,
        Wanted = 0,
        IsCapExplicit = true,
    };

    /// <summary>
    /// The output cap that an account's budget pays for, now or if all that is in flight settled at nothing. -1: none.
    /// A budget of zero is closed to all; what costs nothing needs no other.
    /// </summary>
    /// <param name="deadline">A budget that begins anew until then counts as whole when <paramref name="ifAllSettle"/>.</param>
    public long CapOfMoney(Account account, bool ifAllSettle, DateTimeOffset deadline)
    {
        if (account.Limits.MaxBudget is not { } limit)
            return Bound.OutputCap;
        if (limit.Value == 0)
            return -1;
        if (FullCost.Value == 0)
            return Bound.OutputCap;
        if (!ifAllSettle)
            return Bound.CapWithin((Int128)limit.Value - account.Spent.Value - account.Reserved);
        return Bound.CapWithin(account.Span.End <= deadline ? limit.Value : (Int128)limit.Value - account.Spent.Value);
    }

    /// <summary>As <see cref="CapOfMoney"/>, for tokens per minute.</summary>
    /// <param name="cap">The output cap that money pays for.</param>
    public long CapOfTokens(Account account, bool ifAllSettle, long cap)
    {
        if (account.Limits.Tpm is not { } limit)
            return Bound.OutputCap;
        if (limit == 0)
            return -1;
        var granted = Bound.CapWithinTokens(account.LeftOfTokens(ifAllSettle));
        return granted < cap && MustBeWhole(limit) ? -1 : granted;
    }

    /// <summary>The tokens of which an account must have room before the request can pass.</summary>
    public long TokensNeeded(long limit) => Bound.TokensOf(MustBeWhole(limit) ? Bound.OutputCap : Least);

    private bool MustBeWhole(long limit) => IsCapExplicit && Bound.TokensOf(Bound.OutputCap) <= limit;
}
