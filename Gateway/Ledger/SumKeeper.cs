using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>Adds up from time to time what the next start will ask, and at the end, so that it need not read every row again.</summary>
public sealed partial class SumKeeper : IDisposable
{
    /// <summary>
    /// After a kill, a start adds up the rows of so long: 60,000 at a thousand requests a second, in a quarter of a second. The same work
    /// is done here each time.
    /// </summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Database _database;
    private readonly SumStore _store;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _keeping = new();

    // Guarded by _keeping.
    private IReadOnlyCollection<SumQuestion> _kept = [];
    private long _keptRow = -1;
    private bool _isWritable = true;
    private bool _isClosed;

    /// <summary>To be made before the ledger's writer, so that it is disposed of when that has written its last row.</summary>
    public SumKeeper(Database database, SumStore store, TimeProvider time, ILogger<SumKeeper> logger)
    {
        (_database, _store, _logger) = (database, store, logger);
        _timer = time.CreateTimer(static keeper => ((SumKeeper)keeper!).Keep(), this, Interval, Interval);
    }

    /// <summary>What the next start will ask; nothing is kept before it is set.</summary>
    public Func<IReadOnlyCollection<SumQuestion>>? Questions { get; set; }

    /// <summary>Keeps the sums a last time.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Keep();
        lock (_keeping)
            _isClosed = true;
    }

    private void Keep()
    {
        lock (_keeping)
        {
            if (_isClosed || Questions?.Invoke() is not { Count: > 0 } questions)
                return;
            try
            {
                var sums = LedgerSums.Read(_database, questions, _store);
                if (sums.LastRow != _keptRow || !_kept.SequenceEqual(questions))
                    _store.Keep(sums);
                (_kept, _keptRow, _isWritable) = (questions, sums.LastRow, true);
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                if (_isWritable)
                    LogNotKept(_logger, _store.Path, e.Message.ReplaceLineEndings(" "));
                _isWritable = false;
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "What a start adds up could not be kept in {File}, so the next one may take longer: {Reason}")]
    private static partial void LogNotKept(ILogger logger, string file, string reason);
}
