namespace Gateway.Telemetry;

/// <summary>A budget as metrics show it.</summary>
public sealed record BudgetStatus
{
    /// <summary>A key by its hash.</summary>
    public required Subject Subject { get; init; }

    /// <summary>A name for people. Null: none.</summary>
    public string? Alias { get; init; }

    /// <summary>The model, or pattern, that the budget is for. Null: all models.</summary>
    public string? Model { get; init; }

    /// <summary>In the current period.</summary>
    public NanoUsd Spent { get; init; }

    /// <summary>The bounds of what is in flight.</summary>
    public NanoUsd Reserved { get; init; }
    public required NanoUsd Limit { get; init; }

    /// <summary>What the next request may have, never below zero.</summary>
    public NanoUsd Left { get; init; }

    /// <summary>Until the budget begins anew. Null: never.</summary>
    public TimeSpan? ResetsIn { get; init; }

    /// <summary>Until all is spent at the pace of the last hour. Null: nothing was spent in it.</summary>
    public TimeSpan? ExhaustedIn { get; init; }

    /// <summary>As <see cref="ExhaustedIn"/>, at the pace of the last six hours.</summary>
    public TimeSpan? ExhaustedInOfSix { get; init; }
}
