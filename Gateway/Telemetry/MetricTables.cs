using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Gateway.Telemetry;

/// <summary>Makes the metrics of one gateway, each with its bound on the number of series.</summary>
internal sealed partial class MetricTables : IDisposable
{
    private static int _instances;

    private readonly ILogger _log;
    private readonly int _limit;
    private readonly ConcurrentDictionary<string, Series> _overflows = new();

    public MetricTables(int seriesLimit, ILogger log)
    {
        _limit = Math.Max(1, seriesLimit);
        _log = log;
        Meter.CreateObservableCounter("gateway_metric_series_overflow",
            () => _overflows.Select(pair => new Measurement<long>(pair.Value.Value, pair.Value.Tags)),
            description: "Label sets that were counted as 'other' because their metric has as many series as it may have.");
    }

    /// <summary>
    /// Its name is its own, because OpenTelemetry listens to every meter of a name and one process may run several gateways (tests do).
    /// </summary>
    public Meter Meter { get; } = new("Gateway." + Interlocked.Increment(ref _instances).ToString(CultureInfo.InvariantCulture));

    /// <summary>The most series that a metric shows: the limit and the shared one; where overflows are counted, one per metric.</summary>
    public int MostSeries => Math.Max(_limit + 1, 64);

    public SeriesTable Counter(string name, string description, params string[] labels)
    {
        var table = new SeriesTable(name, labels, _limit, Overflowed);
        Meter.CreateObservableCounter(name, () => table.All.Select(series => new Measurement<long>(series.Value, series.Tags)),
            description: description);
        return table;
    }

    /// <summary>A counter of money: counted in nano-dollars, shown in dollars.</summary>
    public SeriesTable MoneyCounter(string name, string description, params string[] labels)
    {
        var table = new SeriesTable(name, labels, _limit, Overflowed);
        Meter.CreateObservableCounter(name,
            () => table.All.Select(series => new Measurement<double>((double)new NanoUsd(series.Value).ToUsd(), series.Tags)),
            description: description);
        return table;
    }

    public HistogramMetric Histogram(string name, string description, params string[] labels) =>
        new(new(name, labels, _limit, Overflowed), Meter.CreateHistogram<double>(name, description: description));

    public void Gauge<T>(string name, string description, Func<IEnumerable<Measurement<T>>> read) where T : struct =>
        Meter.CreateObservableGauge(name, read, description: description);

    public void Dispose() => Meter.Dispose();

    private void Overflowed(string metric)
    {
        if (!_overflows.TryGetValue(metric, out var count))
        {
            count = new([new("metric", metric)]);
            if (_overflows.TryAdd(metric, count))
                SeriesLimitReached(metric, _limit);
            count = _overflows[metric];
        }
        count.Add(1);
    }

    [LoggerMessage(LogLevel.Warning, "The metric {Metric} reached its limit of {Limit} series; new label sets were counted as 'other'.")]
    private partial void SeriesLimitReached(string metric, int limit);
}

/// <summary>A histogram whose label sets are bounded like those of the counters.</summary>
internal sealed class HistogramMetric(SeriesTable table, Histogram<double> instrument)
{
    /// <summary>The label set with these values. Made when it is new.</summary>
    public Series Get(params string[] values) => table.Get(values);

    public void Record(TimeSpan time, Series series) => instrument.Record(time.TotalSeconds, series.Tags);
}
