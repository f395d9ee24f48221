namespace Gateway.Limits;

/// <summary>What the ledger knows of a subject, to start from.</summary>
/// <param name="Model">The model, or pattern, of <see cref="SubjectModelLimits"/>. Null: all models.</param>
/// <param name="PeriodStart">From when <paramref name="Spent"/> counts: <see cref="BudgetSpan.Start"/> of <paramref name="Period"/>; for a
/// budget without one the beginning of time.</param>
/// <param name="Spent">The sum of all rows since then.</param>
/// <param name="Total">The sum of all rows, read together with <paramref name="Spent"/>.</param>
public sealed record SpentSum(
    Subject Subject, string? Model, BudgetPeriod? Period, DateTimeOffset PeriodStart, NanoUsd Spent, NanoUsd Total);

/// <summary>Requests and tokens of a subject that began at a time of the last minute, to start from.</summary>
/// <param name="Model">As in <see cref="SpentSum"/>.</param>
public sealed record RateSample(Subject Subject, string? Model, DateTimeOffset Time, long Requests, long Tokens);
