using Gateway.Limits;

namespace Gateway.Pipeline;

/// <summary>
/// The money of one request while its attempts are made. What was reserved at admission pays for one attempt, and for the next as long as
/// those before have cost nothing; a second attempt beside one, or after one that was paid for, reserves a slice of its own.
/// </summary>
internal sealed class RequestMoney : IDisposable
{
    private readonly Reservation _admitted;
    private Reservation _current;
    private List<Reservation>? _extra;

    public RequestMoney(Reservation admitted, RequestBound bound) => (_admitted, _current, Bound) = (admitted, admitted, bound);

    /// <summary>What attempts can cost at most.</summary>
    public RequestBound Bound { get; }

    /// <summary>The most output tokens of one choice.</summary>
    public long OutputCap => _admitted.OutputCap;

    /// <summary>True when <see cref="OutputCap"/> is less than was asked for.</summary>
    public bool IsLowered => _admitted.IsLowered;

    /// <summary>True when anybody who pays for a call has a limit.</summary>
    /// <param name="provider">Whom it goes to, with its budget. Null: it has none.</param>
    public bool IsLimitedAt(LimitedSubject? provider) => _admitted.IsLimited || provider is { Limits.IsLimited: true };

    /// <summary>Reserves for an attempt that begins.</summary>
    /// <param name="most">What it can cost at most, and its tokens.</param>
    /// <param name="slice">To be settled when the attempt has ended.</param>
    /// <returns>Null, or the refusal of whoever has no room for it: then the attempt must not be made.</returns>
    public ApiError? Begin(AttemptKind kind, in AttemptBound most, in AttemptStart start, out Reservation slice)
    {
        slice = _current;
        // Who else pays was asked at the admission, before a provider was chosen.
        if (most.UnpricedModel is { } unpriced && start.Provider is { Limits.MaxBudget: not null })
            return ApiError.UnknownPrice(unpriced, AdmitRequest.TokenPrices);
        if (kind != AttemptKind.Hedge && !_current.IsSpent)
            return _current.BeginAttempt(start);
        if (_admitted.TryExtend(most.Cost, most.Tokens, start) is not { } extra)
            return ApiError.NoMoneyForMore(most.Cost);
        slice = extra;
        (_extra ??= []).Add(extra);
        if (kind != AttemptKind.Hedge)
            _current = extra;
        return null;
    }

    /// <summary>Books what an attempt has cost. One that has cost nothing leaves its slice to the next.</summary>
    public void Settle(Reservation slice, Attempt attempt)
    {
        var tokens = attempt.Usage.Total;
        if (attempt.Cost.Value > 0 || tokens > 0)
            slice.Settle(attempt.Cost, tokens);
        else if (slice != _current)
            slice.Dispose();
    }

    /// <summary>Gives back what was not spent; the request is not parallel to others any more.</summary>
    public void Dispose()
    {
        _admitted.Dispose();
        foreach (var slice in _extra ?? [])
            slice.Dispose();
    }
}
