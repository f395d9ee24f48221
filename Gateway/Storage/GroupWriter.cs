using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage;

/// <summary>
/// Writes what gathers in its queues to the database in groups: one connection, one transaction for whatever is there, one thread at a
/// time. (Two writers on one SQLite file would wait for each other.)
/// </summary>
/// <remarks>
/// What is urgent is written by the thread that brings it, without a wake-up, or in the next transaction of the thread that is writing at
/// the time. The rest gathers for a moment and is written in the background, in transactions short enough for what is urgent to wait for.
/// <para>
/// When a transaction fails (disk full, locked), what may be given up is, and the rest is tried once more at once, as that may have been
/// the reason; when it fails too, it waits for a pause, and so on for as long as it takes. What may be given up is not offered again
/// until the rest is written and a pause is over: so a failing table costs one try a second, however much arrives. What is urgent is
/// tried once, alone.
/// </para>
/// </remarks>
internal sealed partial class GroupWriter : IThreadPoolWorkItem, IAsyncDisposable
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
    private readonly ITimer _alarm;
    private readonly WriterTurn _turn = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile WriteQueue[] _queues = [];
    private volatile WriteQueue[] _urgent = [];
    private bool _isAlarmSet;
    private bool _isDue;
    private bool _isStopping;
    private volatile bool _isHealthy = true;

    // Of whose turn it is alone.
    private WriterConnection? _connection;
    private long? _doubtful;
    private bool _isGivingUp;
    private long _gaveUpAt;

    public GroupWriter(Database database, TimeProvider time, ILogger logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        var never = Timeout.InfiniteTimeSpan;
        _alarm = time.CreateTimer(static writer => ((GroupWriter)writer!).WriteNow(), this, never, never);
    }

    /// <summary>False while the database cannot be written.</summary>
    public bool IsHealthy => _isHealthy;

    /// <summary>Is called at each stage of the writer's connection, to make it fail; for tests.</summary>
    internal Action<SqliteConnection, WriterStage>? Watch { get; init; }

    /// <summary>Adds a queue, before anything is appended to it.</summary>
    public void Add(WriteQueue queue) => _queues = [.. _queues, queue];

    /// <summary>Adds a queue whose entries do not gather.</summary>
    public void AddUrgent(WriteQueue queue) => _urgent = [.. _urgent, queue];

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

    /// <summary>Has everything that there is written in the background.</summary>
    public void WriteNow()
    {
        Volatile.Write(ref _isDue, true);
        if (_turn.TryTake())
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Writes what is urgent, here and now; where another thread is writing, that one does it next.</summary>
    public void WriteUrgent()
    {
        if (!_turn.TryTake())
            return;
        WriteTakenUrgent();
        if (!_turn.TryEnd())
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false); // this thread has a request to go on with
    }

    /// <summary>Writes what is left and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Interlocked.Exchange(ref _isStopping, true))
            WriteNow();
        await _closed.Task;
        await _alarm.DisposeAsync();
    }

    /// <summary>A turn in the background, as long as it is wanted. The last one never ends, so that nothing is written after it.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        while (!Volatile.Read(ref _isStopping))
        {
            WriteTakenUrgent();
            if (Interlocked.Exchange(ref _isDue, false))
                WriteDue();
            if (_turn.TryEnd())
                return;
        }
        WriteTakenUrgent();
        WriteDue();
        Close();
        foreach (var queue in _urgent)
            queue.End();
        _closed.SetResult();
    }

    private void WriteDue()
    {
        Volatile.Write(ref _isAlarmSet, false); // before taking: what arrives from here on sets it anew
        // A failing database is tried also where nothing waits, or nobody would notice that it works again.
        for (var isTrial = !_isHealthy; TakeAll(_queues) || isTrial; isTrial = false)
        {
            if (WriteTaken(isTrial) is { } failure)
            {
                Pause(failure);
                return;
            }
            WriteTakenUrgent();
        }
    }

    private void WriteTakenUrgent()
    {
        if (!TakeAll(_urgent))
            return;
        if (TryWrite(_urgent, isNumbered: false) is { } failure)
        {
            Pause(failure); // first: who is told must find it so
            GiveUp(_urgent);
        }
    }

    private static bool TakeAll(WriteQueue[] queues)
    {
        var any = false;
        foreach (var queue in queues)
            any |= queue.Take();
        return any;
    }

    /// <summary>Writes everything or, failing that, what may not be given up.</summary>
    /// <returns>Null, or why it failed.</returns>
    private Exception? WriteTaken(bool isTrial)
    {
        if (MayOfferAll())
        {
            if (TryWrite(_queues, isNumbered: true) is not { } failure)
                return null;
            _gaveUpAt = _time.GetTimestamp();
            if (!GiveUp(_queues))
                return failure;
            if (!_isGivingUp)
                LogGaveUp(_logger, _database.Path, failure.Message);
            _isGivingUp = true;
        }
        else
        {
            GiveUp(_queues);
        }
        return isTrial || Array.Exists(_queues, queue => queue.HasTaken) ? TryWrite(_queues, isNumbered: true) : null;
    }

    private bool MayOfferAll() => _isHealthy && (!_isGivingUp || _time.GetElapsedTime(_gaveUpAt) >= RetryPause);

    /// <param name="isNumbered">True: what was taken will be offered again if this fails, and must not be written twice.</param>
    /// <returns>Null, or why it failed.</returns>
    private Exception? TryWrite(WriteQueue[] queues, bool isNumbered)
    {
        var isCommitting = false;
        try
        {
            _connection ??= new WriterConnection(_database, Watch);
            _connection.Begin();
            if (isNumbered && _connection.Mark == _doubtful)
                Settle(queues);
            foreach (var queue in queues)
                queue.Write(_connection.Sqlite);
            if (isNumbered)
                _connection.WriteNextMark();
            isCommitting = isNumbered;
            _connection.Commit();
        }
        catch (Exception e) // Whatever it is: the writer must live on, and the entries with it.
        {
            if (isCommitting)
                Doubt(queues, _connection!.Mark);
            // A fresh connection next time: the failed one may hold a broken transaction.
            Close();
            return e;
        }

        if (isNumbered)
        {
            _doubtful = null;
            if (!_isHealthy)
                LogRecovered(_logger, _database.Path);
            _isHealthy = true;
        }
        foreach (var queue in queues)
            _isGivingUp &= !queue.Committed();
        return null;
    }

    /// <summary>A commit has failed. It may have taken place all the same, where the error came after the write.</summary>
    private void Doubt(WriteQueue[] queues, long mark)
    {
        _doubtful = mark;
        foreach (var queue in queues)
            queue.IsDoubtful = queue.HasTaken;
    }

    /// <summary>The doubtful transaction did take place.</summary>
    private void Settle(WriteQueue[] queues)
    {
        _doubtful = null;
        foreach (var queue in queues)
        {
            if (queue.IsDoubtful)
                queue.Committed();
        }
    }

    /// <returns>False: there was nothing that may be given up.</returns>
    private static bool GiveUp(WriteQueue[] queues)
    {
        var any = false;
        foreach (var queue in queues)
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
            foreach (var queue in _urgent)
                queue.Close();
            _connection?.Dispose();
        }
        catch (SqliteException)
        {
            // The write's own error was the first and is the one to be told.
        }

        _connection = null;
    }

    [LoggerMessage(1, LogLevel.Error, "Writing the ledger to {Database} failed; callers with a limit are refused (503) until it works, which "
        + "is tried again every second: {Reason}")]
    private static partial void LogFailed(ILogger logger, string database, string reason);

    [LoggerMessage(2, LogLevel.Information, "Writing the ledger to {Database} works again")]
    private static partial void LogRecovered(ILogger logger, string database);

    [LoggerMessage(3, LogLevel.Warning, "Decisions are not kept while {Database} cannot take them: {Reason}")]
    private static partial void LogGaveUp(ILogger logger, string database, string reason);

    [LoggerMessage(4, LogLevel.Warning, "Decisions are not kept while more than {Bound} wait to be written to {Database}")]
    private static partial void LogOverflowed(ILogger logger, int bound, string database);
}
