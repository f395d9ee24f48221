using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>Tells a running gateway of corrections that another process wrote, within a second.</summary>
public sealed partial class CorrectionWatch : IDisposable
{
    /// <summary>As soon as a rotated key: one small read a second.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly SqliteConnection _connection;
    private readonly PreparedStatement _last;
    private readonly Action<LedgerCorrection> _book;
    private readonly ILogger _logger;
    private readonly ITimer _poll;
    private readonly Lock _polling = new();

    // Guarded by _polling.
    private long _seen;
    private bool _isReadable = true;
    private bool _isClosed;

    /// <param name="seen">The last correction that is in what was loaded (<see cref="SpendLedger.LastCorrectionLoaded"/>).</param>
    /// <param name="book">Is told of each one after it, once.</param>
    public CorrectionWatch(
        Database database, long seen, Action<LedgerCorrection> book, TimeProvider time, ILogger<CorrectionWatch> logger)
    {
        (_seen, _book, _logger) = (seen, book, logger);
        _connection = database.Connect();
        _last = new PreparedStatement(_connection, "SELECT correction_id FROM ledger_head");
        _poll = time.CreateTimer(static watch => ((CorrectionWatch)watch!).Poll(), this, PollInterval, PollInterval);
    }

    /// <summary>Waits for a look that is under way.</summary>
    public void Dispose()
    {
        _poll.Dispose();
        lock (_polling)
        {
            _isClosed = true;
            _last.Dispose();
            _connection.Dispose();
        }
    }

    private void Poll()
    {
        lock (_polling)
        {
            if (_isClosed)
                return;
            try
            {
                var last = _last.Read() ? _last.Number(0) : _seen;
                _last.Reset();
                if (last > _seen)
                    BookNew();
                _isReadable = true;
            }
            catch (SqliteException e)
            {
                if (_isReadable)
                    LogUnreadable(_logger, e.Message);
                _isReadable = false;
            }
        }
    }

    private void BookNew()
    {
        foreach (var correction in LedgerCorrection.Since(_connection, _seen))
        {
            _book(correction);
            _seen = correction.Id;
            LogBooked(_logger, correction.Id, correction.Amount, correction.Subjects[0].Id);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Ledger row {Id} corrects what user {User} has spent by {Amount} USD")]
    private static partial void LogBooked(ILogger logger, long id, NanoUsd amount, string user);

    [LoggerMessage(2, LogLevel.Warning, "Corrections of the ledger cannot be read and are tried again every second: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string reason);
}
