using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Gateway.Telemetry;

/// <summary>Makes the metrics of one gateway, each with its bound on the number of series.</summary>
internal sealed partial class MetricTables : IDisposable
{
    private const string Overflow = "gateway_metric_series_overflow";

    private static int _instances;

    private readonly ILogger _log;
    private readonly int _limit;
    private readonly ConcurrentDictionary<string, Series> _overflows = new();
    private readonly Dictionary<string, int> _most = [];

    public MetricTables(int seriesLimit, ILogger log)
    {
        _limit = Math.Max(1, seriesLimit);
        _log = log;
        Meter.CreateObservableCounter(Overflow,
            () => _overflows.Select(pair => new Measurement<long>(pair.Value.Value, pair.Value.Tags)),
            description: "Label sets that were counted as 'other', or left out of a gauge, because their metric "
                + "has as many series as it may have.");
    }

    /// <summary>
    /// Its name is its own, because OpenTelemetry listens to every meter of a name and one process may run several gateways (tests do).
    /// </summary>
    public Meter Meter { get; } = new("Gateway." + Interlocked.Increment(ref _instances).ToString(CultureInfo.InvariantCulture));

    /// <summary>The most series that a metric of requests shows: the limit and the shared one.</summary>
    public int MostSeries => _limit + 1;

    /// <summary>
    /// How many series a metric can come to show. OpenTelemetry is told the same number: it reserves as many points, and drops what
    /// is beyond them without a word, which must not happen to what was counted here.
    /// </summary>
    public int MostSeriesOf(string metric) => metric == Overflow ? _most.Count : _most[metric];

    public SeriesTable Counter(string name, string description, params string[] labels)
    {
        var table = Table(name, labels);
        Meter.CreateObservableCounter(name, () => table.All.Select(series => new Measurement<long>(series.Value, series.Tags)),
            description: description);
        return table;
    }

    /// <summary>A counter without labels that somebody else keeps, read at each scrape.</summary>
    public void Total(string name, string description, Func<long> read)
    {
        _most.Add(name, 1);
        Meter.CreateObservableCounter(name, read, description: description);
    }

    /// <summary>A counter of money: counted in nano-dollars, shown in dollars.</summary>
    public SeriesTable MoneyCounter(string name, string description, params string[] labels)
    {
        var table = Table(name, labels);
        Meter.CreateObservableCounter(name,
            () => table.All.Select(series => new Measurement<double>((double)new NanoUsd(series.Value).ToUsd(), series.Tags)),
            description: description);
        return table;
    }

    /// <summary>A gauge that keeps the last value of each series.</summary>
    public SeriesTable LastValue(string name, string description, params string[] labels)
    {
        var table = Table(name, labels);
        Meter.CreateObservableGauge(name, () => table.All.Select(series => new Measurement<long>(series.Value, series.Tags)),
            description: description);
        return table;
    }

    public HistogramMetric Histogram(string name, string description, params string[] labels) =>
        new(Table(name, labels), Meter.CreateHistogram<double>(name, description: description));

    /// <summary>A metric that is read at each scrape, its first <paramref name="most"/> series.</summary>
    public void Gauge<T>(string name, string description, int most, Func<IEnumerable<Measurement<T>>> read) where T : struct
    {
        _most.Add(name, most);
        Meter.CreateObservableGauge(name, () => Bounded(name, most, read()), description: description);
    }

    public void Dispose() => Meter.Dispose();

    private SeriesTable Table(string name, string[] labels)
    {
        _most.Add(name, MostSeries);
        return new(name, labels, _limit, metric => Overflowed(metric, _limit));
    }

    private IEnumerable<Measurement<T>> Bounded<T>(string name, int most, IEnumerable<Measurement<T>> measurements) where T : struct
    {
        var shown = 0;
        foreach (var measurement in measurements)
        {
            if (shown++ == most)
            {
                Overflowed(name, most);
                yield break;
            }
            yield return measurement;
        }
    }

    private void Overflowed(string metric, int limit)
    {
        if (!_overflows.TryGetValue(metric, out var count))
        {
            count = new([new("metric", metric)]);
            if (_overflows.TryAdd(metric, count))
                SeriesLimitReached(metric, limit);
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
