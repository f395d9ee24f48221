using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>Moves old months of the ledger to archives in the background of a gateway that serves, a little at a time.</summary>
public sealed partial class LedgerRetention : IAsyncDisposable
{
    /// <summary>Lets the ledger's writer, which waits while rows are removed, have twenty times as long as that takes.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ArchiveWriter _archives;
    private readonly string _database;
    private readonly Func<DateTimeOffset?> _before;
    private readonly Func<TimeSpan> _interval;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    /// <param name="before">The begin of the first month that stays, UTC. Null: all stay.</param>
    /// <param name="interval">How long to wait before looking again.</param>
    public LedgerRetention(
        Database database, Func<DateTimeOffset?> before, Func<TimeSpan> interval, TimeProvider time, ILogger<LedgerRetention> logger)
    {
        (_archives, _database) = (new ArchiveWriter(database), database.Path);
        (_before, _interval, _time, _logger) = (before, interval, time, logger);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Waits for rows that are being moved.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await MoveAsync();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever it is: rows stay where they are, and it is tried again.
                LogNotMoved(_logger, _database, e.Message.ReplaceLineEndings(" "));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.Delay(_interval(), _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task MoveAsync()
    {
        if (_before() is not { } before)
            return;
        var moved = 0L;
        while (_archives.MoveSome(before) is > 0 and var some)
        {
            moved += some;
            await Task.Delay(Pause, _time, _stopping.Token);
        }
        if (moved > 0)
            LogMoved(_logger, moved, before, _database);
    }

    [LoggerMessage(1, LogLevel.Information, "{Rows} ledger rows of before {Time:yyyy-MM-dd} were moved to the archives beside {Database}")]
    private static partial void LogMoved(ILogger logger, long rows, DateTimeOffset time, string database);

    [LoggerMessage(2, LogLevel.Warning, "Old rows of {Database} could not be moved to an archive and stay where they are: {Reason}")]
    private static partial void LogNotMoved(ILogger logger, string database, string reason);
}
