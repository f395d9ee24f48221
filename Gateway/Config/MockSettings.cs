namespace Gateway.Config;

/// <summary>How a mock deployment behaves (<c>litellm_params.mock_*</c>).</summary>
public sealed record MockSettings
{
    /// <summary>Wait before the answer's head. <c>mock_latency</c>.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Pace of a stream. <c>mock_tokens_per_second</c>; null: as fast as it goes.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>An error status to answer with. <c>mock_status</c>; null: 200.</summary>
    public int? Status { get; init; }

    /// <summary>Sent with an error status. <c>mock_retry_after</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Never answers. <c>mock_hang</c>.</summary>
    public bool Hang { get; init; }

    /// <summary>Cuts after so many stream events, or in a plain answer's middle. <c>mock_cut_after</c>; null: never.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Also LiteLLM's <c>mock_timeout</c>, which hangs until the time-out, and <c>mock_delay</c>.</summary>
    internal static MockSettings Read(YamlSection s) => new()
    {
        Latency = s.Duration("mock_latency") ?? s.Duration("mock_delay") ?? TimeSpan.Zero,
        TokensPerSecond = s.Number("mock_tokens_per_second") is { } pace and > 0 ? pace : null,
        Status = s.Count("mock_status", least: 200, most: 599),
        RetryAfter = s.Duration("mock_retry_after"),
        Hang = s.Flag("mock_hang") ?? s.Flag("mock_timeout") ?? false,
        CutAfter = s.Count("mock_cut_after"),
    };
}
