using System.Diagnostics.Metrics;

namespace Gateway.Telemetry;

/// <summary>Whether the running config is what the files say.</summary>
internal sealed class ConfigMetrics
{
    private static readonly string[] Outcomes = ["applied", "unchanged", "failed"];

    private readonly SeriesTable _reloads;
    private int _isCurrent = 1;
    private long _goodSinceMs;

    public ConfigMetrics(MetricTables tables)
    {
        _reloads = tables.Counter("gateway_config_reloads", "How often the config was read again, and what came of it.", "outcome");
        foreach (var outcome in Outcomes)
            _reloads.Get(outcome); // shown as 0, so that the first failure is an increase
        tables.Gauge<int>("gateway_config_last_reload_successful", "1, or 0 while the config's files have errors and the one before is in effect.",
            1, () => [new Measurement<int>(Volatile.Read(ref _isCurrent))]);
        tables.Gauge<double>("gateway_config_last_reload_success_timestamp_seconds", "When the config was last found good, in Unix time.",
            1, () => [new Measurement<double>(Volatile.Read(ref _goodSinceMs) / 1000.0)]);
    }

    /// <summary>At the start, and when a reload succeeded.</summary>
    public void Good(DateTimeOffset now)
    {
        Volatile.Write(ref _isCurrent, 1);
        Volatile.Write(ref _goodSinceMs, now.ToUnixTimeMilliseconds());
    }

    public void Observe(string outcome, bool isGood, DateTimeOffset now)
    {
        _reloads.Get(outcome).Add(1);
        if (isGood)
            Good(now);
        else
            Volatile.Write(ref _isCurrent, 0);
    }
}
