using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>Goes once through rows of the ledger and counts each in the tallies that it belongs to.</summary>
internal sealed class SumCount
{
    private const string Rows = $"""
        SELECT id, time_ms, cost_nano_usd, model_group, {RowSubjects.Columns} FROM ledger WHERE cost_nano_usd <> 0 AND kind <> 'reset'
        """;

    private const string SinceSql = Rows + " AND time_ms >= ?1";
    private const string AfterSql = Rows + " AND id > ?1";

    private const string ResetsSql =
        "SELECT user_id, max(id) FROM ledger WHERE reference IS NOT NULL AND kind = 'reset' GROUP BY user_id";

    private const string ArchivedSql = """
        SELECT kind, id, by_model, model, nano_usd, until_ms FROM archived_sum JOIN archive ON archive.number = archived_sum.archive
        """;

    private readonly Dictionary<Subject, List<SumTally>> _named = [];
    private readonly List<SumTally> _anyOfKind = [];
    private readonly RowSubjects _reader = new();
    private readonly List<Subject> _subjects = [];

    private SumCount(IEnumerable<SumTally> tallies)
    {
        foreach (var tally in tallies)
        {
            if (tally.Question.Id is not { } id)
                _anyOfKind.Add(tally);
            else if (_named.TryGetValue(new Subject(tally.Question.Kind, id), out var others))
                others.Add(tally);
            else
                _named[new Subject(tally.Question.Kind, id)] = [tally];
        }
    }

    /// <summary>A user's whole account starts from zero after a reset; that of a key, a team or a model does not.</summary>
    public static void ApplyResets(SqliteConnection connection, IEnumerable<SumTally> tallies)
    {
        using var resets = new PreparedStatement(connection, ResetsSql);
        var last = new Dictionary<string, long>();
        while (resets.Read())
            last[resets.Text(0)] = resets.Number(1);
        foreach (var tally in tallies)
        {
            if (tally.Question is { Kind: SubjectKind.User, Id: { } id, ByModel: false } && last.TryGetValue(id, out var row))
                tally.Restart(row);
        }
    }

    /// <summary>Counts the rows of attempts that started at a time or later.</summary>
    public static void Since(SqliteConnection connection, IReadOnlyCollection<SumTally> tallies, long sinceMs) =>
        // A walk along the index of times is worth it only where that leaves something out.
        new SumCount(tallies).Count(connection, sinceMs == SumQuestion.AllTime ? AfterSql : SinceSql, sinceMs);

    /// <summary>Counts the rows that were written after one.</summary>
    public static void After(SqliteConnection connection, IReadOnlyCollection<SumTally> tallies, long row) =>
        new SumCount(tallies).Count(connection, AfterSql, row);

    /// <summary>
    /// Counts what was moved to archives. Of an archive in whose month a question begins all is taken: rather too much than too little,
    /// where a config asks for what was moved before it.
    /// </summary>
    public static void Archived(SqliteConnection connection, IReadOnlyCollection<SumTally> tallies)
    {
        var count = new SumCount(tallies);
        using var row = new PreparedStatement(connection, ArchivedSql);
        while (row.Read())
        {
            var subject = new Subject((SubjectKind)row.Number(0), row.Text(1));
            foreach (var tally in count.TalliesOf(subject))
            {
                if (tally.Question.ByModel == (row.Number(2) != 0) && tally.Question.SinceMs < row.Number(5))
                    tally.Add(subject.Id, row.Text(3), row.Number(4));
            }
        }
    }

    private IEnumerable<SumTally> TalliesOf(Subject subject) =>
        _anyOfKind.Where(tally => tally.Question.Kind == subject.Kind).Concat(_named.GetValueOrDefault(subject, []));

    private void Count(SqliteConnection connection, string sql, long from)
    {
        using var row = new PreparedStatement(connection, sql);
        row.Bind(from);
        while (row.Read())
        {
            var (id, time, cost, model) = (row.Number(0), row.Number(1), row.Number(2), _reader.Text(row.Utf8(3)));
            _reader.Read(row, 4, _subjects);
            foreach (var subject in _subjects)
            {
                if (_named.TryGetValue(subject, out var tallies))
                    Count(tallies, id, time, subject.Id, model, cost);
                foreach (var tally in _anyOfKind)
                {
                    if (tally.Question.Kind == subject.Kind)
                        tally.Count(id, time, subject.Id, model, cost);
                }
            }
        }
    }

    private static void Count(List<SumTally> tallies, long row, long time, string id, string model, long cost)
    {
        foreach (var tally in tallies)
            tally.Count(row, time, id, model, cost);
    }
}
