namespace Gateway.Limits;

/// <summary>
/// Moves a reservation to other accounts and periods, all or none: to those of the model and provider of a new attempt, and out of
/// periods that ended before it began. Guarded by the limiter's lock.
/// </summary>
internal static class SeatMove
{
    /// <summary>Moves.</summary>
    /// <param name="next">The seats of the attempt, nothing taken; on success the reservation's.</param>
    /// <param name="hasFreed">True when an account that somebody waits for has got something back.</param>
    /// <returns>Null, or the refusal of the first account without room.</returns>
    public static ApiError? Try(Reservation reservation, Seat[] next, DateTimeOffset now, out bool hasFreed)
    {
        hasFreed = false;
        var current = reservation.Seats;

        // 1. Is there room wherever nothing is held yet?
        foreach (ref var seat in next.AsSpan())
        {
            var at = IndexOf(current, seat.Account);
            if (at >= 0 && current[at].Epoch == seat.Account.Epoch)
                continue;
            // An account whose period ended has the tokens and the request already.
            var demand = Demand.Exactly(reservation.Bound, at < 0 ? reservation.Tokens : 0);
            var verdict = Verdict.On(new ReadOnlySpan<Seat>(in seat), demand, now, now, isNewRequest: at < 0);
            if (verdict.Cap is null)
                return LimitRefusal.Of(verdict.Full!, verdict.Kind, demand, now);
        }

        // 2. Give back what the attempt does not need.
        foreach (ref var seat in current.AsSpan())
        {
            if (IndexOf(next, seat.Account) >= 0)
                continue;
            hasFreed |= seat.Account.Waiting > 0;
            seat.Settle(reservation.Bound, NanoUsd.Zero, 0, now);
            seat.Leave();
        }

        // 3. Take what it does.
        foreach (ref var seat in next.AsSpan())
        {
            if (IndexOf(current, seat.Account) is >= 0 and var at)
                Keep(ref seat, current[at], reservation.Bound);
            else
            {
                seat.Take(reservation.Bound, reservation.Tokens, now);
                seat.Enter(now);
            }
        }
        reservation.Seats = next;
        return null;
    }

    /// <summary>Stays in an account; where its period has ended, the bound moves to the new one.</summary>
    private static void Keep(ref Seat seat, Seat current, NanoUsd bound)
    {
        var account = seat.Account;
        seat = current;
        if (seat.Epoch == account.Epoch)
            return;
        account.Reserve(bound);
        seat.Epoch = account.Epoch;
    }

    private static int IndexOf(ReadOnlySpan<Seat> seats, Account account)
    {
        for (var i = 0; i < seats.Length; i++)
        {
            if (seats[i].Account == account)
                return i;
        }
        return -1;
    }
}
