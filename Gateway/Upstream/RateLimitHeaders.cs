using System.Globalization;
using System.Net.Http.Headers;

namespace Gateway.Upstream;

/// <summary>Reads what is left of a provider's rate limits from OpenAI's headers, which others send too; allocates nothing.</summary>
internal static class RateLimitHeaders
{
    public static RemainingQuota Read(HttpResponseHeaders headers) =>
        new(Number(headers, "x-ratelimit-remaining-requests"), Number(headers, "x-ratelimit-remaining-tokens"));

    private static long? Number(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values)
        && long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
