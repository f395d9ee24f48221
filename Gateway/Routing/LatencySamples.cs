namespace Gateway.Routing;

/// <summary>The last samples of one latency, each forgotten after a while. Not thread-safe: <see cref="DeploymentState"/> locks.</summary>
internal sealed class LatencySamples
{
    /// <summary>LiteLLM's <c>max_latency_list_size</c>. (There a full list overwrites only its last place; here the oldest goes.)</summary>
    private const int Size = 10;

    private readonly (double Seconds, TimeSpan At)[] _ring = new (double, TimeSpan)[Size];
    private int _count;
    private int _next;

    public void Add(double seconds, TimeSpan now)
    {
        _ring[_next] = (seconds, now);
        _next = (_next + 1) % Size;
        _count = Math.Min(_count + 1, Size);
    }

    /// <summary>The mean of the samples younger than <paramref name="ttl"/>. Null: there is none.</summary>
    public double? Mean(TimeSpan now, TimeSpan ttl)
    {
        var sum = 0.0;
        var young = 0;
        for (var i = 0; i < _count; i++)
        {
            if (now - _ring[i].At >= ttl)
                continue;
            sum += _ring[i].Seconds;
            young++;
        }
        return young == 0 ? null : sum / young;
    }
}
