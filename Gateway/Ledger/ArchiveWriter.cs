using System.Globalization;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>
/// Moves the oldest rows of the ledger into files of their months, some at a time: copy, read the copy back along the chain, then remove in
/// one transaction that also says so. Whenever it is killed, the rows are in one place or the other, and it goes on where it was.
/// </summary>
/// <remarks>
/// Rows are moved in the order of the chain. So a row that was written when the next month had begun (a long answer, a correction) lies in
/// the file of that month.
/// </remarks>
internal sealed class ArchiveWriter(Database database)
{
    /// <summary>Removed in some milliseconds, for which the ledger's writer waits.</summary>
    private const int MostRows = 250;

    private const string NextSql = "SELECT id, time_ms FROM ledger ORDER BY id LIMIT ?1";

    /// <summary>Moves the next rows of attempts that began before a time.</summary>
    /// <param name="before">The begin of a month, UTC.</param>
    /// <returns>How many rows were moved; 0: there are none left.</returns>
    /// <exception cref="SqliteException">A file could not be written.</exception>
    /// <exception cref="StorageException">A file of that name is none of this ledger, or the copy is not what was copied.</exception>
    public int MoveSome(DateTimeOffset before)
    {
        using var connection = database.Connect();
        var last = LedgerArchive.All(connection).LastOrDefault();
        var (archive, count) = NextRows(connection, last, before.ToUnixTimeMilliseconds());
        if (archive is null)
            return 0;
        var path = archive.PathBeside(database.Path);
        if (archive.Number != last?.Number)
            RequireFree(connection, path);
        Copy(connection, archive, path, after: last?.LastId ?? 0);
        archive = archive with { Head = Prove(connection, archive, last) };
        Remove(connection, archive, last);
        return count;
    }

    /// <summary>Which archive the next rows go to, and how many.</summary>
    private (LedgerArchive? Archive, int Count) NextRows(SqliteConnection connection, LedgerArchive? last, long beforeMs)
    {
        using var row = new PreparedStatement(connection, NextSql);
        row.Bind(MostRows);
        LedgerArchive? archive = null;
        var count = 0;
        // What was written after a row that stays does, too, whatever its time.
        while (row.Read() && row.Number(1) is var time && time < beforeMs)
        {
            var id = row.Number(0);
            archive ??= last is not null && time < last.UntilMs ? last : NewArchive(last, id, time);
            if (time >= archive.UntilMs)
                break;
            archive = archive with { LastId = id };
            count++;
        }
        return (archive, count);
    }

    private LedgerArchive NewArchive(LedgerArchive? last, long id, long timeMs)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(timeMs);
        var month = new DateTimeOffset(time.Year, time.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var name = Path.GetFileNameWithoutExtension(database.Path);
        var file = string.Create(CultureInfo.InvariantCulture, $"{name}-{month:yyyy-MM}.db");
        return new LedgerArchive(
            (last?.Number ?? 0) + 1, file, month.AddMonths(1).ToUnixTimeMilliseconds(), id, id, new LedgerHead(0, ""));
    }

    /// <summary>A file that nobody has noted is the rest of a copy that was cut off, or somebody else's.</summary>
    private static void RequireFree(SqliteConnection ledger, string path)
    {
        if (!File.Exists(path))
            return;
        try
        {
            using var file = new SqliteConnection($"Data Source={path};Mode=ReadWrite;Pooling=False");
            file.Open();
            if (Database.ReadNumber(file, "SELECT count(*) FROM sqlite_schema WHERE name = 'ledger'") == 0)
                return;
            using var copied = new PreparedStatement(file, "SELECT id, hash FROM ledger");
            using var own = new PreparedStatement(ledger, "SELECT hash FROM ledger WHERE id = ?1");
            while (copied.Read())
            {
                var isOwn = own.Bind(copied.Number(0)).Read() && own.Utf8(0).SequenceEqual(copied.Utf8(1));
                own.Reset();
                if (!isOwn)
                    throw Taken(path);
            }
        }
        catch (SqliteException e) when (e.SqliteErrorCode == 26) // not a database
        {
            throw Taken(path);
        }
    }

    private static StorageException Taken(string path) =>
        new($"{path}: is no part of this ledger, and is where old rows are to be moved; move it elsewhere.");

