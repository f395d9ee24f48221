using System.Net;
using Microsoft.AspNetCore.Http;

namespace Gateway.Keys;

/// <summary>
/// Guards a gateway that asks nobody for a key: it serves programs on its own machine, and neither web pages in a browser
/// there nor whatever a reverse proxy says that it passes on. Best effort: a proxy on this machine that adds none of these
/// headers (nginx does not by itself) and asks for <c>localhost</c> looks like a local program, and is served.
/// </summary>
public static class OpenAccess
{
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Real-IP", "Via"];

    /// <summary>What proxies' headers begin with (<c>X-Forwarded-For</c>, <c>-Host</c>, <c>-Proto</c>, <c>-Scheme</c> …).</summary>
    private const string ProxyPrefix = "X-Forwarded-";

    /// <summary>Checks where a request comes from.</summary>
    /// <returns>Null, or why it is refused.</returns>
    public static ApiError? Check(HttpContext http)
    {
        if (http.Connection.RemoteIpAddress is { } address && !IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
            return ApiError.OpenAccessRefused("the request comes from another machine");
        var headers = http.Request.Headers;
        // A page whose host name was pointed at this machine (DNS rebinding) shows itself by the Host header.
        if (!IsLoopback(http.Request.Host.Host))
            return ApiError.OpenAccessRefused("the Host header names another host");
        foreach (var (name, _) in headers)
        {
            if (name.StartsWith(ProxyPrefix, StringComparison.OrdinalIgnoreCase)
                || ProxyHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
                return ApiError.OpenAccessRefused($"the header {name} says that a proxy passed the request on");
        }
        foreach (var origin in headers.Origin)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || !IsLoopback(uri.Host))
                return ApiError.OpenAccessRefused("the Origin header names another site");
        }
        return headers["Sec-Fetch-Site"].Contains("cross-site")
            ? ApiError.OpenAccessRefused("a web page of another site sent the request")
            : null;
    }

    /// <summary>True for <c>localhost</c>, its subdomains (RFC 6761, 6.3) and loopback addresses.</summary>
    public static bool IsLoopback(string host)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
            return true;
        return IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);
    }
}
