using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>One kind of entries on its way to the database, as the <see cref="GroupWriter"/> sees it.</summary>
internal abstract class WriteQueue
{
    /// <summary>
    /// Entries in a transaction: grouping more hardly makes them cheaper, and what is urgent waits for its end, some milliseconds at most.
    /// </summary>
    protected const int MaxGroup = 64;

    /// <summary>Takes the entries of the next transaction. Whose turn it is to write alone calls this and what follows.</summary>
    /// <returns>False: nothing waits.</returns>
    public abstract bool Take();

    /// <summary>True: something was taken that is neither committed nor given up.</summary>
    public abstract bool HasTaken { get; }

    /// <summary>
    /// True: what was taken was in a transaction whose commit has failed, and may be in the database all the same. It stays as it is until
    /// that is known.
    /// </summary>
    public bool IsDoubtful { get; set; }

    /// <summary>Writes what was taken.</summary>
    public abstract void Write(SqliteConnection connection);

    /// <summary>What was taken is committed.</summary>
    /// <returns>True: it was something that may be given up.</returns>
    public abstract bool Committed();

    /// <summary>Gives up what was taken, if it may be given up; else it is kept for another try.</summary>
    /// <returns>True: something was given up.</returns>
    public abstract bool GiveUp();

    /// <summary>Closes the prepared statements; the next write makes them anew.</summary>
    public abstract void Close();

    /// <summary>Nothing is written any more.</summary>
    public virtual void End()
    {
    }
}

/// <summary>
/// Gathers entries in memory and writes them in order. Entries are never dropped or, where a bound is given, dropped beyond it and
/// when they cannot be written. Safe for use by many threads.
/// </summary>
internal sealed class WriteQueue<T> : WriteQueue
{
    private readonly GroupWriter _writer;
    private readonly Func<SqliteConnection, IGroupInsert<T>> _prepare;
    private readonly int? _droppedBeyond;
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private List<T> _arriving = [];
    private readonly List<(long Until, TaskCompletionSource Done)> _flushes = [];
    private long _appended;
    private bool _isOverflowing;

    // Of whose turn it is alone.
    private List<T> _writing = [];
    private int _done;
    private int _group;
    private IGroupInsert<T>? _insert;

    // Written by whose turn it is, read by all.
    private long _settled;
    private long _dropped;

    /// <param name="prepare">Prepares the statements on the writer's connection.</param>
    /// <param name="droppedBeyond">How many may wait before more are dropped. Null: none is ever dropped.</param>
    public WriteQueue(GroupWriter writer, Func<SqliteConnection, IGroupInsert<T>> prepare, int? droppedBeyond = null)
    {
        _writer = writer;
        _prepare = prepare;
        _droppedBeyond = droppedBeyond;
        writer.Add(this);
    }

    /// <summary>Entries that are neither committed nor dropped.</summary>
    public long Waiting => Volatile.Read(ref _appended) - Volatile.Read(ref _settled);

    /// <summary>Entries that were dropped. Always 0 where none may be.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Hands an entry over; does not wait.</summary>
    public void Append(T entry)
    {
        bool isGroup;
        lock (_gate)
        {
            if (Waiting >= _droppedBeyond)
            {
                Interlocked.Increment(ref _dropped);
                if (!_isOverflowing)
                    _writer.Overflowed(_droppedBeyond.Value);
                _isOverflowing = true;
                return;
            }
            _isOverflowing &= Waiting > _droppedBeyond / 2; // so that it is told once, not at every second entry
            _arriving.Add(entry);
            Volatile.Write(ref _appended, _appended + 1);
            isGroup = _arriving.Count == MaxGroup;
        }
        _writer.Arrived(isGroup);
    }

    /// <summary>Completes when everything that was handed over before is committed or dropped.</summary>
    public Task FlushAsync()
    {
        TaskCompletionSource done;
        lock (_gate)
        {
            if (Waiting == 0)
                return Task.CompletedTask;
            done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _flushes.Add((_appended, done));
        }
        _writer.WriteNow();
        return done.Task;
    }

    /// <summary>When the last entries are written, takes those that arrived since; the lists change places, so nothing is copied.</summary>
    public override bool Take()
    {
        if (_done == _writing.Count)
        {
            _writing.Clear();
            _done = 0;
            lock (_gate)
                (_arriving, _writing) = (_writing, _arriving);
        }
        _group = Math.Min(MaxGroup, _writing.Count - _done);
        return _group > 0;
    }

    public override bool HasTaken => _group > 0;

    public override void Write(SqliteConnection connection)
    {
        if (_group == 0)
            return;
        _insert ??= _prepare(connection);
        _insert.Write(CollectionsMarshal.AsSpan(_writing).Slice(_done, _group));
    }

    public override bool Committed()
    {
        var isOptional = _droppedBeyond is not null && _group > 0;
        Settle();
        return isOptional;
    }

    public override bool GiveUp()
    {
        if (_droppedBeyond is null || _group == 0)
            return false;
        Interlocked.Add(ref _dropped, _group);
        Settle();
        return true;
    }

    public override void Close()
    {
        var insert = _insert;
        _insert = null;
        insert?.Dispose();
    }

    private void Settle()
    {
        IsDoubtful = false;
        _done += _group;
        lock (_gate)
        {
            Volatile.Write(ref _settled, _settled + _group);
            for (var i = _flushes.Count - 1; i >= 0; i--)
            {
                if (_flushes[i].Until > _settled)
                    continue;
                _flushes[i].Done.SetResult();
                _flushes.RemoveAt(i);
            }
        }
        _group = 0;
    }
}