    /// <summary>Copies the rows; the copy is on the disk when this returns.</summary>
    private static void Copy(SqliteConnection connection, LedgerArchive archive, string path, long after)
    {
        Make(connection, path);
        using (var attach = new PreparedStatement(connection, "ATTACH ?1 AS month"))
            attach.Bind(path).Execute();
        Database.Run(connection, "PRAGMA month.synchronous = FULL; BEGIN");
        using (var clear = new PreparedStatement(connection, "DELETE FROM month.ledger WHERE id > ?1"))
            clear.Bind(after).Execute();
        using (var copy = new PreparedStatement(connection, $"""
                   INSERT INTO month.ledger ({LedgerTable.Columns}, hash)
                   SELECT {LedgerTable.Columns}, hash FROM main.ledger WHERE id > ?1 AND id <= ?2 ORDER BY id
                   """))
            copy.Bind(after).Bind(archive.LastId).Execute();
        Database.Run(connection, "COMMIT; DETACH month");
    }

    /// <summary>A single file without WAL, with the same table.</summary>
    private static void Make(SqliteConnection ledger, string path)
    {
        using var file = new SqliteConnection($"Data Source={path};Pooling=False");
        file.Open();
        if (Database.ReadNumber(file, "SELECT count(*) FROM sqlite_schema WHERE name = 'ledger_time'") > 0)
        {
            if (!LedgerArchive.HasPrices(file))
                Database.Run(file, "PRAGMA synchronous = FULL; ALTER TABLE ledger ADD COLUMN price TEXT");
            return;
        }
        using var table = new PreparedStatement(
            ledger, "SELECT sql FROM sqlite_schema WHERE name IN ('ledger', 'ledger_time') ORDER BY rowid");
        var sql = new List<string>();
        while (table.Read())
            sql.Add(table.Text(0));
        var application = Database.ReadNumber(ledger, "PRAGMA application_id");
        var version = Database.ReadNumber(ledger, "PRAGMA user_version");
        Database.Run(file, string.Create(CultureInfo.InvariantCulture, $"""
            PRAGMA synchronous = FULL;
            BEGIN IMMEDIATE;
            DROP TABLE IF EXISTS ledger;
            {string.Join(";\n", sql)};
            PRAGMA application_id = {application};
            PRAGMA user_version = {version};
            COMMIT;
            """));
    }

    /// <summary>Reads what was copied and compares it, hash by hash, with what the ledger says.</summary>
    /// <returns>The end of the chain in the archive.</returns>
    private LedgerHead Prove(SqliteConnection ledger, LedgerArchive archive, LedgerArchive? last)
    {
        using var file = archive.Open(database.Path);
        using var row = new PreparedStatement(file, $"SELECT {LedgerTable.Columns}, hash FROM ledger WHERE id > ?1 ORDER BY id");
        row.Bind(last?.LastId ?? 0);
        var walk = new ChainWalk(last?.Head, last?.LastId ?? 0);
        while (row.Read())
        {
            if (walk.Next(row) is { } broken)
                throw new StorageException($"{archive.PathBeside(database.Path)}: is not what was copied: {broken}");
        }
        using var end = new PreparedStatement(ledger, "SELECT hash FROM ledger WHERE id = ?1");
        if (walk.LastId != archive.LastId || !end.Bind(archive.LastId).Read() || !end.Utf8(0).SequenceEqual(walk.Hash))
            throw new StorageException($"{archive.PathBeside(database.Path)}: does not end where the rows that were copied do.");
        return walk.Head;
    }

    /// <summary>Notes the archive's new end and sums, and removes the rows.</summary>
    private static void Remove(SqliteConnection connection, LedgerArchive archive, LedgerArchive? last)
    {
        using var transaction = connection.BeginTransaction();
        var known = LedgerArchive.All(connection).LastOrDefault();
        if (known != last)
            throw new InvalidOperationException("Two processes archive the ledger at the same time.");
        using (var note = new PreparedStatement(connection, """
                   INSERT INTO archive VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT (number) DO UPDATE SET last_id = excluded.last_id, count = excluded.count, hash = excluded.hash
                   """))
        {
            note.Bind(archive.Number).Bind(archive.File).Bind(archive.UntilMs).Bind(archive.FirstId).Bind(archive.LastId)
                .Bind(archive.Head.Count).BindBytes(Convert.FromHexString(archive.Head.Hash)).Execute();
        }
        ArchivedSums.Add(connection, archive);
        using (var remove = new PreparedStatement(connection, "DELETE FROM ledger WHERE id <= ?1"))
            remove.Bind(archive.LastId).Execute();
        transaction.Commit();
    }
}
