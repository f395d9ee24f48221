using System.Globalization;

namespace Gateway;

/// <summary>
/// What a client is told when it is refused or its call failed. One factory method per error; status, type and the beginning
/// of each message are those of the LiteLLM proxy, because clients match on them.
/// </summary>
public sealed record ApiError
{
    /// <summary>HTTP status, 400–599.</summary>
    public required int Status { get; init; }

    /// <summary>OpenAI's <c>error.type</c>.</summary>
    public required string Type { get; init; }

    /// <summary>What is wrong, with the value found, and what to do. Never a secret, a prompt or an answer.</summary>
    public required string Message { get; init; }

    /// <summary>OpenAI's <c>error.param</c>. Null: none.</summary>
    public string? Param { get; init; }

    /// <summary>OpenAI's <c>error.code</c>. Null: the status as a string, as in LiteLLM.</summary>
    public string? Code { get; init; }

    /// <summary>Sent as <c>retry-after</c>. Null: not sent.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Sent as <c>x-should-retry</c>, which the OpenAI and Anthropic SDKs obey. Null: not sent.</summary>
    public bool? ShouldRetry { get; init; }

    /// <summary>The class that metrics and logs show, in LiteLLM's names.</summary>
    public string ExceptionClass { get; init; } = "ProxyException";
}
