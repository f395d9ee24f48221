using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage;

/// <summary>What the writer's connection has come to.</summary>
internal enum WriterStage { Opened, Committing, Committed }

/// <summary>The writer's connection with what begins and ends a group. One thread at a time.</summary>
internal sealed class WriterConnection : IDisposable
{
    private readonly PreparedStatement _begin;
    private readonly PreparedStatement _commit;
    private readonly PreparedStatement _readMark;
    private readonly PreparedStatement _writeMark;
    private readonly Action<SqliteConnection, WriterStage>? _watch;
    private long? _mark;

    /// <param name="watch">Is called at each stage; what it throws counts as the stage's failure. Null: nobody watches.</param>
    public WriterConnection(Database database, Action<SqliteConnection, WriterStage>? watch)
    {
        _watch = watch;
        Sqlite = database.Connect();
        // IMMEDIATE: waits for other writers at the start, where nothing has been done yet.
        _begin = new PreparedStatement(Sqlite, "BEGIN IMMEDIATE");
        _commit = new PreparedStatement(Sqlite, "COMMIT");
        _readMark = new PreparedStatement(Sqlite, "SELECT value FROM writer_mark");
        _writeMark = new PreparedStatement(Sqlite, "UPDATE writer_mark SET value = ?1");
        watch?.Invoke(Sqlite, WriterStage.Opened);
    }

    public SqliteConnection Sqlite { get; }

    /// <summary>The number of the last numbered group: inside one, of this one from <see cref="WriteNextMark"/> on.</summary>
    public long Mark => _mark ??= ReadMark();

    public void Begin() => _begin.Execute();

    /// <summary>Numbers the group. It writes a page, so it fails on a full disk whatever else there is to write.</summary>
    public void WriteNextMark()
    {
        _mark = Mark + 1;
        _writeMark.Bind(Mark).Execute();
    }

    public void Commit()
    {
        _watch?.Invoke(Sqlite, WriterStage.Committing);
        _commit.Execute();
        _watch?.Invoke(Sqlite, WriterStage.Committed);
    }

    public void Dispose()
    {
        // Closing alone does not end the transaction where a statement was left behind, as one that a failed preparation began with.
        if (raw.sqlite3_get_autocommit(Sqlite.Handle) == 0)
            raw.sqlite3_exec(Sqlite.Handle, "ROLLBACK");
        _writeMark.Dispose();
        _readMark.Dispose();
        _commit.Dispose();
        _begin.Dispose();
        Sqlite.Dispose();
    }

    private long ReadMark()
    {
        if (!_readMark.Read())
            throw new InvalidDataException("The table writer_mark is empty.");
        var mark = _readMark.Number(0);
        _readMark.Reset();
        return mark;
    }
}
