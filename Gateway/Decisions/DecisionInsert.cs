using System.Buffers;
using System.Text.Json;
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

    /// <summary>Requests without a known key that are kept, beside the others: enough to explain a mistake, some 2 MB.</summary>
    private const int MostStrangers = 1_000;

    /// <summary>Rows deleted with a group beside as many as were written: about a millisecond.</summary>
    private const int Step = 256;

    /// <summary>Rows deleted where nothing is written at the time: about 10 ms.</summary>
    private const int IdleStep = 2_000;

    /// <summary>How often the age is looked at: <see cref="Step"/> rows each time are more than come in where age is the bound.</summary>
    private static readonly TimeSpan ExpiryPause = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly Func<DecisionRetention> _retention;
    private readonly PreparedStatement _row;
    private readonly DecisionRows _ofCallers;
    private readonly DecisionRows _ofStrangers;
    private readonly ArrayBufferWriter<byte> _json = new(4096);
    private readonly Utf8JsonWriter _writer;
    private DateTimeOffset _nextExpiry;

    public DecisionInsert(SqliteConnection connection, TimeProvider time, Func<DecisionRetention> retention)
    {
        _time = time;
        _retention = retention;
        _row = new PreparedStatement(connection, RowSql);
        _ofCallers = DecisionRows.OfCallers(connection);
        _ofStrangers = DecisionRows.OfStrangers(connection);
        _writer = DecisionDocument.NewWriter(_json);
    }

    public void Write(ReadOnlySpan<DecisionEntry> entries)
    {
        var written = 0;
        foreach (var entry in entries)
        {
            if (entry.Exchange is not { } exchange)
                continue;
            WriteRow(exchange, entry.ModelOf);
            (exchange.Caller is null ? _ofStrangers : _ofCallers).Count++;
            written++;
        }
        Prune(written == 0 ? IdleStep : written + Step);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _ofStrangers.Dispose();
        _ofCallers.Dispose();
        _row.Dispose();
    }

    private void WriteRow(Exchange exchange, Func<string, string?>? modelOf)
    {
        _json.ResetWrittenCount();
        _writer.Reset();
        DecisionDocument.Write(_writer, exchange, modelOf);
        _row.Bind(exchange.DecisionId).Bind(exchange.StartedAt.ToUnixTimeMilliseconds())
            .Bind(exchange.Caller?.KeyId).Bind(exchange.Caller?.UserId).Bind(exchange.Status).Bind(_json.WrittenSpan)
            .Execute();
    }

    private void Prune(int step)
    {
        var keep = _retention();
        var count = keep.KeepsNone ? 0 : keep.Count;
        _ofCallers.DeleteBeyond(count, step);
        _ofStrangers.DeleteBeyond(Math.Min(count, MostStrangers), step);
        var now = _time.GetUtcNow();
        if (now < _nextExpiry)
            return;
        _nextExpiry = now + ExpiryPause;
        _ofCallers.DeleteOlder(now - keep.Age, step);
        _ofStrangers.DeleteOlder(now - keep.Age, step);
    }
}
