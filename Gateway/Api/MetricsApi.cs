using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary><c>GET /metrics</c>: Prometheus' text, for the admin.</summary>
internal static class MetricsApi
{
    private const string Path = "/metrics";

    public static void Map(IEndpointRouteBuilder app, AdminAccess admin, Func<GatewaySnapshot> snapshot) =>
        app.MapPrometheusScrapingEndpoint(Path).Add(endpoint =>
        {
            var scrape = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = http =>
            {
                if (!snapshot().Config.General.RequireAuthForMetricsEndpoint || admin.Check(http, Path) is not { } denied)
                    return scrape(http);
                return ApiAnswer.RefuseAsync(http, denied, snapshot());
            };
        });
}
