using Gateway.Catalog;

namespace Gateway.Pipeline;

/// <summary>What a health check found.</summary>
public enum HealthOutcome { Healthy, Unhealthy, NotChecked }

/// <summary>What the last health check of one deployment found.</summary>
public sealed record HealthResult
{
    /// <summary>A provider's text is told up to here.</summary>
    private const int MaxErrorLength = 512;

    public required Deployment Deployment { get; init; }
    public required HealthOutcome Outcome { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>The provider's error, or why there was no check. Null: the deployment answered. Never a key.</summary>
    public string? Error { get; init; }

    /// <summary>The provider's status; 408 for a time-out, 0 when it was not reached or not asked.</summary>
    public int Status { get; init; }

    public TimeSpan Latency { get; init; }

    /// <summary>True for what may pass by itself and says little of the deployment: too many requests, too slow an answer.</summary>
    public bool IsTransient => Status is 429 or 408;

    internal static HealthResult NotChecked(Deployment deployment, string reason, DateTimeOffset at) =>
        new() { Deployment = deployment, Outcome = HealthOutcome.NotChecked, Error = reason, At = at };

    internal static HealthResult Unhealthy(Deployment deployment, string error, DateTimeOffset at) => new()
    {
        Deployment = deployment,
        Outcome = HealthOutcome.Unhealthy,
        Error = RecordedText.Shorten(error, MaxErrorLength),
        At = at,
    };
}

/// <summary>Which deployments are asked about.</summary>
/// <param name="Model">The public name, or LiteLLM's spelling (<c>openai/gpt-4o</c>). Null: all.</param>
/// <param name="ModelId">The deployment's id. Null: all.</param>
public readonly record struct HealthFilter(string? Model, string? ModelId)
{
    public bool IsAll => Model is null && ModelId is null;

    public bool Matches(Deployment deployment) =>
        (Model is null || deployment.ModelName == Model || deployment.Model == Model) && (ModelId is null || deployment.Id == ModelId);
}
