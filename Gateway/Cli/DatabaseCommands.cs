using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Cli;

/// <summary>Runs what works on a database, and turns what may be wrong with it into one line.</summary>
internal static class DatabaseCommands
{
    /// <returns>The exit code: that of the work, or 1 when there was an error.</returns>
    public static int Run(string databasePath, TextWriter error, Func<int> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is StorageException or StartException or InvalidDataException)
        {
            error.WriteLine(e.Message);
        }
        catch (SqliteException e)
        {
            error.WriteLine($"{databasePath}: {Database.Explain(e)}");
        }
        return 1;
    }
}
