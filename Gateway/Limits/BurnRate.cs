namespace Gateway.Limits;

/// <summary>How fast a subject spends: sums of five minutes over the last six hours. Not safe for threads by itself.</summary>
internal sealed class BurnRate
{
    /// <summary>Fine enough for an alert an hour ahead, and 600 bytes per subject.</summary>
    private const long SliceTicks = 5 * TimeSpan.TicksPerMinute;

    /// <summary>Six hours and the slice that has begun.</summary>
    private const int Slices = 73;

    private readonly long[] _sums = new long[Slices];
    private long _slice = -1;

    public void Add(DateTimeOffset now, NanoUsd cost)
    {
        MoveTo(now);
        ref var sum = ref _sums[_slice % Slices];
        sum = (long)Int128.Min((Int128)sum + cost.Value, long.MaxValue);
    }

    /// <summary>Spend per second over the last hours, whole slices, as nano-dollars.</summary>
    /// <param name="hours">1 to 6.</param>
    public double PerSecond(DateTimeOffset now, int hours)
    {
        MoveTo(now);
        var before = hours * (int)(TimeSpan.TicksPerHour / SliceTicks);
        double spent = 0;
        for (var i = 0; i <= before && _slice - i >= 0; i++)
            spent += _sums[(_slice - i) % Slices];
        var covered = before * SliceTicks + Math.Max(0, now.UtcTicks - _slice * SliceTicks);
        return spent / ((double)covered / TimeSpan.TicksPerSecond);
    }

    private void MoveTo(DateTimeOffset now)
    {
        var slice = now.UtcTicks / SliceTicks;
        if (_slice < 0 || slice - _slice >= Slices)
        {
            Array.Clear(_sums);
            _slice = Math.Max(slice, _slice);
        }
        while (_slice < slice)
            _sums[++_slice % Slices] = 0;
    }
}
