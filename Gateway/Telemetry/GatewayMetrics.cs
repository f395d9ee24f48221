using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Gateway.Telemetry;

/// <summary>The gateway's numbers, under the names, labels and buckets that LiteLLM's dashboards ask for.</summary>
/// <remarks>
/// Counters are our own longs, which OpenTelemetry reads at a scrape: counting a request costs two look-ups and some additions.
/// Thread-safe.
/// </remarks>
public sealed class GatewayMetrics : IDisposable
{
    /// <summary>LiteLLM's bounds, in seconds.</summary>
    internal static readonly double[] LatencyBuckets =
    [
        0.005, 0.00625, 0.0125, 0.025, 0.05, 0.1, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5, 10,
        15, 20, 25, 30, 60, 120, 180, 240, 300,
    ];

    private readonly MetricTables _tables;
    private volatile MetricLabels _labels;
    private readonly RequestMetrics _requests;
    private readonly AttemptMetrics _attempts;
    private int _inFlight;

    public GatewayMetrics(MetricSettings settings, ILogger<GatewayMetrics> log)
    {
        _tables = new(settings.SeriesLimit, log);
        _labels = new(settings);
        _requests = new(_tables);
        _attempts = new(_tables);
        _tables.Gauge<int>("litellm_in_flight_requests", "Requests that came in and have not ended.", 1,
            () => [new Measurement<int>(Volatile.Read(ref _inFlight))]);
        _tables.Total("gateway_decisions_dropped_total", "Decisions that the database could not take: they cannot be explained.",
            settings.DroppedDecisions);
        StateGauges.AddTo(_tables, settings);
        BudgetGauges.AddTo(_tables, settings);
        Config = new(_tables);
    }

    /// <summary>What came of reading the config.</summary>
    internal ConfigMetrics Config { get; }

    /// <summary>
    /// Takes over what a new config shows. The bounds of the number of series stay: OpenTelemetry reserved its points for them. What
    /// was counted stays too, under the labels that it had.
    /// </summary>
    public void Use(MetricSettings settings) => _labels = new(settings);

    /// <summary>A request came in. Followed by exactly one <see cref="Observe"/>.</summary>
    public void Started() => Interlocked.Increment(ref _inFlight);

    /// <summary>A request ended, answered or refused.</summary>
    public void Observe(Exchange exchange)
    {
        Interlocked.Decrement(ref _inFlight);
        var names = _labels;
        var labels = names.Of(exchange);
        _requests.Observe(exchange, labels, names);

        var upstream = TimeSpan.Zero;
        foreach (var attempt in exchange.Attempts)
        {
            upstream += attempt.Latency;
            _attempts.Observe(attempt, names.Of(attempt, labels.Caller));
        }
        if (exchange.Last is { ExceptionClass: null } answered)
            _attempts.ObserveOverhead(exchange.Duration - upstream, names.Of(answered, labels.Caller));
    }

    /// <summary>A deployment is left alone for a while because of this call.</summary>
    public void CooledDown(Attempt attempt) => _attempts.CooledDown(attempt.Status, _labels.Of(attempt, default));

    /// <summary>Lets OpenTelemetry show these metrics, and no others, at the scraping endpoint that the application maps.</summary>
    public void ExportTo(IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter(_tables.Meter.Name)
        .AddView(instrument => instrument is Histogram<double>
            ? new ExplicitBucketHistogramConfiguration
            {
                Boundaries = LatencyBuckets,
                RecordMinMax = false,
                CardinalityLimit = _tables.MostSeriesOf(instrument.Name),
            }
            : new MetricStreamConfiguration { CardinalityLimit = _tables.MostSeriesOf(instrument.Name) })
        .AddPrometheusExporter(exporter =>
        {
            // LiteLLM's text has neither, and another label on every series would break a dashboard's joins.
            exporter.ScopeInfoEnabled = false;
            exporter.TargetInfoEnabled = false;
            exporter.ScrapeResponseCacheDurationMilliseconds = 0;
        }));

    public void Dispose() => _tables.Dispose();
}
