using Gateway.Ledger;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>Tells watchers whether the gateway is alive and ready; public, as in LiteLLM.</summary>
internal static class HealthApi
{
    public static void Map(IEndpointRouteBuilder app, SpendLedger ledger, Func<GatewaySnapshot> snapshot)
    {
        foreach (var path in (string[])["/health/liveliness", "/health/liveness"])
            app.MapGet(path, (RequestDelegate)(http => ApiAnswer.SendAsync(http, 0, (json, _) => json.WriteStringValue("I'm alive!"))));
        app.MapGet("/health/readiness", (RequestDelegate)(http => ReadyAsync(http, ledger)));
        app.MapGet("/", (RequestDelegate)(http => ApiAnswer.SendAsync(http, 0, (json, _) =>
        {
            json.WriteStartObject();
            json.WriteString("name", "gateway");
            json.WriteString("version", GatewayVersion.Text);
            json.WriteEndObject();
        })));
        if (snapshot().Config.General.BlockRobots)
            app.MapGet("/robots.txt", (RequestDelegate)TurnRobotsAwayAsync);
    }

    /// <summary>Ready while requests can be booked: a disk that fails is told of at once, and the 503 comes when no more fits in memory.</summary>
    private static Task ReadyAsync(HttpContext http, SpendLedger ledger)
    {
        var status = ledger.IsFull ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        return ApiAnswer.SendAsync(http, ledger, (json, state) =>
        {
            json.WriteStartObject();
            json.WriteString("status", state.IsHealthy ? "healthy" : "degraded");
            json.WriteString("db", state.IsHealthy ? "connected" : "Not connected");
            json.WriteNull("cache");
            json.WriteString("version", GatewayVersion.Text);
            json.WriteEndObject();
        }, status);
    }

    private static async Task TurnRobotsAwayAsync(HttpContext http)
    {
        http.Response.ContentType = "text/plain";
        await http.Response.BodyWriter.WriteAsync("User-agent: *\nDisallow: /\n"u8.ToArray());
    }
}
