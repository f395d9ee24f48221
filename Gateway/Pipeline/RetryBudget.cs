using Gateway.Config;

namespace Gateway.Pipeline;

/// <summary>Bounds retries and hedges by the requests of the last seconds, so that they never become a storm. Thread-safe.</summary>
/// <remarks>
/// The window slides in steps of a second. Requests are counted when they come in and what is taken when it is decided on, so the bound
/// holds at every moment: an outage costs an upstream at most the share and the floor on top of what clients send.
/// </remarks>
internal sealed class RetryBudget(TimeProvider time)
{
    /// <summary>Seconds that count, one bucket each: long enough to be steady, short enough to follow the traffic.</summary>
    private const int Seconds = 10;

    /// <summary>Hedges that quiet times may save up: a burst of slow answers gets so many beyond its share.</summary>
    private const double MostSavedHedges = 10;

    /// <summary>Twenty times a twentieth, as floating point adds it up, falls a little short of 1.</summary>
    private const double OneHedge = 1 - 1e-9;

    private readonly Lock _lock = new();
    private readonly Counts[] _buckets = new Counts[Seconds];
    private readonly long _start = time.GetTimestamp();
    private Counts _sum;
    private long _second;
    private double _hedges;

    private record struct Counts(long Requests, long Extra);

    /// <summary>A request came in.</summary>
    /// <param name="hedgeShare">The share of requests that may be hedged; 0: none.</param>
    public void CountRequest(double hedgeShare)
    {
        lock (_lock)
        {
            Turn();
            Add(new(1, 0));
            _hedges = Math.Min(_hedges + hedgeShare, MostSavedHedges);
        }
    }

    /// <summary>Takes one retry. False: there is none left.</summary>
    public bool TryTakeRetry(RetryBudgetSettings settings)
    {
        lock (_lock)
        {
            Turn();
            if (!HasRoom(settings))
                return false;
            Add(new(0, 1));
            return true;
        }
    }

    /// <summary>Takes one hedge, which counts as a retry too. False: there is none left.</summary>
    public bool TryTakeHedge(RetryBudgetSettings settings)
    {
        lock (_lock)
        {
            Turn();
            if (!HasRoom(settings) || _hedges < OneHedge)
                return false;
            _hedges--;
            Add(new(0, 1));
            return true;
        }
    }

    private bool HasRoom(RetryBudgetSettings settings) => _sum.Extra + 1 <= settings.Ratio * _sum.Requests + settings.Floor;

    private void Add(Counts more)
    {
        Sum(ref _buckets[_second % Seconds], more);
        Sum(ref _sum, more);
    }

    private static void Sum(ref Counts counts, Counts more) =>
        counts = new(counts.Requests + more.Requests, counts.Extra + more.Extra);

    /// <summary>Forgets the seconds that are over.</summary>
    private void Turn()
    {
        var now = time.GetElapsedTime(_start).Ticks / TimeSpan.TicksPerSecond;
        if (now - _second >= Seconds)
        {
            Array.Clear(_buckets);
            _sum = default;
            _second = now;
        }
        while (_second < now)
        {
            ref var oldest = ref _buckets[++_second % Seconds];
            Sum(ref _sum, new(-oldest.Requests, -oldest.Extra));
            oldest = default;
        }
    }
}
