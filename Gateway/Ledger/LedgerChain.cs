using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>
/// Writes rows so that each holds the hash of the one before. Inside one transaction that began as a writer's: <see cref="Begin"/>, rows,
/// <see cref="End"/>. One thread at a time.
/// </summary>
internal sealed class LedgerChain : IDisposable
{
    private readonly RowBytes _bytes = new();
    private readonly byte[] _hash = new byte[RowBytes.HashLength];
    private readonly PreparedStatement _readHead;
    private readonly PreparedStatement _writeHead;
    private readonly PreparedStatement _row;
    private long _count;
    private long _correctionId;

    public LedgerChain(SqliteConnection connection)
    {
        _readHead = new PreparedStatement(connection, LedgerHead.Sql);
        _writeHead = new PreparedStatement(
            connection, "UPDATE ledger_head SET count = ?1, hash = ?2, last_id = ?3, correction_id = ?4");
        _row = new PreparedStatement(connection, LedgerTable.InsertSql, _bytes);
    }

    /// <summary>The id of the last row.</summary>
    public long LastId { get; private set; }

    /// <summary>Reads the end of the chain, each time: `gateway ledger settle` writes rows beside a running gateway.</summary>
    public void Begin()
    {
        if (!_readHead.Read())
            throw new InvalidDataException("The table ledger_head is empty.");
        _count = _readHead.Number(0);
        _readHead.Utf8(1).CopyTo(_hash);
        LastId = _readHead.Number(2);
        _correctionId = _readHead.Number(3);
        _readHead.Reset();
    }

    /// <summary>Begins a row. Its id is bound; the other columns are to be bound in the order of <see cref="LedgerTable.Columns"/>.</summary>
    public PreparedStatement NewRow()
    {
        _bytes.Clear();
        return _row.Bind(++LastId);
    }

    /// <summary>Writes the row whose columns were bound.</summary>
    /// <param name="isCorrection">True: others than the writer must take note of it.</param>
    public void Write(bool isCorrection = false)
    {
        _bytes.Chain(_hash);
        _row.BindBytes(_hash).Execute();
        _count++;
        if (isCorrection)
            _correctionId = LastId;
    }

    /// <summary>Keeps the new end.</summary>
    public void End() => _writeHead.Bind(_count).BindBytes(_hash).Bind(LastId).Bind(_correctionId).Execute();

    public void Dispose()
    {
        _row.Dispose();
        _writeHead.Dispose();
        _readHead.Dispose();
    }
}
