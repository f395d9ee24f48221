using System.Collections.Concurrent;

namespace Gateway.Telemetry;

/// <summary>Remembers which series belong to a set of labels, so that counting needs one look-up. Bounded; thread-safe.</summary>
/// <param name="most">Beyond so many entries nothing more is remembered, and a look-up makes what it returns.</param>
internal sealed class SeriesCache<TLabels, TSeries>(int most, Func<TLabels, TSeries> make)
    where TLabels : struct, IEquatable<TLabels>
    where TSeries : class
{
    private readonly ConcurrentDictionary<TLabels, TSeries> _known = new();
    private int _count;

    public TSeries Get(in TLabels labels)
    {
        if (_known.TryGetValue(labels, out var series))
            return series;
        series = make(labels);
        if (Volatile.Read(ref _count) >= most)
            return series;
        if (!_known.TryAdd(labels, series))
            return _known[labels];
        Interlocked.Increment(ref _count);
        return series;
    }
}
