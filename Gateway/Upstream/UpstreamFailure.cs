using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Text;
using System.Text.Json;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Upstream.Auth;

namespace Gateway.Upstream;

/// <summary>Why an attempt gave no answer: what the provider said or what happened on the way.</summary>
public sealed record UpstreamFailure
{
    /// <summary>A header's value that is shorter is a flag or a name rather than a secret, and may be a word of a message.</summary>
    private const int ShortestSecret = 8;

    /// <summary>A longer wait is not meant: thirty years.</summary>
    private const double MostSeconds = 1e9;

    /// <summary>The status the client gets; 400–599.</summary>
    public required int Status { get; init; }

    /// <summary>What the provider answered with; 0 when it was not reached, 408 when it did not answer in time.</summary>
    public required int UpstreamStatus { get; init; }

    /// <summary>LiteLLM's exception class.</summary>
    public required string ExceptionClass { get; init; }

    /// <summary>For the client: the provider's text, or what happened. Never a key.</summary>
    public required string Message { get; init; }

    /// <summary>OpenAI's <c>error.type</c>, from the provider where it gave one.</summary>
    public required string Type { get; init; }

    /// <summary>OpenAI's <c>error.param</c>. Null: none.</summary>
    public string? Param { get; init; }

    /// <summary>OpenAI's <c>error.code</c> where the provider gave one.</summary>
    public string? Code { get; init; }

    /// <summary>How long the provider asked to be left alone. Null: it did not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when the gateway failed and not the deployment: nothing is held against it, and another would not help.</summary>
    public bool IsGateways { get; init; }

    /// <summary>True when the gateway gave up on an answer that was on its way: the provider may have done its work, and bill it.</summary>
    public bool IsAbandoned { get; init; }

    /// <summary>The client's share of the failure, as its answer.</summary>
    public ApiError ToError() => new()
    {
        Status = Status,
        Type = Type,
        Param = Param,
        Code = Code,
        Message = Message,
        RetryAfter = RetryAfter,
        ExceptionClass = ExceptionClass,
    };

    /// <summary>The provider did not answer in time.</summary>
    public static UpstreamFailure TimedOut(Deployment deployment, TimeSpan limit) =>
        Make(deployment, 408, 408, "Timeout", $"no answer within {limit.TotalSeconds:0.###} s") with { IsAbandoned = true };

    /// <summary>The provider could not be reached or the connection was lost.</summary>
    public static UpstreamFailure NotReached(Deployment deployment, Exception cause) => Make(
        deployment, 500, 0, "APIConnectionError", Describe(cause));

    /// <summary>The provider was not asked, as no credential for it could be had.</summary>
    internal static UpstreamFailure NotAuthenticated(Deployment deployment, AuthException cause) => cause.IsTransient
        ? Make(deployment, 500, 0, "APIConnectionError", cause.Message)
        : Make(deployment, 401, 401, "AuthenticationError", cause.Message);

    /// <summary>The provider answered 200 with something that is not an answer.</summary>
    public static UpstreamFailure Nonsense(Deployment deployment, string what) => Make(deployment, 502, 200, "BadGatewayError", what);

    /// <summary>The answer does not fit the gateway's buffers.</summary>
    public static UpstreamFailure NoRoom(Deployment deployment)
    {
        var error = ApiError.Unavailable("its buffers are full (general_settings.max_buffered_mb)");
        return Make(deployment, error.Status, 200, error.ExceptionClass, "") with
        {
            Type = error.Type,
            Message = error.Message,
            RetryAfter = error.RetryAfter,
            IsGateways = true,
            IsAbandoned = true,
        };
    }

    /// <summary>A stream that had begun fell silent.</summary>
    public static UpstreamFailure StreamStalled(Deployment deployment) => Make(
        deployment, 408, 200, "Timeout", "the stream fell silent for longer than its time limit");

    /// <summary>A stream that had begun ended before it was complete.</summary>
    public static UpstreamFailure StreamCut(Deployment deployment) => Make(
        deployment, 500, 200, "APIConnectionError", "the provider's stream was cut before it was complete");

