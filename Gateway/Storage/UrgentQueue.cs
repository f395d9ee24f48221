using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>
/// Entries whose senders wait until they are committed. They do not gather: the first one is written at once, on the thread that brought
/// it, and what arrives meanwhile goes together into the next transaction. Safe for use by many threads.
/// </summary>
/// <param name="prepare">Prepares the statements on the writer's connection.</param>
/// <param name="givenUp">Is told of each entry whose transaction has failed, before its sender is. It may be in the database all the same:
/// where the error came after the write.</param>
internal sealed class UrgentQueue<T>(GroupWriter writer, Func<SqliteConnection, IGroupInsert<T>> prepare, Action<T> givenUp) : WriteQueue
{
    private readonly Lock _gate = new();

    // Guarded by _gate. Entry and sender have the same place.
    private List<T> _arriving = [];
    private List<Sender> _arrivingSenders = [];
    private bool _isClosed;

    // Of whose turn it is alone.
    private List<T> _writing = [];
    private List<Sender> _senders = [];
    private IGroupInsert<T>? _insert;

    /// <summary>Writes an entry and completes when that has been decided.</summary>
    /// <returns>False: it could not be written, or the database is failing and it was not tried.</returns>
    public ValueTask<bool> WriteAsync(T entry)
    {
        if (!writer.IsHealthy)
            return new(false);
        var sender = new Sender();
        lock (_gate)
        {
            if (_isClosed)
                return new(false);
            _arriving.Add(entry);
            _arrivingSenders.Add(sender);
        }
        writer.WriteUrgent();
        return new(sender, 0);
    }

    public override bool Take()
    {
        if (_writing.Count > 0)
            return true;
        lock (_gate)
        {
            (_arriving, _writing) = (_writing, _arriving);
            (_arrivingSenders, _senders) = (_senders, _arrivingSenders);
        }
        return _writing.Count > 0;
    }

    public override bool HasTaken => _writing.Count > 0;

    public override void Write(SqliteConnection connection)
    {
        _insert ??= prepare(connection);
        _insert.Write(CollectionsMarshal.AsSpan(_writing));
    }

    public override bool Committed()
    {
        Tell(true);
        return false;
    }

    public override bool GiveUp()
    {
        foreach (var entry in _writing)
            givenUp(entry);
        Tell(false);
        return true;
    }

    public override void Close()
    {
        var insert = _insert;
        _insert = null;
        insert?.Dispose();
    }

    public override void End()
    {
        lock (_gate)
            _isClosed = true;
        if (Take())
            GiveUp();
    }

    private void Tell(bool isWritten)
    {
        _writing.Clear();
        foreach (var sender in _senders)
            sender.Tell(isWritten);
        _senders.Clear();
    }

    /// <summary>Who waits; goes on with a thread of its own, as the one that has written has its own request to go on with.</summary>
    private sealed class Sender : IValueTaskSource<bool>
    {
        private ManualResetValueTaskSourceCore<bool> _told = new() { RunContinuationsAsynchronously = true };

        public void Tell(bool isWritten) => _told.SetResult(isWritten);

        public bool GetResult(short token) => _told.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _told.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _told.OnCompleted(continuation, state, token, flags);
    }
}
