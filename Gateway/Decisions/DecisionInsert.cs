using System.Buffers;
using Gateway.Config;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Decisions;

/// <summary>Writes decisions as JSON and deletes old ones in small steps, so that the ledger's transaction stays short.</summary>
internal sealed class DecisionInsert : IGroupInsert<DecisionEntry>
{
    private const string RowSql = """
        INSERT OR IGNORE INTO decisions (id, created_at, key_id, user_id, status, document) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        """;

    private const string DeleteOldestSql = "DELETE FROM decisions WHERE rowid IN (SELECT rowid FROM decisions ORDER BY rowid LIMIT ?1)";

    // Written later is older only by the time of a request, so looking at the first rows is enough, and needs no index.
    private const string DeleteExpiredSql =
        "DELETE FROM decisions WHERE rowid IN (SELECT rowid FROM decisions ORDER BY rowid LIMIT ?1) AND created_at < ?2";

    /// <summary>Rows deleted with a group beside as many as were written: about a millisecond.</summary>
    private const int Step = 256;

    /// <summary>Rows deleted where nothing is written at the time: about 10 ms.</summary>
    private const int IdleStep = 2_000;

    /// <summary>How often the age is looked at: <see cref="Step"/> rows each time are more than come in where age is the bound.</summary>
    private static readonly TimeSpan ExpiryPause = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly Func<DecisionRetention> _retention;
    private readonly PreparedStatement _row;
    private readonly PreparedStatement _deleteOldest;
    private readonly PreparedStatement _deleteExpired;
    private readonly ArrayBufferWriter<byte> _json = new(4096);
    private long _count;
    private DateTimeOffset _nextExpiry;

    public DecisionInsert(SqliteConnection connection, TimeProvider time, Func<DecisionRetention> retention)
    {
        _time = time;
        _retention = retention;
        _count = Database.ReadNumber(connection, "SELECT count(*) FROM decisions");
        _row = new PreparedStatement(connection, RowSql);
        _deleteOldest = new PreparedStatement(connection, DeleteOldestSql);
        _deleteExpired = new PreparedStatement(connection, DeleteExpiredSql);
    }

    public void Write(ReadOnlySpan<DecisionEntry> entries)
    {
        var written = 0;
        foreach (var entry in entries)
        {
            if (entry.Exchange is not { } exchange)
                continue;
            WriteRow(exchange, entry.ModelOf);
            written++;
        }
        _count += written;
        Prune(written == 0 ? IdleStep : written + Step);
    }

    public void Dispose()
    {
        _deleteExpired.Dispose();
        _deleteOldest.Dispose();
        _row.Dispose();
    }

    private void WriteRow(Exchange exchange, Func<string, string?>? modelOf)
    {
        _json.ResetWrittenCount();
        DecisionDocument.Write(_json, exchange, modelOf);
        _row.Bind(exchange.DecisionId).Bind(exchange.StartedAt.ToUnixTimeMilliseconds())
            .Bind(exchange.Caller?.KeyId).Bind(exchange.Caller?.UserId).Bind(exchange.Status).Bind(_json.WrittenSpan)
            .Execute();
    }

    private void Prune(int step)
    {
        var keep = _retention();
        var surplus = _count - (keep.KeepsNone ? 0 : keep.Count);
        if (surplus > 0)
            Delete(_deleteOldest.Bind(Math.Min(surplus, step)));
        var now = _time.GetUtcNow();
        if (now < _nextExpiry)
            return;
        _nextExpiry = now + ExpiryPause;
        Delete(_deleteExpired.Bind(step).Bind((now - keep.Age).ToUnixTimeMilliseconds()));
    }

    private void Delete(PreparedStatement statement)
    {
        statement.Execute();
        _count -= statement.Changes;
    }
}
