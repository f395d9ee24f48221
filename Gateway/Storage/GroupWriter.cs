using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage;

/// <summary>
/// Writes what gathers in its queues to the database in groups: one loop, one connection, one transaction for whatever is there.
/// (Two writers on one SQLite file would wait for each other.)
/// </summary>
/// <remarks>
/// When a transaction fails (disk full, locked), what may be given up is, and the rest is tried once more at once, as that may have been
/// the reason; when it fails too, it waits for a pause, and so on for as long as it takes. What may be given up is not offered again
/// until the rest is written and a pause is over: so a failing table costs one try a second, however much arrives.
/// </remarks>
internal sealed partial class GroupWriter : IAsyncDisposable
{
    /// <summary>
    /// How long the first entry waits for company: 50 entries at 5,000 requests a second, so that the cost of a commit is shared.
    /// </summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);

    /// <summary>After a failed write: soon enough to notice a freed disk, seldom enough to leave a failing one alone.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _go = new(0);
    private readonly ITimer _alarm;
    private readonly Task _loop;
    private volatile WriteQueue[] _queues = [];
    private bool _isAlarmSet;
    private bool _isStopping;
    private volatile bool _isHealthy = true;

    // Of the loop alone.
    private Transaction? _transaction;
    private bool _isGivingUp;
    private long _gaveUpAt;

    public GroupWriter(Database database, TimeProvider time, ILogger logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        var never = Timeout.InfiniteTimeSpan;
        _alarm = time.CreateTimer(static writer => ((GroupWriter)writer!)._go.Release(), this, never, never);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>False while the database cannot be written.</summary>
    public bool IsHealthy => _isHealthy;

    /// <summary>Adds a queue, before anything is appended to it.</summary>
    public void Add(WriteQueue queue) => _queues = [.. _queues, queue];

    /// <summary>Something was appended to a queue: it is written soon or, when it fills a group, at once.</summary>
    public void Arrived(bool isGroup)
    {
        if (!Volatile.Read(ref _isAlarmSet) && !Interlocked.Exchange(ref _isAlarmSet, true))
            _alarm.Change(Gathering, Timeout.InfiniteTimeSpan);
        if (isGroup && _isHealthy)
            WriteNow();
    }

    /// <summary>A queue begins to drop what it is given.</summary>
    public void Overflowed(int bound) => LogOverflowed(_logger, bound, _database.Path);

    /// <summary>Has the loop write what there is.</summary>
    public void WriteNow() => _go.Release();

    /// <summary>Writes what is left and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Interlocked.Exchange(ref _isStopping, true))
            _go.Release();
        await _loop;
        await _alarm.DisposeAsync();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await _go.WaitAsync();
            var isLastRound = Volatile.Read(ref _isStopping);
            Volatile.Write(ref _isAlarmSet, false); // before taking: what arrives from here on sets it anew
            while (TakeAll())
            {
                if (WriteTaken() is not { } failure)
                    continue;
                Pause(failure);
                break;
            }
            if (isLastRound)
                break;
        }
        Close();
    }

    private bool TakeAll()
    {
        var any = false;
        foreach (var queue in _queues)
            any |= queue.Take();
        return any;
    }

    /// <summary>Writes everything or, failing that, what may not be given up.</summary>
    /// <returns>Null, or why it failed.</returns>
    private Exception? WriteTaken()
    {
        if (MayOfferAll())
        {
            if (TryWrite() is not { } failure)
                return null;
            _gaveUpAt = _time.GetTimestamp();
            if (!GiveUp())
                return failure;
            if (!_isGivingUp)
                LogGaveUp(_logger, _database.Path, failure.Message);
            _isGivingUp = true;
        }
        else
        {
            GiveUp();
        }
        return Array.Exists(_queues, queue => queue.HasTaken) ? TryWrite() : null;
    }

    private bool MayOfferAll() => _isHealthy && (!_isGivingUp || _time.GetElapsedTime(_gaveUpAt) >= RetryPause);

    /// <returns>Null, or why it failed.</returns>
    private Exception? TryWrite()
    {
        try
        {
            _transaction ??= new Transaction(_database);
            _transaction.Begin.Execute();
            foreach (var queue in _queues)
                queue.Write(_transaction.Connection);
            _transaction.Commit.Execute();
        }
        catch (Exception e) // Whatever it is: the loop must live on, and the entries with it.
        {
            // A fresh connection next time: the failed one may hold a broken transaction.
            Close();
            return e;
        }

        if (!_isHealthy)
            LogRecovered(_logger, _database.Path);
        _isHealthy = true;
        foreach (var queue in _queues)
            _isGivingUp &= !queue.Committed();
        return null;
    }

    /// <returns>False: there was nothing that may be given up.</returns>
    private bool GiveUp()
    {
        var any = false;
        foreach (var queue in _queues)
            any |= queue.GiveUp();
        return any;
    }

    private void Pause(Exception failure)
    {
        if (_isHealthy)
            LogFailed(_logger, _database.Path, failure.Message);
        _isHealthy = false;
        Volatile.Write(ref _isAlarmSet, true);
        _alarm.Change(RetryPause, Timeout.InfiniteTimeSpan);
    }

    private void Close()
    {
        try
        {
            foreach (var queue in _queues)
                queue.Close();
            _transaction?.Dispose();
        }
        catch (SqliteException)
        {
            // The write's own error was the first and is the one to be told.
        }

        _transaction = null;
    }

    /// <summary>The writer's connection with what begins and ends a group.</summary>
    private sealed class Transaction : IDisposable
    {
        public Transaction(Database database)
        {
            Connection = database.Connect();
            // IMMEDIATE: waits for other writers at the start, where nothing has been done yet.
            Begin = new PreparedStatement(Connection, "BEGIN IMMEDIATE");
            Commit = new PreparedStatement(Connection, "COMMIT");
        }

        public SqliteConnection Connection { get; }
        public PreparedStatement Begin { get; }
        public PreparedStatement Commit { get; }

        public void Dispose()
        {
            // Closing alone does not end the transaction where a statement was left behind, as one that a failed preparation began with.
            if (raw.sqlite3_get_autocommit(Connection.Handle) == 0)
                raw.sqlite3_exec(Connection.Handle, "ROLLBACK");
            Commit.Dispose();
            Begin.Dispose();
            Connection.Dispose();
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Writing the ledger to {Database} failed and is tried again every second: {Reason}")]
    private static partial void LogFailed(ILogger logger, string database, string reason);

    [LoggerMessage(2, LogLevel.Information, "Writing the ledger to {Database} works again")]
    private static partial void LogRecovered(ILogger logger, string database);

    [LoggerMessage(3, LogLevel.Warning, "Decisions are not kept while {Database} cannot take them: {Reason}")]
    private static partial void LogGaveUp(ILogger logger, string database, string reason);

    [LoggerMessage(4, LogLevel.Warning, "Decisions are not kept while more than {Bound} wait to be written to {Database}")]
    private static partial void LogOverflowed(ILogger logger, int bound, string database);
}
