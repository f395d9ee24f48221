using System.Text.Json;
using Gateway.Ledger;
using Gateway.Pipeline;
using Gateway.Reload;

namespace Gateway.Api;

/// <summary>Tells everybody whether the gateway is alive and ready, as in LiteLLM, and the admin how deployments are.</summary>
internal static class HealthApi
{
    public static void Map(
        IEndpointRouteBuilder app, AdminAccess admin, SpendLedger ledger, ConfigReloader reloader, Func<GatewaySnapshot> snapshot,
        HealthChecks checks, Func<ServingState> serving)
    {
        app.MapGet("/health", (RequestDelegate)(http => CheckAsync(http, admin, snapshot(), checks)));
        foreach (var path in (string[])["/health/liveliness", "/health/liveness"])
            app.MapGet(path, (RequestDelegate)(http => ApiAnswer.SendAsync(http, 0, (json, _) => json.WriteStringValue("I'm alive!"))));
        app.MapGet("/health/readiness", (RequestDelegate)(http => ReadyAsync(http, ledger, reloader, serving())));
        app.MapGet("/", (RequestDelegate)(http => ApiAnswer.SendAsync(http, 0, (json, _) =>
        {
            json.WriteStartObject();
            json.WriteString("name", "gateway");
            json.WriteString("version", GatewayVersion.Text);
            json.WriteEndObject();
        })));
        app.MapGet("/robots.txt", (RequestDelegate)(http =>
            snapshot().Config.General.BlockRobots ? TurnRobotsAwayAsync(http) : ApiAnswer.NotFoundAsync(http)));
    }

    /// <summary>Says of each deployment whether it answers; <c>?model=</c> and <c>?model_id=</c> pick some.</summary>
    private static async Task CheckAsync(HttpContext http, AdminAccess admin, GatewaySnapshot current, HealthChecks checks)
    {
        if (admin.Check(http, "/health") is { } denied)
        {
            await ApiAnswer.RefuseAsync(http, denied, current);
            return;
        }
        var filter = new HealthFilter(Query(http, "model"), Query(http, "model_id"));
        if (!filter.IsAll && !current.Catalog.Deployments.Any(filter.Matches))
            await ApiAnswer.RefuseAsync(http, ApiError.ModelNotFound(RecordedText.Shorten(filter.Model ?? filter.ModelId!)), current);
        else if (await checks.ReportAsync(filter, http.RequestAborted) is not { } results)
            await ApiAnswer.RefuseAsync(http, ApiError.Unavailable("it is stopping"), current);
        else
            await ApiAnswer.SendAsync(http, (results, current.Config.General.HealthCheckDetails), static (json, found) =>
                HealthReport.Write(json, found.results, found.HealthCheckDetails));
    }

    private static string? Query(HttpContext http, string name) =>
        http.Request.Query[name].FirstOrDefault() is { Length: > 0 } value ? value : null;

    /// <summary>
    /// Ready while requests can be booked: a disk that fails is told of at once, and the 503 comes when no more fits in memory. A
    /// config that could not be reloaded, or a model that nothing can serve, is told of and no reason to take the gateway out of
    /// service.
    /// </summary>
    private static Task ReadyAsync(HttpContext http, SpendLedger ledger, ConfigReloader reloader, ServingState serving)
    {
        var status = ledger.IsFull ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        return ApiAnswer.SendAsync(http, (Ledger: ledger, Config: reloader.Status, Serving: serving), static (json, state) =>
        {
            json.WriteStartObject();
            var isWell = state.Ledger.IsHealthy && state.Config.IsCurrent && state.Serving.Down.IsEmpty;
            json.WriteString("status", isWell ? "healthy" : "degraded");
            json.WriteString("db", state.Ledger.IsHealthy ? "connected" : "Not connected");
            json.WriteNull("cache");
            WriteConfig(json, state.Config);
            json.WriteString("version", GatewayVersion.Text);
            WriteServing(json, state.Serving);
            json.WriteEndObject();
        }, status);
    }

    private static void WriteServing(Utf8JsonWriter json, ServingState serving)
    {
        json.WriteStartObject("deployments");
        json.WriteNumber("total", serving.Deployments);
        json.WriteNumber("cooling_down", serving.CoolingDown);
        json.WriteNumber("unhealthy", serving.Unhealthy);
        json.WriteEndObject();
        json.WriteStartArray("models_without_healthy_deployment");
        foreach (var name in serving.Down)
            json.WriteStringValue(name);
        json.WriteEndArray();
    }

    private static void WriteConfig(Utf8JsonWriter json, ConfigStatus config)
    {
        json.WriteStartObject("config");
        json.WriteString("status", config.IsCurrent ? "loaded" : "reload failed");
        json.WriteString("since", config.Since);
        if (config.Message is { } message)
            json.WriteString("message", message);
        json.WriteEndObject();
    }

    private static async Task TurnRobotsAwayAsync(HttpContext http)
    {
        http.Response.ContentType = "text/plain";
        await http.Response.BodyWriter.WriteAsync("User-agent: *\nDisallow: /\n"u8.ToArray());
    }
}
