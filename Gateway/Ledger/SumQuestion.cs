namespace Gateway.Ledger;

/// <summary>A sum that is asked of the ledger: what a subject has spent from an instant on.</summary>
/// <param name="Id">Null: each of the kind that has a row.</param>
/// <param name="SinceMs">Attempts that started earlier do not count. Unix milliseconds; <see cref="AllTime"/>: all do.</param>
/// <param name="ByModel">True: one sum for each model group; false: one for all.</param>
public readonly record struct SumQuestion(SubjectKind Kind, string? Id, long SinceMs, bool ByModel)
{
    public const long AllTime = long.MinValue;
}

/// <summary>An attempt that began a moment ago, for what counts requests and tokens.</summary>
/// <param name="ExchangeId">Attempts of one request have the same.</param>
/// <param name="Tokens">Input and output.</param>
public sealed record RecentAttempt(
    DateTimeOffset Time, string ExchangeId, IReadOnlyList<Subject> Subjects, string ModelGroup, long Tokens);