    /// <summary>The provider answered with an error, or hid one in a 200.</summary>
    /// <param name="status">Its status; for an error hidden in a 200 the one that its text names, else 500.</param>
    public static UpstreamFailure FromAnswer(Deployment deployment, int status, HttpResponseHeaders? headers, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var error = ProviderError.Read(body);
        var shown = status is >= 400 and <= 599 ? status : 502;
        var failure = Make(deployment, shown, status, ClassOf(shown, error), error.Message ?? $"status {status} without a message");
        return failure with
        {
            Type = Redact(deployment, error.Type) ?? failure.Type,
            Param = Redact(deployment, error.Param),
            Code = Redact(deployment, error.Code),
            RetryAfter = headers is null ? null : RetryAfterOf(headers, now),
        };
    }

    /// <summary>The provider hid an error in a 200, as its answer or as an event.</summary>
    public static UpstreamFailure FromEvent(Deployment deployment, ReadOnlySpan<byte> json, DateTimeOffset now) =>
        FromAnswer(deployment, ProviderError.Read(json).Status, null, json, now);

    private static UpstreamFailure Make(Deployment deployment, int status, int upstreamStatus, string exceptionClass, string what) => new()
    {
        Status = status,
        UpstreamStatus = upstreamStatus,
        ExceptionClass = exceptionClass,
        Type = TypeOf(status),
        Message = $"litellm.{exceptionClass}: {exceptionClass}: {deployment.Provider.DisplayName}Exception - {Redact(deployment, what)}",
    };

    /// <summary>Some providers quote the key, or another header, that they were shown.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    private static string? Redact(Deployment deployment, string? text)
    {
        text = Redact(deployment.Cloud.Azure.AdToken, Redact(deployment.ApiKey, text));
        foreach (var (_, value) in deployment.Params.ExtraHeaders)
        {
            if (value.IsUsable && value.Reveal().Length >= ShortestSecret)
                text = Redact(value, text);
        }
        return text;
    }

    [return: NotNullIfNotNull(nameof(text))]
    private static string? Redact(Secret? secret, string? text) =>
        secret is { IsUsable: true } && secret.Reveal().Length > 0 ? text?.Replace(secret.Reveal(), "***") : text;

    private static string Describe(Exception cause) => cause switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "the provider's host name could not be resolved",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "no TLS connection to the provider: its certificate or protocol was refused",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "the provider could not be connected to",
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => "the provider's answer exceeded a limit (its headers may be too large)",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => "the provider's answer is not HTTP",
        System.Security.Authentication.AuthenticationException => "no TLS connection to the provider: its certificate or protocol was refused",
        _ => "the connection to the provider was lost",
    };

    /// <summary>LiteLLM's class for a status (and, for a 400, for what the text says).</summary>
    private static string ClassOf(int status, in ProviderError error) => status switch
    {
        400 or 413 or 422 when error.IsContextWindow => "ContextWindowExceededError",
        400 or 422 when error.IsContentPolicy => "ContentPolicyViolationError",
        400 => "BadRequestError",
        401 => "AuthenticationError",
        403 => "PermissionDeniedError",
        404 => "NotFoundError",
        408 => "Timeout",
        422 => "UnprocessableEntityError",
        429 => "RateLimitError",
        500 => "InternalServerError",
        502 => "BadGatewayError",
        503 => "ServiceUnavailableError",
        _ => "APIError",
    };

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 => "timeout_error",
        429 => "rate_limit_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    /// <summary>The provider's Retry-After (RFC 9110, 10.2.3: seconds or a date) or its more exact <c>retry-after-ms</c>.</summary>
    private static TimeSpan? RetryAfterOf(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (headers.TryGetValues("retry-after-ms", out var values)
            && double.TryParse(values.First(), CultureInfo.InvariantCulture, out var ms) && ms is >= 0 and < MostSeconds)
            return TimeSpan.FromMilliseconds(ms);
        // Parts of a second are not in the standard, but are sent.
        if (headers.TryGetValues("Retry-After", out values)
            && double.TryParse(values.First(), CultureInfo.InvariantCulture, out var seconds))
            return seconds is >= 0 and < MostSeconds ? TimeSpan.FromSeconds(seconds) : null;
        return headers.RetryAfter?.Date is { } date ? (date > now ? date - now : TimeSpan.Zero) : null;
    }
}
