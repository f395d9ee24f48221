namespace Gateway.Limits;

/// <summary>
/// The permission to make one request, from admission until its cost is known. It is closed exactly once, by
/// <see cref="Settle"/> with the cost or by <see cref="Dispose"/> without.
/// </summary>
public sealed class Reservation : IDisposable
{
    private readonly Account _user;
    private readonly Account? _key;
    private bool _isClosed;

    internal Reservation(Account user, Account? key) => (_user, _key) = (user, key);

    /// <summary>Books what the request has cost, all attempts together. Only the first call counts.</summary>
    /// <returns>False when the reservation was closed before.</returns>
    public bool Settle(NanoUsd cost)
    {
        if (Interlocked.Exchange(ref _isClosed, true))
            return false;
        _user.Add(cost);
        _key?.Add(cost);
        return true;
    }

    /// <summary>Gives back what was not settled: the request has cost nothing.</summary>
    public void Dispose() => Settle(NanoUsd.Zero);
}
