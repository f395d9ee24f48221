namespace Gateway.Routing;

/// <summary>Counts the outcomes of the last minute. Not thread-safe: <see cref="DeploymentState"/> locks.</summary>
internal sealed class OutcomeWindow
{
    // A sliding minute in steps of 5 s: an outcome counts for 55 to 60 s.
    private const int Steps = 12;
    private const long TicksPerStep = TimeSpan.TicksPerMinute / Steps;

    private readonly int[] _counts = new int[Steps * CallOutcomes.Count];
    private long _step;

    public void Add(CallOutcome outcome, TimeSpan now)
    {
        TurnTo(now);
        _counts[(int)(_step % Steps) * CallOutcomes.Count + (int)outcome]++;
    }

    public long Of(CallOutcome outcome, TimeSpan now)
    {
        TurnTo(now);
        var sum = 0L;
        for (var i = (int)outcome; i < _counts.Length; i += CallOutcomes.Count)
            sum += _counts[i];
        return sum;
    }

    /// <summary>All failures that say something about the deployment.</summary>
    public long Failed(TimeSpan now)
    {
        TurnTo(now);
        var sum = 0L;
        for (var i = 0; i < _counts.Length; i++)
            if (CallOutcomes.IsFailure((CallOutcome)(i % CallOutcomes.Count)))
                sum += _counts[i];
        return sum;
    }

    private void TurnTo(TimeSpan now)
    {
        var step = now.Ticks / TicksPerStep;
        for (var emptied = 0; _step < step; emptied++)
        {
            if (emptied == Steps)
            {
                _step = step;
                return;
            }
            _step++;
            Array.Clear(_counts, (int)(_step % Steps) * CallOutcomes.Count, CallOutcomes.Count);
        }
    }
}
