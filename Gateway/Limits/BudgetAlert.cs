namespace Gateway.Limits;

/// <summary>What a budget can have crossed.</summary>
[Flags]
public enum BudgetAlerts
{
    None = 0,

    /// <summary><c>soft_budget</c> is spent.</summary>
    Soft = 1,

    /// <summary>80 % of the budget is spent.</summary>
    Percent80 = 2,

    /// <summary>95 % of the budget is spent.</summary>
    Percent95 = 4,

    /// <summary>All is spent, or so much that a request was refused for it.</summary>
    Exhausted = 8,
}

/// <summary>A budget has crossed a threshold, for the first time in its period.</summary>
/// <param name="Crossed">Exactly one.</param>
/// <param name="Facts">As they were at that moment.</param>
public sealed record BudgetAlert(BudgetAlerts Crossed, SubjectFacts Facts, DateTimeOffset Time);

/// <summary>What there is to know about a subject's budget at one moment.</summary>
public sealed record SubjectFacts
{
    public required Subject Subject { get; init; }

    /// <summary>The model, or pattern, that the budget is for. Null: all models.</summary>
    public string? Model { get; init; }
    public required string Name { get; init; }

    /// <summary>In the current period.</summary>
    public NanoUsd Spent { get; init; }

    /// <summary>Since the beginning.</summary>
    public NanoUsd Total { get; init; }

    /// <summary>The bounds of what is in flight.</summary>
    public NanoUsd Reserved { get; init; }
    public NanoUsd? Limit { get; init; }
    public NanoUsd? SoftLimit { get; init; }

    /// <summary>What the next request may have, never below zero. Null: there is no limit.</summary>
    public NanoUsd? Left => Limit is not { } limit ? null
        : new NanoUsd((long)Int128.Max(0, (Int128)limit.Value - Spent.Value - Reserved.Value));
    public BudgetPeriod? Period { get; init; }

    /// <summary>When the budget begins anew. Null: never.</summary>
    public DateTimeOffset? PeriodEnd { get; init; }

    /// <summary>Spend per hour, averaged over the last hour.</summary>
    public NanoUsd BurnPerHour { get; init; }

    /// <summary>Spend per hour, averaged over the last six hours.</summary>
    public NanoUsd BurnPerHourOfSix { get; init; }

    /// <summary>How long the budget lasts at the last hour's pace. Null: no limit, or nothing spent. A reset may come first.</summary>
    public TimeSpan? ExhaustedIn { get; init; }

    /// <summary>As <see cref="ExhaustedIn"/>, at the pace of the last six hours.</summary>
    public TimeSpan? ExhaustedInOfSix { get; init; }
}
