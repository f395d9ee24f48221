namespace Gateway.Limits;

/// <summary>
/// Counts what passed in the last 60 seconds, second by second, the oldest second whole: as long as nothing is added that lifts
/// <see cref="Sum"/> above a limit, no 60 seconds, wherever they begin, hold more than the limit. Not safe for threads by itself.
/// </summary>
internal sealed class RateWindow
{
    /// <summary>60 seconds that begin within a second touch 61 seconds of the clock.</summary>
    public const int Seconds = 61;

    private readonly long[] _counts = new long[Seconds];
    private long _second = long.MinValue;

    /// <summary>What counts at the time of the last <see cref="MoveTo"/>.</summary>
    public long Sum { get; private set; }

    /// <summary>The second of the clock that an instant lies in.</summary>
    public static long SecondOf(DateTimeOffset time) => time.UtcTicks / TimeSpan.TicksPerSecond;

    /// <summary>Forgets what is over. A clock that was set back stands still here until it has caught up.</summary>
    /// <returns>The second that is counted in now.</returns>
    public long MoveTo(long second)
    {
        if (second <= _second)
            return _second;
        if (second - Seconds >= _second || _second == long.MinValue)
        {
            Array.Clear(_counts);
            Sum = 0;
            return _second = second;
        }
        while (_second < second)
        {
            ref var oldest = ref _counts[Index(++_second)];
            Sum -= oldest;
            oldest = 0;
        }
        return _second;
    }

    /// <summary>Counts in a second; one that is over counts no more, one to come is now.</summary>
    /// <param name="count">Negative: gives back what was counted there.</param>
    public void Add(long second, long count)
    {
        if (second <= _second - Seconds)
            return;
        ref var counted = ref _counts[Index(Math.Min(second, _second))];
        counted = checked(counted + count);
        Sum += count;
    }

    /// <summary>The second in which at least <paramref name="room"/> of what counts now is over. Null: all of it is less.</summary>
    public long? SecondWithout(long room)
    {
        var gone = 0L;
        for (var second = _second - Seconds + 1; second <= _second; second++)
        {
            gone += _counts[Index(second)];
            if (gone >= room)
                return room <= 0 ? _second : second + Seconds;
        }
        return null;
    }

    /// <summary>The second in which nothing that counts now counts any more.</summary>
    public long EmptySecond
    {
        get
        {
            for (var second = _second; second > _second - Seconds; second--)
            {
                if (_counts[Index(second)] != 0)
                    return second + Seconds;
            }
            return _second;
        }
    }

    private static int Index(long second) => (int)(second % Seconds);
}
