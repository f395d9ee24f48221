using System.Collections.Concurrent;

namespace Gateway.Telemetry;

/// <summary>One series of a metric: its labels and a running count, or the last value. Thread-safe.</summary>
internal sealed class Series(KeyValuePair<string, object?>[] tags)
{
    private long _value;

    public KeyValuePair<string, object?>[] Tags => tags;
    public long Value => Interlocked.Read(ref _value);
    public void Add(long count) => Interlocked.Add(ref _value, count);
    public void Set(long value) => Volatile.Write(ref _value, value);
}

/// <summary>All series of one metric, at most so many: the rest share one whose labels are all <c>other</c>. Thread-safe.</summary>
/// <param name="overflowed">Called with the metric's name whenever labels had to be counted as <c>other</c>.</param>
internal sealed class SeriesTable(string metric, string[] labels, int limit, Action<string> overflowed)
{
    private readonly ConcurrentDictionary<LabelValues, Series> _series = new();
    private readonly Lock _adding = new();
    private int _count;
    private Series? _other;

    public string Metric => metric;

    /// <summary>The series with these label values, in the order of the labels. Made when it is new.</summary>
    public Series Get(params string[] values)
    {
        var key = new LabelValues(values);
        if (_series.TryGetValue(key, out var found))
            return found;
        lock (_adding)
        {
            if (_series.TryGetValue(key, out found))
                return found;
            if (_count < limit)
            {
                _count++;
                return _series[key] = Make(values);
            }
            _other ??= Make([.. labels.Select(_ => Label.Other)]);
        }
        overflowed(metric);
        return _other;
    }

    /// <summary>All series that exist now, the shared one too.</summary>
    public IEnumerable<Series> All
    {
        get
        {
            foreach (var (_, series) in _series)
                yield return series;
            if (_other is { } other)
                yield return other;
        }
    }

    private Series Make(string[] values)
    {
        var tags = new KeyValuePair<string, object?>[labels.Length];
        for (var i = 0; i < tags.Length; i++)
            tags[i] = new(labels[i], values[i]);
        return new(tags);
    }

    private readonly struct LabelValues(string[] values) : IEquatable<LabelValues>
    {
        private readonly string[] _values = values;

        public bool Equals(LabelValues other) => _values.AsSpan().SequenceEqual(other._values);
        public override bool Equals(object? other) => other is LabelValues values && Equals(values);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var value in _values)
                hash.Add(value);
            return hash.ToHashCode();
        }
    }
}
