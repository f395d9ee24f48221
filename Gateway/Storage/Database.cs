using Dapper;
using Microsoft.Data.Sqlite;

[module: DapperAot]

namespace Gateway.Storage;

/// <summary>
/// The SQLite file of a gateway: checks that it may be used, brings its schema up to date and gives out connections.
/// Connections are not pooled: each part that needs one holds its own, and closes it.
/// </summary>
public sealed class Database
{
    /// <summary>
    /// Older libraries can corrupt a WAL database when two connections checkpoint and write at the same moment (sqlite.org/wal.html,
    /// "WAL-reset").
    /// </summary>
    private static readonly Version OldestSafeSqlite = new(3, 51, 3);

    /// <summary>"Gate" in ASCII: marks the file as ours (PRAGMA application_id).</summary>
    private const long ApplicationId = 0x47617465;

    /// <summary>
    /// How long a statement waits for another process that writes (<c>gateway key …</c> beside a running gateway): its transactions
    /// take milliseconds.
    /// </summary>
    private const int BusySeconds = 5;

    private readonly bool _syncEveryCommit;
    private readonly SqliteOpenMode _mode;

    private Database(string path, bool syncEveryCommit, SqliteOpenMode mode)
    {
        Path = path;
        _syncEveryCommit = syncEveryCommit;
        _mode = mode;
    }

    /// <summary>The full path of the file.</summary>
    public string Path { get; }

    /// <summary>The copy of the older database that was made before it was migrated. Null: it was not migrated.</summary>
    public string? CopyPath { get; private set; }

    /// <summary>The version of the SQLite library in use: <c>3.53.2</c>.</summary>
    public static string SqliteVersion
    {
        get
        {
            using var memory = new SqliteConnection("Data Source=:memory:;Pooling=False");
            memory.Open();
            return memory.ServerVersion;
        }
    }

    /// <summary>
    /// Opens the database of a gateway that serves: creates the file if need be and migrates an older schema, after a copy was made
    /// beside it.
    /// </summary>
    /// <param name="path">The file. Its folder must exist.</param>
    /// <param name="syncEveryCommit">True: every commit waits for the disk (synchronous=FULL), and survives a crash of the operating
    /// system. False: commits survive a kill of the process (synchronous=NORMAL).</param>
    /// <exception cref="StorageException">The file cannot be used; the message says why.</exception>
    public static Database Open(string path, bool syncEveryCommit) => Open(path, syncEveryCommit, Migration.All);

    internal static Database Open(string path, bool syncEveryCommit, IReadOnlyList<Migration> migrations)
    {
        var database = new Database(System.IO.Path.GetFullPath(path), syncEveryCommit, SqliteOpenMode.ReadWriteCreate);
        var folder = System.IO.Path.GetDirectoryName(database.Path);
        if (!Directory.Exists(folder))
            throw new StorageException($"{database.Path}: the folder does not exist; create it, or name another file with --db.");
        return database.Checked(connection =>
        {
            var schema = new Schema(connection, database.Path, migrations);
            schema.BringUpToDate();
            database.CopyPath = schema.CopyPath;
        });
    }

    /// <summary>Opens an existing database beside a gateway that may be running; neither creates nor migrates.</summary>
    /// <exception cref="StorageException">There is no such file, or it is not of this version; the message says what to do.</exception>
    public static Database OpenExisting(string path, bool readOnly)
    {
        var mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWrite;
        var database = new Database(System.IO.Path.GetFullPath(path), syncEveryCommit: false, mode);
        if (!File.Exists(database.Path))
            throw new StorageException($"{database.Path}: there is no such database; start the gateway first, or name it with --db.");
        return database.Checked(connection => new Schema(connection, database.Path, Migration.All).RequireUpToDate());
    }

    /// <summary>A new open connection, which the caller closes. Not for use by two threads at once.</summary>
    /// <exception cref="SqliteException">The file cannot be opened any more.</exception>
    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Mode = _mode,
            Pooling = false,
            ForeignKeys = true,
            DefaultTimeout = BusySeconds,
        }.ConnectionString);
        try
        {
            connection.Open();
            // mmap_size stays 0: an I/O error must come back as an error, not as a signal that ends the process.
            Run(connection, $"PRAGMA busy_timeout = {BusySeconds * 1000}; PRAGMA mmap_size = 0;");
            if (_mode != SqliteOpenMode.ReadOnly)
                Run(connection, _syncEveryCommit ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a SQLite library that is not safe to use.</summary>
    internal static void RequireSafe(string sqliteVersion)
    {
        if (Version.Parse(sqliteVersion) < OldestSafeSqlite)
            throw new StorageException($"SQLite {sqliteVersion} can corrupt the database; {OldestSafeSqlite} or newer is needed.");
    }

    internal static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal static long ReadNumber(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Opens once and runs the checks, so that whatever is wrong with the file is said now, in one line.</summary>
    private Database Checked(Action<SqliteConnection> check)
    {
        if (Directory.Exists(Path))
            throw new StorageException($"{Path}: is a folder; name a file with --db.");
        try
        {
            using var connection = Connect();
            RequireSafe(connection.ServerVersion);
            RequireOurs(connection);
            check(connection);
            return this;
        }
        catch (SqliteException e)
        {
            throw new StorageException($"{Path}: {Explain(e)}", e);
        }
    }

    private void RequireOurs(SqliteConnection connection)
    {
        var applicationId = ReadNumber(connection, "PRAGMA application_id");
        if (applicationId == ApplicationId)
            return;
        var isEmpty = applicationId == 0 && ReadNumber(connection, "SELECT count(*) FROM sqlite_schema") == 0;
        if (!isEmpty)
            throw new StorageException($"{Path}: is a database of another program; name another file with --db.");
        if (_mode != SqliteOpenMode.ReadWriteCreate)
            throw new StorageException($"{Path}: is empty; start the gateway once.");
        // WAL lets `gateway spend` read while the gateway writes. Neither setting can be made inside a transaction.
        Run(connection, $"PRAGMA journal_mode = WAL; PRAGMA application_id = {ApplicationId};");
    }

    /// <summary>SQLite's result codes (sqlite.org/rescode.html) in words that say what to do.</summary>
    internal static string Explain(SqliteException e) => e.SqliteErrorCode switch
    {
        5 or 6 => "is locked by another process; try again when it has finished.",
        8 => "may not be written; check the rights of the file and its folder.",
        11 => "is damaged; restore a backup.",
        13 => "the disk is full.",
        14 => "cannot be opened; check the rights of the file and its folder.",
        26 => "is not a SQLite database; name another file with --db.",
        _ => $"SQLite error {e.SqliteExtendedErrorCode}: {e.Message.ReplaceLineEndings(" ")}",
    };
}
