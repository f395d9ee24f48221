using Gateway.Keys;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>Lets the admin in where only the admin may be.</summary>
internal sealed class AdminAccess(KeyRing keys, Func<GatewaySnapshot> snapshot)
{
    /// <summary>
    /// Checks one request: with a master key, it must be shown; without one, reading is allowed from this machine's own
    /// programs.
    /// </summary>
    /// <returns>Null, or the refusal.</returns>
    public ApiError? Check(HttpContext http, string route)
    {
        if (snapshot().Config.General.MasterKey is not null)
        {
            if (keys.Authenticate(http, out var caller) is { } denied)
                return denied;
            return caller.IsAdmin ? null : ApiError.AdminOnly(route);
        }
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
            return ApiError.NoMasterKey(route);
        return OpenAccess.Check(http);
    }
}
