namespace Gateway.Limits;

/// <summary>What one user or key has spent. Safe for use by many threads.</summary>
internal sealed class Account(NanoUsd spent)
{
    private long _spent = spent.Value;

    public NanoUsd Spent => new(Volatile.Read(ref _spent));

    /// <summary>A sum that leaves 64 bits stays at the largest amount: turning negative, it would open every budget.</summary>
    public void Add(NanoUsd cost)
    {
        long before, after;
        do
        {
            before = Volatile.Read(ref _spent);
            after = (long)Int128.Min((Int128)before + cost.Value, long.MaxValue);
        }
        while (Interlocked.CompareExchange(ref _spent, after, before) != before);
    }
}
