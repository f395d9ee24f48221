namespace Gateway.Routing;

/// <summary>How a deployment is doing; the numbers are those of LiteLLM's <c>litellm_deployment_state</c>.</summary>
public enum DeploymentHealth
{
    Healthy = 0,

    /// <summary>It failed in the current minute.</summary>
    Partial = 1,

    /// <summary>It is cooling down.</summary>
    Outage = 2,
}

/// <summary>What is remembered of one deployment while the gateway runs. Thread-safe.</summary>
/// <remarks>Times count from the router's start, so no clock change moves them.</remarks>
internal sealed class DeploymentState
{
    private readonly Lock _lock = new();
    private readonly LatencySamples _perToken = new();
    private readonly LatencySamples _firstToken = new();
    private int _inFlight;
    private TimeSpan _coolUntil;

    // The current minute's counts.
    private long _minute;
    private long _started;
    private long _tokens;
    private long _succeeded;
    private long _failed;

    /// <summary>One more call began.</summary>
    public void Started(TimeSpan now)
    {
        lock (_lock)
        {
            TurnTo(now);
            _inFlight++;
            _started++;
        }
    }

    /// <summary>A call ended.</summary>
    /// <param name="isFailure">True when it counts against the deployment. A call may be neither that nor a success.</param>
    public void Ended(Attempt attempt, bool isFailure, TimeSpan now)
    {
        lock (_lock)
        {
            TurnTo(now);
            _inFlight = Math.Max(0, _inFlight - 1);
            _tokens += attempt.Usage.Total;
            if (isFailure)
                _failed++;
            else if (attempt.ExceptionClass is null)
                _succeeded++;
            Sample(attempt, now);
        }
    }

    /// <summary>A call ended of which nothing is remembered.</summary>
    public void Released()
    {
        lock (_lock)
            _inFlight = Math.Max(0, _inFlight - 1);
    }

    /// <summary>Leaves it alone until then; a longer cooldown that already runs stays.</summary>
    public void Cool(TimeSpan until)
    {
        lock (_lock)
            _coolUntil = until > _coolUntil ? until : _coolUntil;
    }

    public TimeSpan Cooldown(TimeSpan now)
    {
        lock (_lock)
            return Remaining(now);
    }

    public int InFlight
    {
        get { lock (_lock) return _inFlight; }
    }

    public DeploymentHealth Health(TimeSpan now)
    {
        lock (_lock)
        {
            TurnTo(now);
            return Remaining(now) > TimeSpan.Zero ? DeploymentHealth.Outage
                : _failed > 0 ? DeploymentHealth.Partial
                : DeploymentHealth.Healthy;
        }
    }

    /// <summary>Calls that ended in the current minute with success, and that failed.</summary>
    public (long Succeeded, long Failed) Outcomes(TimeSpan now)
    {
        lock (_lock)
        {
            TurnTo(now);
            return (_succeeded, _failed);
        }
    }

    /// <summary>Writes the state into the facts of a decision.</summary>
    public void Describe(ref Candidate candidate, TimeSpan now, TimeSpan latencyTtl)
    {
        lock (_lock)
        {
            TurnTo(now);
            candidate = candidate with
            {
                InFlight = _inFlight,
                Requests = _started,
                Tokens = _tokens,
                SecondsPerToken = _perToken.Mean(now, latencyTtl),
                SecondsToFirstToken = _firstToken.Mean(now, latencyTtl),
                Cooldown = Remaining(now),
            };
        }
    }

    private TimeSpan Remaining(TimeSpan now) => _coolUntil > now ? _coolUntil - now : TimeSpan.Zero;

    private void TurnTo(TimeSpan now)
    {
        var minute = now.Ticks / TimeSpan.TicksPerMinute;
        if (minute <= _minute)
            return;
        _minute = minute;
        _started = _tokens = _succeeded = _failed = 0;
    }

    // A time-out is a sample too: as long as was waited, undivided. (LiteLLM enters 1000 s.) Other failures say nothing of the speed.
    private void Sample(Attempt attempt, TimeSpan now)
    {
        if (attempt.ExceptionClass is not null && attempt.Status != 408)
            return;
        if (attempt.TimeToFirstToken is { } first)
            _firstToken.Add(first.TotalSeconds, now);
        else if (attempt.ExceptionClass is not null)
            _firstToken.Add(attempt.Latency.TotalSeconds, now);
        // Embeddings have no output tokens: there the whole answer counts as one.
        _perToken.Add(attempt.Latency.TotalSeconds / Math.Max(1, attempt.Usage.Completion), now);
    }
}
