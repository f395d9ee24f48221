namespace Gateway.Routing;

/// <summary>How a deployment is doing; the numbers are those of LiteLLM's <c>litellm_deployment_state</c>.</summary>
public enum DeploymentHealth
{
    Healthy = 0,

    /// <summary>It failed within the last minute.</summary>
    Partial = 1,

    /// <summary>It is cooling down.</summary>
    Outage = 2,
}

/// <summary>The failures of a deployment within the last minute.</summary>
/// <param name="OfOutcome">Those with one outcome.</param>
internal readonly record struct OutcomeCounts(long Succeeded, long Failed, long OfOutcome, int FailedInRow);

/// <summary>What is remembered of one deployment while the gateway runs. Thread-safe.</summary>
/// <remarks>Times count from the router's start, so no clock change moves them.</remarks>
internal sealed class DeploymentState
{
    /// <summary>Enough for a 95th percentile that five samples lie beyond.</summary>
    private const int SamplesKept = 100;

    /// <summary>How long samples count for a percentile: the provider's speed is another at another time of day.</summary>
    private static readonly TimeSpan PercentileAge = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly OutcomeWindow _outcomes = new();
    private int _failedInRow;
    private readonly LatencySamples _perToken = new();
    private readonly LatencySamples _firstToken = new();
    private readonly LatencySamples _answers = new();
    private TimeSpan _coolUntil;
    private bool _isUnhealthy;
    private int _inFlight;

    // Estimated input tokens of the calls in flight: each call gives back what it began with.
    private long _tokensInFlight;

    // The current minute's counts, by which rpm and tpm are kept.
    private long _minute;
    private long _started;
    private long _tokens;

    /// <summary>One more call began, whatever the limits.</summary>
    public void Started(TimeSpan now)
    {
        lock (_lock)
            Begin(0, now);
    }

    /// <summary>Begins a call if the facts of this moment still allow it, and writes them into <paramref name="candidate"/>.</summary>
    public bool TryStart(ref Candidate candidate, RouteRules rules, in RouteRequest request, TimeSpan now)
    {
        lock (_lock)
        {
            var seen = candidate;
            Count(ref candidate, now);
            if (!rules.MayStart(seen, candidate, request))
                return false;
            Begin(request.InputTokens, now);
            return true;
        }
    }

    /// <summary>A call ended.</summary>
    /// <param name="inputTokens">What it began with.</param>
    /// <param name="outcome">Null: it counts neither for nor against the deployment.</param>
    /// <param name="meanOf"><c>max_latency_list_size</c>.</param>
    public void Ended(Attempt attempt, long inputTokens, CallOutcome? outcome, int meanOf, TimeSpan now)
    {
        lock (_lock)
        {
            EndOne(inputTokens, attempt.Usage.Total, now);
            if (outcome is { } known)
            {
                _outcomes.Add(known, now);
                _failedInRow = known == CallOutcome.Success ? 0 : CallOutcomes.IsFailure(known) ? _failedInRow + 1 : _failedInRow;
            }
            Sample(attempt, Math.Max(SamplesKept, meanOf), now);
        }
    }

    /// <summary>A call ended of which nothing is remembered but the tokens that it used.</summary>
    public void Released(long inputTokens, long usedTokens, TimeSpan now)
    {
        lock (_lock)
            EndOne(inputTokens, usedTokens, now);
    }

