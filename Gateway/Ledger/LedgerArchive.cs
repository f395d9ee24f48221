using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>A file that holds an old month of the ledger.</summary>
/// <param name="File">Its name; it lies beside the database.</param>
/// <param name="UntilMs">The end of its month, Unix milliseconds.</param>
/// <param name="LastId">The last row that was moved into it; what follows in the file does not count.</param>
/// <param name="Head">The end of the chain at that row.</param>
internal sealed record LedgerArchive(long Number, string File, long UntilMs, long FirstId, long LastId, LedgerHead Head)
{
    private const string AllSql = "SELECT number, file, until_ms, first_id, last_id, count, hash FROM archive ORDER BY number";

    /// <summary>All archives of a ledger, in the order of the chain.</summary>
    public static List<LedgerArchive> All(SqliteConnection ledger)
    {
        using var row = new PreparedStatement(ledger, AllSql);
        var all = new List<LedgerArchive>();
        while (row.Read())
        {
            all.Add(new LedgerArchive(
                row.Number(0), row.Text(1), row.Number(2), row.Number(3), row.Number(4),
                new LedgerHead(row.Number(5), Convert.ToHexStringLower(row.Utf8(6)))));
        }
        return all;
    }

    public string PathBeside(string database) => Path.Combine(Path.GetDirectoryName(database)!, File);

    /// <summary>Opens the file to read; in a way that lets SQLite undo a copy that was cut off.</summary>
    /// <exception cref="StorageException">It is missing.</exception>
    public SqliteConnection Open(string database)
    {
        var path = PathBeside(database);
        if (!System.IO.File.Exists(path))
            throw new StorageException($"{path}: is missing; {Rows} of the ledger lie in it. Put it back beside the database.");
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ConnectionString);
        connection.Open();
        Database.Run(connection, "PRAGMA busy_timeout = 5000; PRAGMA mmap_size = 0");
        // The file stays as it is.
        if (!HasPrices(connection))
            Database.Run(connection, "CREATE TEMP VIEW ledger AS SELECT *, NULL AS price FROM main.ledger");
        Database.Run(connection, "PRAGMA query_only = 1");
        return connection;
    }

    /// <summary>False for a file of a version before 6, whose rows have no column for it.</summary>
    public static bool HasPrices(SqliteConnection file) =>
        Database.ReadNumber(file, "SELECT count(*) FROM pragma_table_info('ledger') WHERE name = 'price'") > 0;

    /// <summary>For messages: <c>rows 1 to 500</c>.</summary>
    public string Rows => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"rows {FirstId} to {LastId}");
}
