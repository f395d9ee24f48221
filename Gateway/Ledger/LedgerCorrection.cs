using System.Text.Json;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>A row that changes what was booked before: a correction of one attempt's cost, or a user's start from zero.</summary>
/// <param name="Subjects">Whose sums it changes.</param>
/// <param name="ModelGroup">That of the attempt; empty for a reset.</param>
/// <param name="Amount">What is added; negative where money is given back.</param>
/// <param name="Time">When the attempt began; for a reset when it was made.</param>
public sealed record LedgerCorrection(long Id, IReadOnlyList<Subject> Subjects, string ModelGroup, NanoUsd Amount, DateTimeOffset Time)
{
    internal const string CorrectionKind = "correction";
    internal const string ResetKind = "reset";

    private const string SinceSql = """
        SELECT id, kind, time_ms, user_id, key_id, team_id, end_user, tags, provider, model_group, cost_nano_usd FROM ledger
        WHERE reference IS NOT NULL AND id > ?1 AND kind IN ('correction', 'reset') ORDER BY id
        """;

    /// <summary>All that were written after a row.</summary>
    /// <exception cref="SqliteException">The database could not be read.</exception>
    internal static List<LedgerCorrection> Since(SqliteConnection connection, long id)
    {
        using var rows = new PreparedStatement(connection, SinceSql);
        rows.Bind(id);
        var found = new List<LedgerCorrection>();
        while (rows.Read())
        {
            var user = new Subject(SubjectKind.User, rows.Text(3));
            found.Add(new LedgerCorrection(
                rows.Number(0), rows.Text(1) == ResetKind ? [user] : [user, .. OthersOf(rows)], rows.Text(9), new NanoUsd(rows.Number(10)),
                DateTimeOffset.FromUnixTimeMilliseconds(rows.Number(2))));
        }
        return found;
    }

    private static IEnumerable<Subject> OthersOf(PreparedStatement row)
    {
        yield return Subject.Everybody;
        var kinds = new[] { (SubjectKind.Key, 4), (SubjectKind.Team, 5), (SubjectKind.EndUser, 6), (SubjectKind.Provider, 8) };
        foreach (var (kind, column) in kinds)
        {
            if (row.Text(column) is { Length: > 0 } id)
                yield return new Subject(kind, id);
        }
        if (row.IsNull(7))
            yield break;
        using var tags = JsonDocument.Parse(row.Text(7));
        foreach (var tag in tags.RootElement.EnumerateArray())
            yield return new Subject(SubjectKind.Tag, tag.GetString()!);
    }
}
