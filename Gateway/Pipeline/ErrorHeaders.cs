using System.Globalization;
using Gateway.Config;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>What an error says in its status and headers.</summary>
public static class ErrorHeaders
{
    /// <summary>The error as the generation of LiteLLM that is asked for would tell it.</summary>
    public static ApiError For(ApiError error, GeneralSettings settings) =>
        settings.CompatStatusCodes == CompatStatusCodes.Legacy && error.LegacyStatus is { } status ? error with { Status = status } : error;

    /// <summary>Sets <c>retry-after</c> (whole seconds, at least 1) and <c>x-should-retry</c>.</summary>
    public static void Set(HttpResponse response, ApiError error)
    {
        if (error.RetryAfter is { } wait)
        {
            var seconds = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        if (error.ShouldRetry is { } retry)
            response.Headers["x-should-retry"] = retry ? "true" : "false";
    }
}
