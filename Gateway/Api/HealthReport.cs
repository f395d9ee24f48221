using System.Collections.Immutable;
using System.Text.Json;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>Writes what health checks found, in the shape of LiteLLM's <c>/health</c>.</summary>
internal static class HealthReport
{
    /// <param name="hasDetails">False: the deployments are named and nothing else is said of them.</param>
    public static void Write(Utf8JsonWriter json, ImmutableArray<HealthResult> results, bool hasDetails)
    {
        json.WriteStartObject();
        WriteList(json, "healthy_endpoints", results, HealthOutcome.Healthy, hasDetails);
        WriteList(json, "unhealthy_endpoints", results, HealthOutcome.Unhealthy, hasDetails);
        WriteList(json, "unchecked_endpoints", results, HealthOutcome.NotChecked, hasDetails);
        json.WriteNumber("healthy_count", Count(results, HealthOutcome.Healthy));
        json.WriteNumber("unhealthy_count", Count(results, HealthOutcome.Unhealthy));
        json.WriteNumber("unchecked_count", Count(results, HealthOutcome.NotChecked));
        json.WriteEndObject();
    }

    private static int Count(ImmutableArray<HealthResult> results, HealthOutcome outcome) =>
        results.Count(result => result.Outcome == outcome);

    private static void WriteList(
        Utf8JsonWriter json, string name, ImmutableArray<HealthResult> results, HealthOutcome outcome, bool hasDetails)
    {
        json.WriteStartArray(name);
        foreach (var result in results.Where(result => result.Outcome == outcome))
        {
            json.WriteStartObject();
            json.WriteString("model", result.Deployment.Model);
            json.WriteString("model_id", result.Deployment.Id);
            if (hasDetails)
                WriteDetails(json, result);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteDetails(Utf8JsonWriter json, HealthResult result)
    {
        json.WriteString("model_name", result.Deployment.ModelName);
        json.WriteString("api_base", result.Deployment.ApiBase.Length == 0 ? null : result.Deployment.ApiBase);
        json.WriteString("checked_at", result.At);
        if (result.Outcome == HealthOutcome.NotChecked)
        {
            json.WriteString("reason", result.Error);
            return;
        }
        json.WriteNumber("latency_ms", (long)result.Latency.TotalMilliseconds);
        if (result.Error is null)
            return;
        json.WriteNumber("status", result.Status);
        json.WriteString("error", result.Error);
    }
}
