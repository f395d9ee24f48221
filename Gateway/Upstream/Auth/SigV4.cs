using System.Security.Cryptography;
using System.Text;

namespace Gateway.Upstream.Auth;

/// <summary>
/// AWS's Signature Version 4 in the Authorization header
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), for all services but S3, which
/// encodes paths in its own way.
/// </summary>
internal static class SigV4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string End = "aws4_request";

    /// <summary>
    /// Signs a request that is complete: (1) add date and session token, (2) write the canonical request, (3) the text to sign,
    /// (4) derive the key of the day and sign, (5) add the signature.
    /// </summary>
    /// <param name="request">Gets the headers <c>X-Amz-Date</c>, <c>X-Amz-Security-Token</c> and <c>Authorization</c>.</param>
    /// <param name="bodyHash">SHA-256 of the bytes that are sent.</param>
    /// <param name="scope">For what the signature is.</param>
    public static void Sign(
        HttpRequestMessage request, ReadOnlySpan<byte> bodyHash, AwsCredentials credentials, SigV4Scope scope, DateTimeOffset now)
    {
        // 1
        var time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'");
        var day = time[..8];
        request.Headers.TryAddWithoutValidation("X-Amz-Date", time);
        if (credentials.SessionToken is { } session)
            request.Headers.TryAddWithoutValidation("X-Amz-Security-Token", session);
        // 2
        var (headers, names) = Headers(request, time, credentials.SessionToken);
        var uri = request.RequestUri!;
        var canonical = $"{request.Method.Method}\n{Path(uri)}\n{Query(uri)}\n{headers}\n{names}\n{Convert.ToHexStringLower(bodyHash)}";
        // 3
        var range = $"{day}/{scope.Region}/{scope.Service}/{End}";
        var toSign = $"{Algorithm}\n{time}\n{range}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        // 4
        var key = Encoding.UTF8.GetBytes("AWS4" + credentials.SecretAccessKey);
        foreach (var part in (ReadOnlySpan<string>)[day, scope.Region, scope.Service, End])
            key = Hmac(key, part);
        var signature = Convert.ToHexStringLower(Hmac(key, toSign));
        // 5
        request.Headers.TryAddWithoutValidation(
            BearerAuth.Header, $"{Algorithm} Credential={credentials.AccessKeyId}/{range}, SignedHeaders={names}, Signature={signature}");
    }

    private static byte[] Hmac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    /// <summary>The headers that are signed, by name: what AWS demands and what would change the body's meaning.</summary>
    private static (string Lines, string Names) Headers(HttpRequestMessage request, string time, string? session)
    {
        var uri = request.RequestUri!;
        var lines = new StringBuilder();
        var names = "";
        if (request.Content?.Headers.ContentType?.ToString() is { } type)
            Add("content-type", type);
        Add("host", request.Headers.Host ?? (uri.IsDefaultPort ? uri.IdnHost : $"{uri.IdnHost}:{uri.Port}"));
        Add("x-amz-date", time);
        if (session is not null)
            Add("x-amz-security-token", session);
        return (lines.ToString(), names);

        void Add(string name, string value)
        {
            lines.Append(name).Append(':').Append(value.Trim()).Append('\n');
            names = names.Length == 0 ? name : $"{names};{name}";
        }
    }

    /// <summary>The path as it is sent, encoded once more.</summary>
    private static string Path(Uri uri)
    {
        var path = new StringBuilder();
        foreach (var c in uri.AbsolutePath) // all ASCII
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '.' or '_' or '~')
                path.Append(c);
            else
                path.Append('%').Append(((int)c).ToString("X2"));
        }
        return path.ToString();
    }

    /// <summary>The parameters by name, then by value, encoded as RFC 3986 says and AWS demands.</summary>
    private static string Query(Uri uri) => string.Join('&', uri.Query.TrimStart('?')
        .Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(parameter => parameter.Split('=', 2))
        .Select(parts => (Name: Encode(parts[0]), Value: parts.Length > 1 ? Encode(parts[1]) : ""))
        .OrderBy(parameter => parameter.Name, StringComparer.Ordinal)
        .ThenBy(parameter => parameter.Value, StringComparer.Ordinal)
        .Select(parameter => $"{parameter.Name}={parameter.Value}"));

    private static string Encode(string part) => Uri.EscapeDataString(Uri.UnescapeDataString(part));
}

/// <summary>For what a signature is: <c>us-east-1</c>, <c>bedrock</c>.</summary>
internal readonly record struct SigV4Scope(string Region, string Service);
