using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>Copies a database that may be in use into a file of its own.</summary>
public static class DatabaseBackup
{
    /// <summary>
    /// Copies the database as it is at one moment, beside a gateway that writes, and lets the copy be checked. The copy is a single file
    /// (no WAL) and gets its name only when it is whole.
    /// </summary>
    /// <param name="path">A file that does not exist.</param>
    /// <param name="check">Looks at the finished copy before it gets its name. Null is good, else why it is not.</param>
    /// <exception cref="StorageException">There is such a file already, or the copy failed; the message says why. Nothing is left.</exception>
    public static void Make(Database database, string path, Func<Database, string?> check)
    {
        path = Path.GetFullPath(path);
        if (Path.Exists(path))
            throw new StorageException($"{path}: exists already; name a file that does not.");
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            throw new StorageException($"{path}: the folder does not exist; create it, or name another file.");
        var unfinished = path + ".unfinished";
        try
        {
            Remove(unfinished);
            Copy(database, unfinished);
            if (check(Database.OpenExisting(unfinished, readOnly: true)) is { } broken)
                throw new StorageException($"{path}: was not kept, because the copy does not hold: {broken}");
            File.Move(unfinished, path);
        }
        catch (SqliteException e)
        {
            throw new StorageException($"{path}: {Database.Explain(e)}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{path}: cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        finally
        {
            Remove(unfinished);
        }
    }

    /// <summary>VACUUM INTO reads in one transaction, where the backup API begins anew whenever another process writes.</summary>
    private static void Copy(Database database, string path)
    {
        using (var connection = database.Connect())
        using (var vacuum = new PreparedStatement(connection, "VACUUM INTO ?1"))
            vacuum.Bind(path).Execute();
        using var copy = new SqliteConnection($"Data Source={path};Pooling=False");
        copy.Open();
        using var integrity = new PreparedStatement(copy, "PRAGMA integrity_check(1)");
        var found = integrity.Read() ? integrity.Text(0) : "nothing";
        if (found != "ok")
            throw new StorageException($"{path}: the copy is damaged: {found}");
    }

    private static void Remove(string unfinished)
    {
        try
        {
            foreach (var suffix in (string[])["", "-journal", "-wal", "-shm"])
                File.Delete(unfinished + suffix);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that fails is told of by the copy itself.
        }
    }
}
