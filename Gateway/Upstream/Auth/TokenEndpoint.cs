using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>Asks those who give credentials: OAuth's token endpoints, AWS's STS, the metadata servers of machines.</summary>
internal sealed class TokenEndpoint : IDisposable
{
    /// <summary>A token takes 1 to 4 kB.</summary>
    private const int MaxAnswerBytes = 256 * 1024;

    /// <summary>What an endpoint says of its refusal is passed on up to this many characters.</summary>
    private const int MaxReason = 300;

    /// <summary>OAuth recommends to say it, and does not demand it (RFC 6749, 5.1). An hour is what all of them give.</summary>
    private const double UsualSeconds = 3600;

    private const double MostSeconds = 86_400 * 7;

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        UseCookies = false,
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ActivityHeadersPropagator = null,
    });

    /// <summary>The URL that a setting, a variable or a file gives.</summary>
    /// <param name="what">Who gives credentials there, for messages: <c>Google's token endpoint</c>.</param>
    /// <exception cref="AuthException">It is none, or secrets would go to it unencrypted.</exception>
    public static Uri UrlOf(string text, string what)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
            throw new AuthException($"the URL of {what} must be an absolute https URL without a user");
        return uri.Scheme == Uri.UriSchemeHttps || uri.IsLoopback
            ? uri
            : throw new AuthException($"{what} ({uri.Host}) must be called with https");
    }

    /// <summary>Sends a form and reads the token that comes.</summary>
    /// <param name="secrets">What must not be in a message, should the endpoint quote it.</param>
    /// <exception cref="AuthException">No token came.</exception>
    public Task<AccessToken> PostAsync(
        Uri uri, string what, IEnumerable<KeyValuePair<string, string>> form, Secret?[] secrets, TimeProvider time, CancellationToken ct,
        string? quotaProject = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new FormUrlEncodedContent(form) };
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        return TokenAsync(request, what, secrets, time, ct, quotaProject);
    }

    /// <summary>Sends a request and reads the token that comes.</summary>
    /// <exception cref="AuthException">No token came.</exception>
    public async Task<AccessToken> TokenAsync(
        HttpRequestMessage request, string what, Secret?[] secrets, TimeProvider time, CancellationToken ct, string? quotaProject = null)
    {
        using var json = Parse(await SendAsync(request, what, secrets, ct), what);
        var token = json.RootElement.ValueKind == JsonValueKind.Object ? Text(json.RootElement, "access_token") : null;
        if (token is not { Length: > 0 } || token.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new AuthException($"{what} answered without an access_token");
        return new AccessToken(BearerAuth.Of(token))
        {
            ExpiresAt = time.GetUtcNow() + TimeSpan.FromSeconds(SecondsOf(json.RootElement)),
            QuotaProject = quotaProject,
        };
    }

    /// <summary>Sends a request and reads the answer's text.</summary>
    /// <exception cref="AuthException">Nobody was reached, or the answer is not a 200.</exception>
    public async Task<string> SendAsync(HttpRequestMessage request, string what, Secret?[] secrets, CancellationToken ct)
    {
        using (request)
        {
            try
            {
                using var response = await _invoker.SendAsync(request, ct);
                var text = await ReadAsync(response, ct);
                if (response.StatusCode == HttpStatusCode.OK)
                    return text ?? throw new AuthException($"{what} answered with more than {MaxAnswerBytes >> 10} kB");
                var reason = EndpointError.Read(text ?? "");
                throw new AuthException(
                    $"{what} ({request.RequestUri!.Host}) answered {(int)response.StatusCode}" + (reason.Length > 0 ? $": {Redact(reason, secrets)}" : ""),
                    isTransient: (int)response.StatusCode is 429 or >= 500);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or AuthenticationException)
            {
                throw new AuthException($"{what} ({request.RequestUri!.Host}) was not reached", isTransient: true);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested) // the handler's limit for connecting
            {
                throw new AuthException($"{what} ({request.RequestUri!.Host}) was not reached in time", isTransient: true);
            }
        }
    }

    /// <summary>The JSON of an answer.</summary>
    /// <exception cref="AuthException">It is none.</exception>
    public static JsonDocument Parse(string text, string what)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            throw new AuthException($"{what} answered with something that is not JSON");
        }
    }

    /// <summary>A member's text. Null: it is not there or is none.</summary>
    public static string? Text(JsonElement json, string member) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>Null: it is too long.</summary>
    private static async Task<string?> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        var buffer = new byte[MaxAnswerBytes + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        return length > MaxAnswerBytes ? null : Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static string Redact(string text, Secret?[] secrets)
    {
        foreach (var secret in secrets)
        {
            if (secret is { IsUsable: true } && secret.Reveal().Length > 0)
                text = text.Replace(secret.Reveal(), "***");
        }
        return text.Length > MaxReason ? text[..MaxReason] + "…" : text;
    }

    /// <summary>A number, which some write as a text.</summary>
    private static double SecondsOf(JsonElement json)
    {
        if (!json.TryGetProperty("expires_in", out var value)
            || !double.TryParse(value.ToString(), CultureInfo.InvariantCulture, out var seconds) || !(seconds > 0))
            return UsualSeconds;
        return Math.Min(seconds, MostSeconds);
    }

    public void Dispose() => _invoker.Dispose();
}
