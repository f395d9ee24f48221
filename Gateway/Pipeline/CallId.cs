using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>The id of a request: the client's own where it sent a usable one, else a new one.</summary>
internal static class CallId
{
    /// <summary>Longer ids of clients are not taken.</summary>
    private const int MaxLength = 128;

    /// <summary>The random half of every id of this process; the other half counts. Ids are to be unique, not secret.</summary>
    private static readonly ulong Process = BitConverter.ToUInt64(Guid.NewGuid().ToByteArray(), 8);

    private static ulong _last = BitConverter.ToUInt64(Guid.NewGuid().ToByteArray(), 8);

    public static string For(IHeaderDictionary headers)
    {
        string? sent = headers["x-litellm-call-id"];
        sent ??= headers["x-request-id"];
        return IsUsable(sent) ? sent! : New();
    }

    /// <summary>A new id.</summary>
    public static string New()
    {
        var number = Interlocked.Increment(ref _last);
        return string.Create(CultureInfo.InvariantCulture, $"{Process:x16}{number:x16}");
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
