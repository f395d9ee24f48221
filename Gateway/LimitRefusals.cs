namespace Gateway;

/// <summary>A budget that does not pay for a request, with what a client may know of it.</summary>
public sealed record BudgetRefusal
{
    public required Subject Subject { get; init; }

    /// <summary>What the subject is called: a key by its alias or hint, never by itself.</summary>
    public required string Name { get; init; }

    /// <summary>The model that the budget is for. Null: all.</summary>
    public string? Model { get; init; }
    public required NanoUsd Spent { get; init; }
    public required NanoUsd Budget { get; init; }

    /// <summary>What is set aside for requests in flight.</summary>
    public NanoUsd InFlight { get; init; }

    /// <summary>What the request costs at most, with the shortest answer that is given.</summary>
    public NanoUsd Needed { get; init; }

    /// <summary>Null: for all time.</summary>
    public BudgetPeriod? Period { get; init; }
    public DateTimeOffset? ResetsAt { get; init; }
    public DateTimeOffset Now { get; init; }
}

/// <summary>A rate limit that a request runs into.</summary>
public sealed record RateRefusal
{
    public required Subject Subject { get; init; }

    /// <summary>As in <see cref="BudgetRefusal"/>.</summary>
    public required string Name { get; init; }
    public string? Model { get; init; }

    /// <summary>LiteLLM's word: requests, tokens or max_parallel_requests.</summary>
    public required string LimitType { get; init; }
    public required long Limit { get; init; }
    public long Remaining { get; init; }

    /// <summary>How many the request needs.</summary>
    public long Needed { get; init; }

    /// <summary>Null: it never passes.</summary>
    public TimeSpan? RetryAfter { get; init; }
    public DateTimeOffset Now { get; init; }
}
