using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>
/// LiteLLM's management URLs, which this gateway does not have: users, keys and models are in the config file. A call is told
/// where to do it instead of a bare 404.
/// </summary>
internal static class ManagementApi
{
    private static readonly string[] Prefixes =
        ["key", "user", "team", "customer", "end_user", "organization", "budget", "tag", "spend", "global", "config", "credentials"];

    public static void Map(IEndpointRouteBuilder app, AdminAccess admin, Func<GatewaySnapshot> snapshot)
    {
        foreach (var prefix in Prefixes)
        {
            var route = "/" + prefix;
            app.Map(route + "/{**rest}", (RequestDelegate)(http =>
                ApiAnswer.RefuseAsync(http, admin.Check(http, route) ?? ApiError.ManagedByConfig(route), snapshot())));
        }
    }
}
