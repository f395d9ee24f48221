using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>
/// Keeps sums up to some row in a file beside the database, so that a start need only add the rows after it. A cache: it may be missing,
/// and one that is damaged or of another ledger is not used.
/// </summary>
/// <remarks>
/// A database of its own, because what is written here is no business of the ledger's one writer. The hash of the row says whether the
/// ledger is the one that was added up: it depends on every row before.
/// </remarks>
public sealed class SumStore(Database database)
{
    /// <summary>Of the tables below; a file of another layout is made anew.</summary>
    private const long Layout = 1;

    private const string TablesSql = """
        PRAGMA user_version = 1;
        CREATE TABLE IF NOT EXISTS known (last_row INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS question (number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id TEXT, since_ms INTEGER NOT NULL,
          by_model INTEGER NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS sum (question INTEGER NOT NULL, id TEXT NOT NULL, model TEXT NOT NULL, nano_usd INTEGER NOT NULL) STRICT;
        """;

    /// <summary>The file: <c>gateway.db.sums</c>.</summary>
    public string Path { get; } = database.Path + ".sums";

    /// <summary>Answers what it can.</summary>
    /// <returns>The tallies that are filled, and the row up to which they are.</returns>
    internal (long LastRow, List<SumTally> Tallies) Fill(SqliteConnection ledger, Dictionary<SumQuestion, SumTally> tallies)
    {
        if (!File.Exists(Path))
            return (0, []);
        try
        {
            using var connection = Open(SqliteOpenMode.ReadOnly);
            Database.Run(connection, "BEGIN");
            return LastRowIn(connection, ledger) is { } row ? (row, Fill(connection, tallies, row)) : (0, []);
        }
        catch (SqliteException)
        {
            // The rows have it all; only the start takes longer.
            foreach (var tally in tallies.Values)
                tally.Forget();
            return (0, []);
        }
    }

    /// <summary>Replaces what is kept.</summary>
    /// <exception cref="SqliteException">The file could not be written.</exception>
    public void Keep(LedgerSums sums)
    {
        try
        {
            Write(sums);
        }
        catch (SqliteException)
        {
            File.Delete(Path); // of another layout, or damaged
            Write(sums);
        }
    }

    private void Write(LedgerSums sums)
    {
        using var connection = Open(SqliteOpenMode.ReadWriteCreate);
        Database.Run(connection, "BEGIN IMMEDIATE");
        Database.Run(connection, TablesSql);
        Database.Run(connection, "DELETE FROM known; DELETE FROM question; DELETE FROM sum");
        using (var known = new PreparedStatement(connection, "INSERT INTO known VALUES (?1, ?2)"))
            known.Bind(sums.LastRow).BindBytes(sums.LastHash).Execute();
        using var question = new PreparedStatement(connection, "INSERT INTO question VALUES (?1, ?2, ?3, ?4, ?5)");
        using var sum = new PreparedStatement(connection, "INSERT INTO sum VALUES (?1, ?2, ?3, ?4)");
        var number = 0L;
        foreach (var tally in sums.Tallies)
        {
            var asked = tally.Question;
            question.Bind(++number).Bind((long)asked.Kind).Bind(asked.Id).Bind(asked.SinceMs).Bind(asked.ByModel).Execute();
            foreach (var ((id, model), amount) in tally.Sums)
                sum.Bind(number).Bind(id).Bind(model).Bind(amount).Execute();
        }
        Database.Run(connection, "COMMIT");
    }

    /// <summary>Null: what is kept is not of this ledger.</summary>
    private static long? LastRowIn(SqliteConnection connection, SqliteConnection ledger)
    {
        if (Database.ReadNumber(connection, "PRAGMA user_version") != Layout)
            return null;
        using var known = new PreparedStatement(connection, "SELECT last_row, hash FROM known");
        if (!known.Read())
            return null;
        using var row = new PreparedStatement(ledger, "SELECT hash FROM ledger WHERE id = ?1");
        return row.Bind(known.Number(0)).Read() && row.Utf8(0).SequenceEqual(known.Utf8(1)) ? known.Number(0) : null;
    }

    private static List<SumTally> Fill(SqliteConnection connection, Dictionary<SumQuestion, SumTally> tallies, long lastRow)
    {
        var byNumber = new Dictionary<long, SumTally>();
        using var question = new PreparedStatement(connection, "SELECT number, kind, id, since_ms, by_model FROM question");
        while (question.Read())
        {
            var asked = new SumQuestion(
                (SubjectKind)question.Number(1), question.IsNull(2) ? null : question.Text(2), question.Number(3), question.Number(4) != 0);
            if (tallies.TryGetValue(asked, out var tally))
                byNumber[question.Number(0)] = tally;
        }
        using var sum = new PreparedStatement(connection, "SELECT question, id, model, nano_usd FROM sum");
        while (sum.Read())
        {
            if (byNumber.TryGetValue(sum.Number(0), out var tally))
                tally.Add(sum.Text(1), sum.Text(2), sum.Number(3));
        }
        foreach (var tally in byNumber.Values)
            tally.After = lastRow;
        return [.. byNumber.Values];
    }

    private SqliteConnection Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = Path, Mode = mode, Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }
}
