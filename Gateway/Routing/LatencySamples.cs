namespace Gateway.Routing;

/// <summary>The last samples of one latency, each forgotten after a while. Not thread-safe: <see cref="DeploymentState"/> locks.</summary>
/// <remarks>A ring in which the oldest goes. (In LiteLLM a full list overwrites only its last place.)</remarks>
internal sealed class LatencySamples
{
    /// <param name="IsPenalty">True for a call that did not come to an end: it counts in a mean, but is no measure of the speed.</param>
    private readonly record struct Sample(double Seconds, TimeSpan At, bool IsPenalty);

    private Sample[] _ring = [];
    private int _count;
    private int _next;

    /// <param name="capacity">How many samples are kept; a ring only grows.</param>
    public void Add(double seconds, TimeSpan now, int capacity, bool isPenalty = false)
    {
        if (_count == _ring.Length && _count < capacity)
            Grow(capacity);
        _ring[_next] = new(seconds, now, isPenalty);
        _next = (_next + 1) % _ring.Length;
        _count = Math.Min(_count + 1, _ring.Length);
    }

    /// <summary>The mean of the last <paramref name="most"/> samples younger than <paramref name="ttl"/>. Null: there is none.</summary>
    public double? Mean(TimeSpan now, TimeSpan ttl, int most)
    {
        var sum = 0.0;
        var young = 0;
        for (var i = 0; i < Math.Min(_count, most); i++)
        {
            ref readonly var sample = ref Last(i);
            if (now - sample.At >= ttl)
                break;   // and so are all before it
            sum += sample.Seconds;
            young++;
        }
        return young == 0 ? null : sum / young;
    }

    /// <summary>Adds the measured seconds that are younger than <paramref name="ttl"/> to a list.</summary>
    public void CopyTo(List<double> seconds, TimeSpan now, TimeSpan ttl)
    {
        for (var i = 0; i < _count && now - Last(i).At < ttl; i++)
            if (!Last(i).IsPenalty)
                seconds.Add(Last(i).Seconds);
    }

    /// <summary>The newest sample for 0, the one before it for 1.</summary>
    private ref readonly Sample Last(int back) => ref _ring[(_next - 1 - back + _ring.Length) % _ring.Length];

    private void Grow(int capacity)
    {
        var larger = new Sample[Math.Min(capacity, Math.Max(FirstSize, _count * 2))];
        for (var i = 0; i < _count; i++)
            larger[i] = Last(_count - 1 - i);
        _ring = larger;
        _next = _count;
    }

    /// <summary>Where a ring begins to grow: most deployments of a long list are hardly called.</summary>
    private const int FirstSize = 16;
}
