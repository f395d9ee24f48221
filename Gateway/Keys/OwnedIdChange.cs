using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Keys;

/// <summary>An id that was given or taken back.</summary>
/// <param name="Owner">Null: it is gone.</param>
internal sealed record OwnedIdChange(OwnedKind Kind, string Id, OwnedId? Owner, long NowMs);

/// <summary>Writes them. One thread at a time.</summary>
internal sealed class OwnedIdInsert(SqliteConnection connection) : IGroupInsert<OwnedIdChange>
{
    // The first owner stays: an id that comes again is the same thing.
    private readonly PreparedStatement _insert = new(connection, """
        INSERT INTO owned_id (kind, id, provider, key_id, user_id, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (kind, id) DO NOTHING
        """);

    private readonly PreparedStatement _delete = new(connection, "DELETE FROM owned_id WHERE kind = ?1 AND id = ?2");

    /// <exception cref="SqliteException">The database could not be written.</exception>
    public void Write(ReadOnlySpan<OwnedIdChange> entries)
    {
        foreach (var (kind, id, owner, now) in entries)
        {
            if (owner is null)
                _delete.Bind((long)kind).Bind(id).Execute();
            else
                _insert.Bind((long)kind).Bind(id).Bind(owner.Provider).Bind(owner.KeyId).Bind(owner.UserId).Bind(now).Execute();
        }
    }

    public void Dispose()
    {
        _insert.Dispose();
        _delete.Dispose();
    }
}
