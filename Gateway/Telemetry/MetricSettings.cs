namespace Gateway.Telemetry;

/// <summary>How a deployment is doing: 0 healthy, 1 partial outage, 2 outage; and its limits per minute, null: none.</summary>
public readonly record struct DeploymentStatus(
    string Id, string Model, string ApiBase, string Provider, int State, long? TokenLimit = null, long? RequestLimit = null);

/// <summary>What the metrics need to know from elsewhere, as plain data.</summary>
public sealed record MetricSettings
{
    /// <summary>How many series a metric may have; further ones are counted in one series whose labels are all <c>other</c>.</summary>
    public int SeriesLimit { get; init; } = 20_000;

    /// <summary>The same for what is read at a scrape: users, keys and deployments. Further ones are not shown.</summary>
    public int GaugeLimit { get; init; } = 20_000;

    /// <summary>
    /// Labels that clients decide and that are switched on, with the values they may take: <c>client_ip</c>, <c>user_agent</c>,
    /// <c>end_user</c>. Any other value becomes <c>other</c>; a label that is not here is <c>None</c>.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyCollection<string>> ClientLabels { get; init; } =
        new Dictionary<string, IReadOnlyCollection<string>>();

    /// <summary>
    /// False for a group name that a client made up within a wildcard; its labels become <c>other</c>. Asked once or twice per request.
    /// </summary>
    public Func<string, bool> IsKnownModel { get; init; } = static _ => true;

    /// <summary>Read once at each scrape: what has a budget, each once.</summary>
    public Func<IEnumerable<BudgetStatus>> Budgets { get; init; } = static () => [];

    /// <summary>Read at each scrape: what may be spent with each key, be the budget its own or its user's.</summary>
    public Func<IEnumerable<BudgetStatus>> KeyBudgets { get; init; } = static () => [];

    /// <summary>Read at each scrape: the decisions that the database could not take, since the start.</summary>
    public Func<long> DroppedDecisions { get; init; } = static () => 0;

    /// <summary>Read at each scrape.</summary>
    public Func<IEnumerable<DeploymentStatus>> Deployments { get; init; } = static () => [];
}
