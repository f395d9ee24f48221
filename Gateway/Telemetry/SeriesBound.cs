namespace Gateway.Telemetry;

/// <summary>How many series a metric can have with a given config, at most.</summary>
/// <remarks>
/// OpenTelemetry reserves its points when a metric is made, as many as its limit allows, some 70 bytes each: thirty metrics of
/// 20,000 take 42 MB of address space. Hence a limit that follows the config of the start, with room for reloads that add to it. What
/// is reserved and never touched takes no memory: a gateway was measured with 91 MB resident at limits of 1,000, 4,000 and 20,000
/// alike. The limit may be wrong without harm: series beyond it are counted in a shared one, which is logged and itself a metric.
/// </remarks>
public static class SeriesBound
{
    /// <summary>Statuses that one caller, model and deployment have in practice: 200, 400, 403, 408, 429, 499, 500 and 503.</summary>
    private const int Statuses = 8;

    /// <summary>Routes, fallbacks from one model to another's deployments, keys that were rotated.</summary>
    private const int Reserve = 4;

    /// <summary>
    /// Reserves 280 KB a metric. A small config may grow odd label sets, and by reloads to a hundred keys that use a dozen models,
    /// without ever meeting the limit.
    /// </summary>
    private const int LeastOfRequests = 4_000;

    /// <summary>As many users, keys or deployments show without a restart, however few there were at the start.</summary>
    private const int LeastOfGauges = 1_000;

    /// <summary>For metrics of requests and attempts.</summary>
    /// <param name="callers">Keys, and one for nobody.</param>
    /// <param name="models">Model names that may be shown.</param>
    /// <param name="deployments">Each shows under its model and under others that fall back to it.</param>
    /// <param name="clientValues">For each label that clients decide: how many values are let through.</param>
    /// <param name="configured">The most that the operator allows.</param>
    public static int OfRequests(int callers, int models, int deployments, IEnumerable<int> clientValues, int configured)
    {
        // In floating point: the product of a large config leaves 64 bits.
        var series = (double)callers * ((double)models + deployments) * Statuses * Reserve;
        foreach (var values in clientValues)
            series *= values + 2; // None and other
        return (int)Math.Min(Math.Max(series, LeastOfRequests), configured);
    }

    /// <summary>For metrics that are read at a scrape, one series per user, key or deployment.</summary>
    /// <param name="subjects">How many of the most frequent kind there are.</param>
    /// <param name="configured">The most that the operator allows.</param>
    public static int OfGauges(int subjects, int configured) =>
        (int)Math.Min(Math.Max((double)subjects * Reserve, LeastOfGauges), configured);
}
