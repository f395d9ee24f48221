using Dapper;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Keys;

/// <summary>
/// Remembers to which key the files, batches and responses at providers belong. What a key has made is for that key and for the admin; to
/// others it is not there. Safe for use by many threads.
/// </summary>
public sealed class OwnedIds : IDisposable
{
    /// <summary>No provider's ids are longer (OpenAI's have some 30 characters, those of its responses 53).</summary>
    private const int MaxLength = 128;

    /// <summary>Of one key no more are listed, the newest first.</summary>
    private const int MostListed = 100_000;

    private const string FindSql =
        "SELECT id AS Id, provider AS Provider, key_id AS KeyId, user_id AS UserId FROM owned_id WHERE kind = @Kind AND id = @Id";

    private const string ListSql = """
        SELECT id FROM owned_id WHERE kind = @Kind AND key_id = @KeyId AND provider = @Provider ORDER BY created_ms DESC LIMIT @Most
        """;

    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;
    private readonly UrgentQueue<OwnedIdChange> _changes;
    private readonly TimeProvider _time;

    /// <param name="writer">The database's one writer.</param>
    internal OwnedIds(Database database, GroupWriter writer, TimeProvider time)
    {
        _connection = database.Connect();
        _time = time;
        _changes = new(writer, connection => new OwnedIdInsert(connection), static _ => { });
        writer.AddUrgent(_changes);
    }

    /// <summary>True for what can be an id: it may stand in a URL as it is.</summary>
    public static bool IsId(string? id) =>
        id is { Length: > 0 and <= MaxLength } && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    /// <summary>Whose an id is. Null: nobody's that is known.</summary>
    public OwnedId? Find(OwnedKind kind, string id)
    {
        lock (_gate)
            return _connection.QueryFirstOrDefault<OwnedId>(FindSql, new { Kind = (int)kind, Id = id });
    }

    /// <summary>True when a caller may see what an id stands for: the key that made it, and the admin.</summary>
    public bool Owns(Caller caller, OwnedKind kind, string id) => caller.IsAdmin || IsOf(caller, Find(kind, id));

    /// <summary>True when an id was made with the caller's key.</summary>
    public static bool IsOf(Caller caller, OwnedId? owned) => owned is not null && owned.KeyId == caller.KeyId;

    /// <summary>The ids that a caller's key made at a provider.</summary>
    public IReadOnlySet<string> Of(Caller caller, OwnedKind kind, string provider)
    {
        lock (_gate)
        {
            return new HashSet<string>(_connection.Query<string>(
                ListSql, new { Kind = (int)kind, caller.KeyId, Provider = provider, Most = MostListed }));
        }
    }

    /// <summary>Keeps whose an id is; completes when that is committed. An id that is known keeps its owner.</summary>
    /// <returns>False: the database cannot be written.</returns>
    public ValueTask<bool> RememberAsync(Caller caller, OwnedKind kind, string id, string provider) =>
        RememberAsync(new OwnedId(id, provider, caller.KeyId, caller.UserId), kind);

    /// <summary>As above, for what a provider made for somebody later: the output of a batch.</summary>
    public ValueTask<bool> RememberAsync(OwnedId owned, OwnedKind kind) =>
        _changes.WriteAsync(new(kind, owned.Id, owned, _time.GetUtcNow().ToUnixTimeMilliseconds()));

    /// <summary>Forgets an id whose thing is gone.</summary>
    public ValueTask<bool> ForgetAsync(OwnedKind kind, string id) => _changes.WriteAsync(new(kind, id, null, 0));

    /// <summary>Waits for what another thread is doing.</summary>
    public void Dispose()
    {
        lock (_gate)
            _connection.Dispose();
    }
}
