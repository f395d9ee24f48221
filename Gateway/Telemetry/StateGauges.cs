using System.Diagnostics.Metrics;

namespace Gateway.Telemetry;

/// <summary>What is not counted but looked up at each scrape: states and limits of deployments.</summary>
internal static class StateGauges
{
    public static void AddTo(MetricTables tables, MetricSettings settings)
    {
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

    private static KeyValuePair<string, object?>[] LabelsOf(DeploymentStatus deployment) =>
    [
        new(Label.ModelName, deployment.Model), new(Label.ModelId, deployment.Id),
        new(Label.ApiBase, MetricLabels.Text(deployment.ApiBase)), new(Label.Provider, deployment.Provider),
    ];
}
