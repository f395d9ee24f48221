using System.Diagnostics.Metrics;

namespace Gateway.Telemetry;

/// <summary>What is left of budgets: under LiteLLM's names where it has one, and all of them alike under the gateway's own.</summary>
internal sealed class BudgetGauges
{
    private readonly MetricTables _tables;
    private readonly int _most;
    private readonly Func<IEnumerable<BudgetStatus>> _keys;
    private volatile IReadOnlyList<BudgetStatus> _budgets = [];

    private BudgetGauges(MetricTables tables, MetricSettings settings) =>
        (_tables, _most, _keys) = (tables, settings.GaugeLimit, settings.KeyBudgets);

    public static void AddTo(MetricTables tables, MetricSettings settings)
    {
        var gauges = new BudgetGauges(tables, settings);
        gauges.AddOwn(settings.Budgets);
        gauges.AddOfTheirs("team", SubjectKind.Team,
            budget => [new(Label.Team, budget.Subject.Id), new(Label.TeamAlias, MetricLabels.Text(budget.Alias))]);
        gauges.AddOfTheirs("user", SubjectKind.User, budget => [new(Label.User, budget.Subject.Id)]);
        gauges.AddOfKeys();
        gauges.Add("litellm_provider_remaining_budget_metric", "What may still be spent at a provider, in USD.",
            () => gauges.Of(SubjectKind.Provider), Remaining, budget => [new(Label.Provider, budget.Subject.Id)]);
    }

    /// <summary>
    /// The gauges of every budget. The first of them reads all, and the others of the scrape show the same moment: OpenTelemetry asks
    /// gauges in the order in which they were made.
    /// </summary>
    private void AddOwn(Func<IEnumerable<BudgetStatus>> read)
    {
        Own("gateway_budget_limit_usd", "What may be spent in a period.", () => _budgets = [.. read()], budget => Usd(budget.Limit));
        Own("gateway_budget_spent_usd", "What was spent in the current period.", () => _budgets, budget => Usd(budget.Spent));
        Own("gateway_budget_reserved_usd", "What is set aside for requests in flight.", () => _budgets, budget => Usd(budget.Reserved));
        Own("gateway_budget_remaining_usd", "What the next request may have: the limit less what is spent and set aside.",
            () => _budgets, budget => Usd(budget.Left));
        Own("gateway_budget_reset_seconds", "Until the budget begins anew.", () => _budgets, budget => budget.ResetsIn?.TotalSeconds);
        _tables.Gauge("gateway_budget_exhausted_seconds",
            "Until the budget is exhausted at the pace of the last 1 or 6 hours; a reset may come first.", 2 * _most,
            () => _budgets.SelectMany(Exhaustions));

        void Own(string name, string description, Func<IReadOnlyList<BudgetStatus>> budgets, Func<BudgetStatus, double?> value) =>
            Add(name, description, budgets, value, LabelsOf);
    }

    /// <summary>LiteLLM's three for a kind of subject.</summary>
    private void AddOfTheirs(string name, SubjectKind kind, Func<BudgetStatus, KeyValuePair<string, object?>[]> labels)
    {
        Add($"litellm_remaining_{name}_budget_metric", $"What a {name} may still spend, in USD.", () => Of(kind), Remaining, labels);
        Add($"litellm_{name}_max_budget_metric", $"What a {name} may spend in a period, or in all, in USD.",
            () => Of(kind), budget => Usd(budget.Limit), labels);
        Add($"litellm_{name}_budget_remaining_hours_metric", $"Hours until the budget of a {name} begins anew.",
            () => Of(kind), budget => budget.ResetsIn?.TotalHours, labels);
    }

    private void AddOfKeys()
    {
        Add("litellm_remaining_api_key_budget_metric", "What may still be spent with a key, in USD: its own budget, else its user's.",
            _keys, Remaining, KeyOf);
        Add("litellm_api_key_max_budget_metric", "What may be spent with a key, in USD: its own budget, else its user's.",
            _keys, budget => Usd(budget.Limit), KeyOf);
        Add("litellm_api_key_budget_remaining_hours_metric", "Hours until the budget of a key begins anew: its own, else its user's.",
            _keys, budget => budget.ResetsIn?.TotalHours, KeyOf);

        static KeyValuePair<string, object?>[] KeyOf(BudgetStatus budget) =>
            [new(Label.Key, budget.Subject.Id), new(Label.KeyAlias, MetricLabels.Text(budget.Alias))];
    }

    private IEnumerable<BudgetStatus> Of(SubjectKind kind) => _budgets.Where(budget => budget.Subject.Kind == kind && budget.Model is null);

    /// <param name="value">Null: the budget has none, and shows no series.</param>
    private void Add(string name, string description, Func<IEnumerable<BudgetStatus>> budgets, Func<BudgetStatus, double?> value,
        Func<BudgetStatus, KeyValuePair<string, object?>[]> labels) =>
        _tables.Gauge(name, description, _most, () => Measure(budgets(), value, labels));

    private static IEnumerable<Measurement<double>> Measure(
        IEnumerable<BudgetStatus> budgets, Func<BudgetStatus, double?> value, Func<BudgetStatus, KeyValuePair<string, object?>[]> labels)
    {
        foreach (var budget in budgets)
        {
            if (value(budget) is { } number)
                yield return new(number, labels(budget));
        }
    }

    private static IEnumerable<Measurement<double>> Exhaustions(BudgetStatus budget)
    {
        var labels = LabelsOf(budget);
        if (budget.ExhaustedIn is { } hour)
            yield return new(hour.TotalSeconds, [.. labels, new(Label.Window, "1h")]);
        if (budget.ExhaustedInOfSix is { } sixHours)
            yield return new(sixHours.TotalSeconds, [.. labels, new(Label.Window, "6h")]);
    }

    private static KeyValuePair<string, object?>[] LabelsOf(BudgetStatus budget) =>
    [
        new(Label.SubjectKind, NameOf(budget.Subject.Kind)), new(Label.Subject, MetricLabels.Text(budget.Subject.Id)),
        new(Label.SubjectAlias, MetricLabels.Text(budget.Alias)), new(Label.Model, MetricLabels.Text(budget.Model)),
    ];

    private static string NameOf(SubjectKind kind) => kind == SubjectKind.EndUser ? Label.EndUser : kind.ToString().ToLowerInvariant();

    /// <summary>As LiteLLM shows it: below zero for a budget that was lowered under what is spent.</summary>
    private static double? Remaining(BudgetStatus budget) => Usd(budget.Limit - budget.Spent);

    private static double? Usd(NanoUsd amount) => (double)amount.ToUsd();
}
