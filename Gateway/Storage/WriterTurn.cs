namespace Gateway.Storage;

/// <summary>Whose turn it is to write: one thread's at a time, without anybody waiting. Safe for use by many threads.</summary>
internal sealed class WriterTurn
{
    private const int Free = 0;
    private const int Taken = 1;
    private const int Wanted = 2;

    private int _state;

    /// <summary>Takes the turn.</summary>
    /// <returns>False: another thread has it, and will find at its end that it was wanted.</returns>
    public bool TryTake()
    {
        while (true)
        {
            var seen = Volatile.Read(ref _state);
            var next = seen == Free ? Taken : Wanted;
            // Written also where nothing changes: so what this thread has brought is seen by the one that finds the turn wanted.
            if (Interlocked.CompareExchange(ref _state, next, seen) == seen)
                return seen == Free;
        }
    }

    /// <summary>Ends the turn.</summary>
    /// <returns>False: it was wanted meanwhile, and goes on.</returns>
    public bool TryEnd()
    {
        if (Interlocked.CompareExchange(ref _state, Free, Taken) == Taken)
            return true;
        Interlocked.Exchange(ref _state, Taken);
        return false;
    }
}
