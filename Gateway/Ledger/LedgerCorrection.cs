using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>A row that changes what was booked before: a correction of one attempt's cost, or a user's start from zero.</summary>
/// <param name="IsReset">True: a start from zero.</param>
/// <param name="Subjects">Whose sums it changes.</param>
/// <param name="ModelGroup">That of the attempt; empty for a reset.</param>
/// <param name="Amount">What is added; negative where money is given back.</param>
/// <param name="Time">When the attempt began; for a reset when it was made.</param>
public sealed record LedgerCorrection(
    long Id, bool IsReset, IReadOnlyList<Subject> Subjects, string ModelGroup, NanoUsd Amount, DateTimeOffset Time)
{
    internal const string CorrectionKind = "correction";
    internal const string ResetKind = "reset";

    private const string SinceSql = $"""
        SELECT id, kind, time_ms, model_group, cost_nano_usd, {RowSubjects.Columns} FROM ledger
        WHERE reference IS NOT NULL AND id > ?1 AND kind IN ('correction', 'reset') ORDER BY id
        """;

    /// <summary>All that were written after a row.</summary>
    /// <exception cref="SqliteException">The database could not be read.</exception>
    internal static List<LedgerCorrection> Since(SqliteConnection connection, long id)
    {
        using var rows = new PreparedStatement(connection, SinceSql);
        rows.Bind(id);
        var (found, reader) = (new List<LedgerCorrection>(), new RowSubjects());
        while (rows.Read())
        {
            var subjects = new List<Subject>();
            reader.Read(rows, 5, subjects);
            // A reset lets the user start from zero, and nobody else.
            var isReset = rows.Text(1) == ResetKind;
            found.Add(new LedgerCorrection(
                rows.Number(0), isReset, isReset ? [subjects[0]] : subjects, rows.Text(3), new NanoUsd(rows.Number(4)),
                DateTimeOffset.FromUnixTimeMilliseconds(rows.Number(2))));
        }
        return found;
    }
}
