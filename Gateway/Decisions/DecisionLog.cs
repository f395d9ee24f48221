using Dapper;
using Gateway.Config;
using Gateway.Storage;

namespace Gateway.Decisions;

/// <summary>A decision as it is kept.</summary>
/// <param name="KeyId">Whose request it was, as in the ledger. Null: nobody was authenticated.</param>
/// <param name="Document">JSON, as <see cref="DecisionDocument"/> writes it.</param>
public sealed record Decision(string Id, long CreatedAtMs, string? KeyId, string? UserId, string Document);

/// <summary>
/// Keeps how requests were decided, for a while, so that their answers can be explained. Written beside the ledger, off the path of
/// requests; what cannot be written is dropped. Safe for use by many threads.
/// </summary>
public sealed class DecisionLog : IAsyncDisposable
{
    /// <summary>Waiting to be written: some seconds of heavy traffic and, with their attempts, some 20 MB.</summary>
    private const int MostWaiting = 10_000;

    /// <summary>Requests without a known key that are kept: enough to explain a mistake, too few to push the others out.</summary>
    private const int StrangersPerSecond = 10;

    /// <summary>How often old decisions are deleted where no new ones come.</summary>
    private static readonly TimeSpan PrunePause = TimeSpan.FromMinutes(1);

    private const string FindSql = """
        SELECT id AS Id, created_at AS CreatedAtMs, key_id AS KeyId, user_id AS UserId, document AS Document FROM decisions WHERE id = @Id
        """;

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Func<DecisionRetention> _retention;
    private readonly WriteQueue<DecisionEntry> _queue;
    private readonly ITimer _prune;
    private readonly Lock _strangers = new();
    private long _strangersSecond;
    private int _strangersKept;

    /// <param name="writer">The database's writer, which outlives this.</param>
    internal DecisionLog(Database database, GroupWriter writer, TimeProvider time, Func<DecisionRetention> retention)
    {
        _database = database;
        _time = time;
        _retention = retention;
        _queue = new(writer, connection => new DecisionInsert(connection, time, retention), droppedBeyond: MostWaiting);
        _queue.Append(default); // what the retention does not keep any more
        _prune = time.CreateTimer(static log => ((DecisionLog)log!)._queue.Append(default), this, PrunePause, PrunePause);
    }

    /// <summary>Decisions that were dropped because the database could not take them.</summary>
    public long Dropped => _queue.Dropped;

    /// <summary>A new id: of 32 hexadecimal digits, rising with time, which is the order of the table's index.</summary>
    public static string NewId(DateTimeOffset now) => Guid.CreateVersion7(now).ToString("N");

    /// <summary>Takes an exchange that has ended; the caller must not change it afterwards. Does not wait and never fails.</summary>
    /// <param name="modelOf">Tells the model of a deployment by its id.</param>
    public void Append(Exchange exchange, Func<string, string?> modelOf)
    {
        if (exchange.DecisionId.Length == 0 || _retention().KeepsNone)
            return;
        if (exchange.Caller is null && !MayKeepStranger())
            return;
        _queue.Append(new DecisionEntry(exchange, modelOf));
    }

    /// <summary>Finds a decision, also one of a moment ago.</summary>
    /// <returns>Null: there is none, or it is not kept any more.</returns>
    public async Task<Decision?> FindAsync(string id)
    {
        if (!Guid.TryParseExact(id, "N", out _))
            return null;
        id = id.ToLowerInvariant();
        if (Find(_database, id) is not { } found)
        {
            await _queue.FlushAsync();
            found = Find(_database, id);
        }
        var keep = _retention();
        var isOld = found?.CreatedAtMs < (_time.GetUtcNow() - keep.Age).ToUnixTimeMilliseconds();
        return isOld || keep.KeepsNone ? null : found;
    }

    /// <summary>Reads a decision beside a gateway that may be running.</summary>
    public static Decision? Find(Database database, string id)
    {
        using var connection = database.Connect();
        return connection.QueryFirstOrDefault<Decision>(FindSql, new { Id = id });
    }

    public ValueTask DisposeAsync() => _prune.DisposeAsync();

    private bool MayKeepStranger()
    {
        var second = _time.GetTimestamp() / _time.TimestampFrequency;
        lock (_strangers)
        {
            if (second != _strangersSecond)
                (_strangersSecond, _strangersKept) = (second, 0);
            return ++_strangersKept <= StrangersPerSecond;
        }
    }
}
