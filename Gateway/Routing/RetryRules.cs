namespace Gateway.Routing;

/// <summary>What is known when a call has failed and may be made again.</summary>
public readonly record struct RetryFacts
{
    /// <summary>The upstream's status; 408 a time-out; below 400: not reached, or the connection was lost.</summary>
    public required int Status { get; init; }

    /// <summary>True when the group has more than one deployment, in whatever state.</summary>
    public required bool GroupHasOthers { get; init; }

    /// <summary>True when a deployment of the group, tried or not, may be called now.</summary>
    public required bool IsAnyHealthy { get; init; }

    /// <summary>True when another group stands by.</summary>
    public required bool HasFallbacks { get; init; }

    /// <summary>True when a retry policy names the failure's class.</summary>
    public bool IsAskedFor { get; init; }
}

/// <summary>Whether a failed call is made again, and when; pure.</summary>
public static class RetryRules
{
    /// <summary>A longer Retry-After is not waited for. As in the OpenAI SDK and LiteLLM.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(60);

    // LiteLLM's INITIAL_RETRY_DELAY, MAX_RETRY_DELAY and JITTER, which are the OpenAI SDK's, in seconds.
    private const double FirstDelay = 0.5;
    private const double LongestDelay = 8;
    private const double Jitter = 0.75;

    /// <summary>Whether the call may be made again in its group. A 4xx of the client's making is not.</summary>
    public static bool MayRetry(in RetryFacts facts) => facts.Status switch
    {
        429 => facts.IsAnyHealthy || !facts.HasFallbacks,
        408 or 409 or < 400 or >= 500 => true,
        401 or 403 => facts.GroupHasOthers || facts.IsAskedFor,   // another deployment has another key
        404 => facts.IsAskedFor,                                  // another may have the model; by default LiteLLM does not look
        _ => false,
    };

    /// <summary>Whether another group may be asked: after every failure, even a 4xx, but not when nobody waits for the answer.</summary>
    public static bool MayFallBack(int status) => status != ApiError.ClientClosedRequest;

    /// <summary>How long to wait before a retry.</summary>
    /// <param name="retry">0 for the first retry.</param>
    /// <param name="retryAfter">What the provider asked for. Null: nothing.</param>
    /// <param name="leastWait"><c>router_settings.retry_after</c>.</param>
    /// <param name="hasAnother">True when a healthy deployment that was not tried is left: then there is nothing to wait for.</param>
    /// <param name="random">Uniform in [0, 1).</param>
    public static TimeSpan BackOff(int retry, TimeSpan? retryAfter, TimeSpan leastWait, bool hasAnother, double random)
    {
        if (hasAnother)
            return TimeSpan.Zero;
        var jitter = Jitter * random;
        if (retryAfter is { } asked && asked > TimeSpan.Zero && asked <= LongestRetryAfter)
            return asked + TimeSpan.FromSeconds(jitter);
        var delay = Math.Max(FirstDelay * Math.Pow(2, retry), leastWait.TotalSeconds);
        return TimeSpan.FromSeconds(Math.Min(delay, LongestDelay) + jitter);
    }
}
