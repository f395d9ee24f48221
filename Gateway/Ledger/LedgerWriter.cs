using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>
/// Writes attempts to the database in groups: one loop, one connection, one transaction for whatever has gathered.
/// <para>
/// An attempt that was handed over is never dropped: when the database cannot be written (disk full, locked), entries stay in
/// memory, in order, and are tried again. So that memory stays bounded, <see cref="IsFull"/> tells the pipeline to refuse new
/// requests; those that run already may still hand over theirs, so the bound is the capacity plus what is in flight.
/// </para>
/// </summary>
internal sealed partial class LedgerWriter : IAsyncDisposable
{
    /// <summary>
    /// How long the first entry waits for company: 50 entries at 5,000 requests a second, so that the cost of a commit is shared.
    /// </summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);

    /// <summary>After a failed write: soon enough to notice a freed disk, seldom enough to leave a failing one alone.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>Entries in a transaction: grouping more no longer makes them cheaper, and <c>gateway key …</c> waits for its end.</summary>
    private const int MaxGroup = 512;

    private readonly Database _database;
    private readonly ILogger _logger;
    private readonly bool _keepRows;
    private readonly int _capacity;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _go = new(0);
    private readonly ITimer _alarm;
    private readonly Task _loop;

    // Guarded by _gate.
    private List<LedgerEntry> _arriving = [];
    private readonly List<(long Until, TaskCompletionSource Done)> _flushes = [];
    private long _appended;
    private bool _isStopping;

    // Of the loop alone.
    private List<LedgerEntry> _writing = [];
    private int _done;
    private LedgerInsert? _insert;

    // Written by the loop, read by all.
    private long _written;
    private long _lost;
    private volatile bool _isHealthy = true;

    public LedgerWriter(Database database, TimeProvider time, ILogger logger, bool keepRows, int capacity)
    {
        _database = database;
        _logger = logger;
        _keepRows = keepRows;
        _capacity = capacity;
        var never = Timeout.InfiniteTimeSpan;
        _alarm = time.CreateTimer(static writer => ((LedgerWriter)writer!)._go.Release(), this, never, never);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>False while the database cannot be written.</summary>
    public bool IsHealthy => _isHealthy;

    /// <summary>Entries that are not yet committed.</summary>
    public long Waiting => Volatile.Read(ref _appended) - Volatile.Read(ref _written);

    /// <summary>True when no new request should be taken on.</summary>
    public bool IsFull => Waiting >= _capacity;

    /// <summary>Entries that could not be written even when the writer was closed; 0 until then.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>Hands an entry over; does not wait.</summary>
    public void Append(LedgerEntry entry)
    {
        lock (_gate)
        {
            _arriving.Add(entry);
            Volatile.Write(ref _appended, _appended + 1);
            if (_arriving.Count == 1 && _isHealthy)
                _alarm.Change(Gathering, Timeout.InfiniteTimeSpan);
            else if (_arriving.Count == MaxGroup && _isHealthy)
                _go.Release();
        }
    }

    /// <summary>Completes when everything that was handed over before is committed.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            if (Waiting == 0)
                return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _flushes.Add((_appended, done));
            _go.Release();
            return done.Task;
        }
    }

    /// <summary>Writes what is left and closes. What cannot be written even now is lost, and said to be.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isStopping)
                return;
            _isStopping = true;
            _go.Release();
        }

        await _loop;
        await _alarm.DisposeAsync();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await _go.WaitAsync();
            var isLastRound = Volatile.Read(ref _isStopping);
            WriteAll();
            if (isLastRound)
                break;
        }

        _insert?.Dispose();
        Volatile.Write(ref _lost, Waiting);
        if (Lost > 0)
            LogLost(_logger, Lost, _database.Path);
    }

    /// <summary>Writes group after group until nothing is left or a write fails.</summary>
    private void WriteAll()
    {
        while (TakeArrived())
        {
            var group = Math.Min(MaxGroup, _writing.Count - _done);
            if (!TryWrite(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_writing).Slice(_done, group)))
            {
                _alarm.Change(RetryPause, Timeout.InfiniteTimeSpan);
                return;
            }

            _done += group;
            Volatile.Write(ref _written, _written + group);
            CompleteFlushes();
        }
    }

    /// <summary>When the last entries are written, takes those that arrived since; the lists change places, so nothing is copied.</summary>
    /// <returns>False when nothing is left to write.</returns>
    private bool TakeArrived()
    {
        if (_done < _writing.Count)
            return true;
        _writing.Clear();
        _done = 0;
        lock (_gate)
            (_arriving, _writing) = (_writing, _arriving);
        return _writing.Count > 0;
    }

    private bool TryWrite(ReadOnlySpan<LedgerEntry> group)
    {
        try
        {
            _insert ??= new LedgerInsert(_database);
            _insert.Write(group, _keepRows);
        }
        catch (Exception e) // Whatever it is: the loop must live on, and the entries with it.
        {
            // A fresh connection next time: the failed one may hold a broken transaction.
            CloseQuietly();
            if (_isHealthy)
                LogFailed(_logger, _database.Path, e.Message);
            _isHealthy = false;
            return false;
        }

        if (!_isHealthy)
            LogRecovered(_logger, _database.Path, Waiting);
        _isHealthy = true;
        return true;
    }

    private void CloseQuietly()
    {
        try
        {
            _insert?.Dispose();
        }
        catch (SqliteException)
        {
            // The write's own error was the first and is the one to be told.
        }

        _insert = null;
    }

    private void CompleteFlushes()
    {
        lock (_gate)
        {
            for (var i = _flushes.Count - 1; i >= 0; i--)
            {
                if (_flushes[i].Until > _written)
                    continue;
                _flushes[i].Done.SetResult();
                _flushes.RemoveAt(i);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Writing the ledger to {Database} failed and is tried again every second: {Reason}")]
    private static partial void LogFailed(ILogger logger, string database, string reason);

    [LoggerMessage(2, LogLevel.Information, "Writing the ledger to {Database} works again; {Waiting} rows are caught up")]
    private static partial void LogRecovered(ILogger logger, string database, long waiting);

    [LoggerMessage(3, LogLevel.Critical, "{Lost} ledger rows were lost at shutdown because {Database} could not be written")]
    private static partial void LogLost(ILogger logger, long lost, string database);
}
