using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>The id of a request: the client's own where it sent a usable one, else a new one.</summary>
internal static class CallId
{
    /// <summary>Longer ids of clients are not taken.</summary>
    private const int MaxLength = 128;

    public static string For(IHeaderDictionary headers)
    {
        string? sent = headers["x-litellm-call-id"];
        sent ??= headers["x-request-id"];
        return IsUsable(sent) ? sent! : Guid.NewGuid().ToString();
    }

    /// <summary>Only what cannot break a log line, a header or a URL.</summary>
    private static bool IsUsable(string? id)
    {
        if (id is null or { Length: 0 or > MaxLength })
            return false;
        foreach (var c in id)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':'))
                return false;
        }
        return true;
    }
}