    /// <summary>A call was not made: it is none of the minute in which it began.</summary>
    public void NotStarted(long inputTokens, TimeSpan began, TimeSpan now)
    {
        lock (_lock)
        {
            EndOne(inputTokens, 0, now);
            if (MinuteOf(began) == _minute && _started > 0)
                _started--;
        }
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

    /// <summary>True when the last health check found it broken.</summary>
    public bool IsUnhealthy
    {
        get { lock (_lock) return _isUnhealthy; }
        set { lock (_lock) _isUnhealthy = value; }
    }

    public int InFlight
    {
        get { lock (_lock) return _inFlight; }
    }

    public DeploymentHealth Health(TimeSpan now)
    {
        lock (_lock)
            return Remaining(now) > TimeSpan.Zero ? DeploymentHealth.Outage
                : _outcomes.Failed(now) > 0 ? DeploymentHealth.Partial
                : DeploymentHealth.Healthy;
    }

    /// <summary>Calls that ended within the last minute.</summary>
    public OutcomeCounts Outcomes(CallOutcome outcome, TimeSpan now)
    {
        lock (_lock)
            return new(_outcomes.Of(CallOutcome.Success, now), _outcomes.Failed(now), _outcomes.Of(outcome, now), _failedInRow);
    }

    /// <summary>Writes the state into the facts of a decision.</summary>
    /// <param name="latencyTtl">How long latency samples count. Null: nobody asks for them.</param>
    /// <param name="meanOf"><c>max_latency_list_size</c>.</param>
    public void Describe(ref Candidate candidate, TimeSpan? latencyTtl, int meanOf, TimeSpan now)
    {
        lock (_lock)
        {
            Count(ref candidate, now);
            if (latencyTtl is { } ttl)
                candidate = candidate with
                {
                    SecondsPerToken = _perToken.Mean(now, ttl, meanOf),
                    SecondsToFirstToken = _firstToken.Mean(now, ttl, meanOf),
                };
        }
    }

    /// <summary>Adds the measured seconds of recent streams to their first token, or of recent answers, to a list.</summary>
    public void CopySamples(List<double> seconds, bool ofFirstTokens, TimeSpan now)
    {
        lock (_lock)
            (ofFirstTokens ? _firstToken : _answers).CopyTo(seconds, now, PercentileAge);
    }

    private void Count(ref Candidate candidate, TimeSpan now)
    {
        TurnTo(now);
        candidate = candidate with
        {
            InFlight = _inFlight,
            Requests = _started,
            Tokens = _tokens + _tokensInFlight,
            Cooldown = Remaining(now),
            IsUnhealthy = _isUnhealthy,
        };
    }

    private void Begin(long inputTokens, TimeSpan now)
    {
        TurnTo(now);
        _inFlight++;
        _started++;
        _tokensInFlight += inputTokens;
    }

    private void EndOne(long inputTokens, long usedTokens, TimeSpan now)
    {
        TurnTo(now);
        _tokens += usedTokens;
        if (_inFlight == 0)
            return;
        _inFlight--;
        // Nothing is left when none is, even if the state was forgotten and made anew while calls ran.
        _tokensInFlight = _inFlight == 0 ? 0 : Math.Max(0, _tokensInFlight - inputTokens);
    }

    private TimeSpan Remaining(TimeSpan now) => _coolUntil > now ? _coolUntil - now : TimeSpan.Zero;

    private void TurnTo(TimeSpan now)
    {
        var minute = MinuteOf(now);
        if (minute <= _minute)
            return;
        _minute = minute;
        _started = _tokens = 0;
    }

    private static long MinuteOf(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMinute;

    // A time-out is a sample too: as long as was waited, undivided. (LiteLLM enters 1000 s.) Other failures say nothing of the speed.
    private void Sample(Attempt attempt, int capacity, TimeSpan now)
    {
        var isPenalty = attempt.ExceptionClass is not null;
        if (isPenalty && attempt.Status != 408)
            return;
        var seconds = attempt.Latency.TotalSeconds;
        if (attempt.TimeToFirstToken is { } first)
            _firstToken.Add(first.TotalSeconds, now, capacity);
        else if (isPenalty)
            _firstToken.Add(seconds, now, capacity, isPenalty);
        else
            _answers.Add(seconds, now, capacity);
        // Embeddings have no output tokens: there the whole answer counts as one.
        _perToken.Add(seconds / Math.Max(1, attempt.Usage.Completion), now, capacity, isPenalty);
    }
}
