using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>
/// Logs the end of the chain at the start and once a day: whoever keeps the log can prove later, with
/// <c>gateway ledger verify --expect</c>, that nothing before it was changed.
/// </summary>
public sealed partial class HeadLog : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    private readonly Database _database;
    private readonly ILogger _logger;
    private readonly ITimer _timer;

    public HeadLog(Database database, TimeProvider time, ILogger<HeadLog> logger)
    {
        (_database, _logger) = (database, logger);
        if (database.CopyPath is { } copy)
            LogCopied(logger, database.Path, copy);
        Log();
        _timer = time.CreateTimer(static log => ((HeadLog)log!).Log(), this, Interval, Interval);
    }

    public void Dispose() => _timer.Dispose();

    private void Log()
    {
        try
        {
            LogHead(_logger, _database.Path, LedgerHead.Read(_database));
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            LogUnreadable(_logger, _database.Path, e.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The ledger of {Database} ends at {Head}")]
    private static partial void LogHead(ILogger logger, string database, LedgerHead head);

    [LoggerMessage(2, LogLevel.Information, "{Database} was brought up to date; the database as it was before is kept as {Copy}")]
    private static partial void LogCopied(ILogger logger, string database, string copy);

    [LoggerMessage(3, LogLevel.Warning, "The end of the ledger of {Database} could not be read: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string database, string reason);
}
