using System.Collections.Immutable;

namespace Gateway.Limits;

/// <summary>
/// The permission to spend up to a bound, from admission until the cost is known. It is closed exactly once, by <see cref="Settle"/>
/// with the cost or by <see cref="Dispose"/> without. Safe for use by many threads.
/// </summary>
/// <remarks>
/// It pays for one attempt, and for the next one as long as those before have cost nothing; an attempt beside it, or after one that
/// was paid for, needs a slice of its own (<see cref="TryExtend"/>). A request counts as parallel until its reservation is disposed of.
/// </remarks>
public sealed class Reservation : IDisposable
{
    private readonly Limiter _limiter;

    internal Reservation(
        Limiter limiter, ImmutableArray<LimitedSubject> subjects, Seat[] seats, string model, LimitedSubject? provider) =>
        (_limiter, Subjects, Seats, Model, Provider) = (limiter, subjects, seats, model, provider);

    /// <summary>What it may cost.</summary>
    public NanoUsd Bound { get; internal init; }

    /// <summary>Input and output tokens that are held from the limits per minute.</summary>
    public long Tokens { get; internal init; }

    /// <summary>The output cap to be sent upstream.</summary>
    public long OutputCap { get; internal init; }

    /// <summary>True when <see cref="OutputCap"/> is less than was asked for.</summary>
    public bool IsLowered { get; internal init; }

    /// <summary>By how much the cost was above the bound: zero, unless a bound was computed wrong. The cost is booked whole.</summary>
    public NanoUsd Overshoot { get; internal set; }

    /// <summary>True when anybody who pays has a limit.</summary>
    public bool IsLimited => Subjects.Any(static subject => subject.Limits.IsLimited);

    /// <summary>True once it was paid from: the next attempt needs a slice of its own.</summary>
    public bool IsSpent => IsSettled;

    // Guarded by the limiter's lock.
    internal Seat[] Seats { get; set; }
    internal ImmutableArray<LimitedSubject> Subjects { get; }
    internal string Model { get; set; }
    internal LimitedSubject? Provider { get; set; }
    internal bool IsSettled { get; set; }
    internal bool IsDisposed { get; set; }

    /// <summary>
    /// To be called when an attempt begins, with the time that its ledger row will carry. Moves what is reserved to the periods that the
    /// time lies in, and to the accounts of another model or provider.
    /// </summary>
    /// <returns>Null, or the refusal of the account that has no room: then the attempt must not be made, and nothing has changed.</returns>
    /// <exception cref="InvalidOperationException">The reservation is closed: its money is spent.</exception>
    public ApiError? BeginAttempt(in AttemptStart start) => _limiter.BeginAttempt(this, start);

    /// <summary>Reserves a second slice, for a hedge or for a retry after an attempt that was paid for. Does not wait.</summary>
    /// <returns>To be settled and disposed of like this one. Null: it does not fit.</returns>
    public Reservation? TryExtend(NanoUsd bound, long tokens, in AttemptStart start) => _limiter.TryExtend(this, bound, tokens, start);

    /// <summary>Books what was spent, in the periods in which the attempt began. Only the first call counts.</summary>
    /// <param name="tokens">Input and output tokens.</param>
    /// <returns>False when the reservation was closed before.</returns>
    public bool Settle(NanoUsd cost, long tokens = 0) => _limiter.Close(this, cost, tokens, isDisposing: false);

    /// <summary>Gives back what was not settled: the request has cost nothing. The request is not parallel to others any more.</summary>
    public void Dispose() => _limiter.Close(this, NanoUsd.Zero, 0, isDisposing: true);
}
