using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>The version of a database's tables (PRAGMA user_version) and the way from an older one to this program's.</summary>
internal sealed class Schema(SqliteConnection connection, string path, IReadOnlyList<Migration> migrations)
{
    /// <summary>The copy that was made before a migration. Null: none was needed.</summary>
    public string? CopyPath { get; private set; }

    private long Version => Database.ReadNumber(connection, "PRAGMA user_version");

    /// <summary>Runs the missing migrations in one transaction: either all of them happen or none.</summary>
    /// <exception cref="StorageException">The database is newer than this program.</exception>
    public void BringUpToDate()
    {
        var version = Version;
        RefuseNewer(version);
        if (version == migrations.Count)
            return;
        if (version > 0)
            Copy(version);

        using var transaction = connection.BeginTransaction();
        // Read again now that nobody else can write.
        foreach (var migration in migrations.Skip((int)Version))
        {
            Database.Run(connection, migration.Sql);
            migration.Then?.Invoke(connection);
            // A pragma takes no parameters; the number comes from the name of an embedded file.
            Database.Run(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {migration.Number}"));
        }

        transaction.Commit();
    }

    /// <summary>For those who read beside a gateway and must not change its tables.</summary>
    /// <exception cref="StorageException">The database is older or newer than this program.</exception>
    public void RequireUpToDate()
    {
        var version = Version;
        RefuseNewer(version);
        if (version < migrations.Count)
            throw new StorageException(
                $"{path}: has version {version}, this gateway needs {migrations.Count}; start the gateway once to bring it up to date.");
    }

    private void RefuseNewer(long version)
    {
        if (version > migrations.Count)
            throw new StorageException(
                $"{path}: was written by a newer gateway (version {version}, this one knows {migrations.Count}); use the newer gateway.");
    }

    /// <summary>
    /// Leaves <c>FILE.backup-v1</c> beside the database. Written under another name first, so that a file of that name is whole.
    /// </summary>
    private void Copy(long version)
    {
        var copy = string.Create(CultureInfo.InvariantCulture, $"{path}.backup-v{version}");
        var unfinished = copy + ".unfinished";
        File.Delete(unfinished);
        using (var target = new SqliteConnection($"Data Source={unfinished};Pooling=False"))
        {
            target.Open();
            connection.BackupDatabase(target);
            // A copy of a WAL database is one too; as a single file it is easier to keep.
            Database.Run(target, "PRAGMA journal_mode = DELETE");
        }

        File.Move(unfinished, copy, overwrite: true);
        CopyPath = copy;
    }
}
