namespace Gateway.Limits;

/// <summary>What became of a request that asked for admission: exactly one of the two is not null.</summary>
/// <param name="Rates">What is left of the tightest rate limits, for <c>x-ratelimit-*</c>.</param>
/// <param name="BudgetLeft">The least that is left of a budget, before the request took anything. Null: there is no budget.</param>
public readonly record struct Admission(ApiError? Refusal, Reservation? Reservation, RateFacts Rates, NanoUsd? BudgetLeft);

/// <summary>A rate limit with what is left of it.</summary>
/// <param name="Reset">How long until nothing counts any more that counts now.</param>
public readonly record struct RateFact(long Limit, long Remaining, TimeSpan Reset);

/// <summary>The rate limits of which the least is left, over all subjects. Null: there is none.</summary>
public readonly record struct RateFacts(RateFact? Requests, RateFact? Tokens);

/// <summary>How the limiter decides, as the config says.</summary>
public sealed record LimiterSettings
{
    /// <summary><c>budget_wait</c>: how long a request waits for others to settle before it is refused or shortened; at most a
    /// month.</summary>
    public TimeSpan BudgetWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>min_output_tokens</c>: a shorter answer is not worth its input.</summary>
    public long MinOutputTokens { get; init; } = 16;

    /// <summary>A cap that no client asked for may fall this far without a wait: <c>default_max_output_tokens</c>, as few answers are
    /// longer.</summary>
    public long AmpleOutputTokens { get; init; } = 4_096;

    /// <summary>Where days begin: <c>litellm_settings.timezone</c>.</summary>
    public BudgetCalendar Calendar { get; init; } = BudgetCalendar.Utc;
}
