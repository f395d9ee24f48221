namespace Gateway.Upstream;

/// <summary>Bounds the memory that all buffered bodies and answers take together.</summary>
public sealed class BufferBudget(long maxBytes)
{
    private long _used;
    private long _maxBytes = maxBytes;

    /// <summary>Bytes in use.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>Takes a new bound over; what is in use stays, even where it is more.</summary>
    public void Use(long maxBytes) => Volatile.Write(ref _maxBytes, maxBytes);

    /// <summary>Takes <paramref name="bytes"/> if they fit.</summary>
    /// <returns>False: nothing was taken.</returns>
    public bool TryTake(long bytes)
    {
        // Compared before it is added: a large one that does not fit must not stand in the way of small ones for a moment.
        for (var used = Used; bytes <= Volatile.Read(ref _maxBytes) - used;)
        {
            var seen = Interlocked.CompareExchange(ref _used, used + bytes, used);
            if (seen == used)
                return true;
            used = seen;
        }
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(long bytes) => Interlocked.Add(ref _used, -bytes);
}
