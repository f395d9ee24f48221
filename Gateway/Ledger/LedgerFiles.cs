using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>
/// The archives and the database of a ledger, in the order of the chain, as they are at one moment: what an archive is given meanwhile lies
/// behind the last row that was its own then.
/// </summary>
internal sealed class LedgerFiles : IDisposable
{
    private readonly Database _database;
    private readonly SqliteConnection _ledger;
    private readonly List<LedgerArchive> _archives;

    private LedgerFiles(Database database, SqliteConnection ledger, List<LedgerArchive> archives) =>
        (_database, _ledger, _archives) = (database, ledger, archives);

    /// <summary>Opens a ledger to read what began at a time or later.</summary>
    /// <param name="since">Archives of earlier months are left out. Null: none is.</param>
    /// <exception cref="SqliteException">The database could not be read.</exception>
    public static LedgerFiles Open(Database database, DateTimeOffset? since)
    {
        var ledger = database.Connect();
        try
        {
            Database.Run(ledger, "BEGIN");
            var from = since?.ToUnixTimeMilliseconds() ?? long.MinValue;
            return new LedgerFiles(database, ledger, [.. LedgerArchive.All(ledger).Where(archive => archive.UntilMs > from)]);
        }
        catch
        {
            ledger.Dispose();
            throw;
        }
    }

    /// <summary>Each file with the last of its rows that count; open until the next one.</summary>
    /// <exception cref="StorageException">An archive is missing.</exception>
    public IEnumerable<(SqliteConnection Connection, long LastId)> Parts()
    {
        foreach (var archive in _archives)
        {
            using var connection = archive.Open(_database.Path);
            yield return (connection, archive.LastId);
        }
        yield return (_ledger, long.MaxValue);
    }

    public void Dispose() => _ledger.Dispose();
}
