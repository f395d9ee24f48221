using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Decisions;

/// <summary>Decisions of one kind, which have a bound of their own: counts them and deletes the oldest.</summary>
internal sealed class DecisionRows : IDisposable
{
    private readonly PreparedStatement _deleteOldest;
    private readonly PreparedStatement _deleteOlder;

    private const string All = "(SELECT count(*) FROM decisions)";
    private const string Strangers = "(SELECT count(*) FROM decisions WHERE key_id IS NULL)";

    private DecisionRows(SqliteConnection connection, string condition, string count)
    {
        Count = Database.ReadNumber(connection, $"SELECT {count}");
        // Of rows that were written later, none is older by more than the time of a request: looking at the first ones is enough.
        var first = $"rowid IN (SELECT rowid FROM decisions WHERE {condition} ORDER BY rowid LIMIT ?1)";
        _deleteOldest = new PreparedStatement(connection, $"DELETE FROM decisions WHERE {first}");
        _deleteOlder = new PreparedStatement(connection, $"DELETE FROM decisions WHERE {first} AND created_at < ?2");
    }

    /// <summary>Requests with a known key. Counted by subtraction: both counts come from indexes and read no row.</summary>
    public static DecisionRows OfCallers(SqliteConnection connection) => new(connection, "key_id IS NOT NULL", $"{All} - {Strangers}");

    /// <summary>Requests without a known key.</summary>
    public static DecisionRows OfStrangers(SqliteConnection connection) => new(connection, "key_id IS NULL", Strangers);

    /// <summary>How many there are.</summary>
    public long Count { get; set; }

    /// <summary>Deletes the oldest beyond a number, not more than a few at a time.</summary>
    public void DeleteBeyond(long count, int step)
    {
        if (Count > count)
            Delete(_deleteOldest.Bind(Math.Min(Count - count, step)));
    }

    /// <summary>Deletes what was decided before a time, not more than a few at a time.</summary>
    public void DeleteOlder(DateTimeOffset than, int step) => Delete(_deleteOlder.Bind(step).Bind(than.ToUnixTimeMilliseconds()));

    public void Dispose()
    {
        _deleteOlder.Dispose();
        _deleteOldest.Dispose();
    }

    private void Delete(PreparedStatement statement)
    {
        statement.Execute();
        Count -= statement.Changes;
    }
}
