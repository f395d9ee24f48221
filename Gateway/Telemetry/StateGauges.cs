using System.Diagnostics.Metrics;

namespace Gateway.Telemetry;

/// <summary>What is not counted but looked up at each scrape: budgets of users and keys, states and limits of deployments.</summary>
internal static class StateGauges
{
    public static void AddTo(MetricTables tables, MetricSettings settings)
    {
        tables.Gauge("litellm_remaining_user_budget_metric", "What a user may still spend, in USD.", settings.GaugeLimit,
            () => settings.Budgets().Select(budget => Usd(budget.Remaining, UserOf(budget))));
        tables.Gauge("litellm_user_max_budget_metric", "What a user may spend in all, in USD.", settings.GaugeLimit,
            () => settings.Budgets().Select(budget => Usd(budget.Max, UserOf(budget))));
        tables.Gauge("litellm_remaining_api_key_budget_metric", "What may still be spent with a key, in USD: its user's budget.",
            settings.GaugeLimit, () => settings.KeyBudgets().Select(budget => Usd(budget.Remaining, KeyOf(budget))));
        tables.Gauge("litellm_api_key_max_budget_metric", "What may be spent with a key in all, in USD: its user's budget.",
            settings.GaugeLimit, () => settings.KeyBudgets().Select(budget => Usd(budget.Max, KeyOf(budget))));
        tables.Gauge("litellm_deployment_state", "0 healthy, 1 failed in the current minute, 2 left alone for a while.",
            settings.GaugeLimit,
            () => settings.Deployments().Select(deployment => new Measurement<int>(deployment.State, LabelsOf(deployment))));
        tables.Gauge("litellm_deployment_tpm_limit", "Tokens per minute that a deployment may be given.",
            settings.GaugeLimit, () => Limits(settings, static deployment => deployment.TokenLimit));
        tables.Gauge("litellm_deployment_rpm_limit", "Requests per minute that a deployment may be given.",
            settings.GaugeLimit, () => Limits(settings, static deployment => deployment.RequestLimit));
    }

    private static IEnumerable<Measurement<long>> Limits(MetricSettings settings, Func<DeploymentStatus, long?> limit)
    {
        foreach (var deployment in settings.Deployments())
            if (limit(deployment) is { } value)
                yield return new(value, LabelsOf(deployment));
    }

    private static KeyValuePair<string, object?>[] UserOf(UserBudget budget) => [new(Label.User, budget.User)];

    private static KeyValuePair<string, object?>[] KeyOf(KeyBudget budget) =>
        [new(Label.Key, budget.Key), new(Label.KeyAlias, MetricLabels.Text(budget.Alias))];

    private static KeyValuePair<string, object?>[] LabelsOf(DeploymentStatus deployment) =>
    [
        new(Label.ModelName, deployment.Model), new(Label.ModelId, deployment.Id),
        new(Label.ApiBase, MetricLabels.Text(deployment.ApiBase)), new(Label.Provider, deployment.Provider),
    ];

    private static Measurement<double> Usd(NanoUsd amount, KeyValuePair<string, object?>[] labels) => new((double)amount.ToUsd(), labels);
}
