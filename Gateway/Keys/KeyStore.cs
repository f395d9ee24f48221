using System.Buffers.Text;
using System.Security.Cryptography;
using Dapper;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Keys;

/// <summary>A key that the gateway minted, as far as it is kept.</summary>
/// <param name="Hash">64 lower-case hex digits.</param>
/// <param name="Hint"><c>sk-...abcd</c>.</param>
/// <param name="RevokedAtMs">Unix milliseconds. Null: valid.</param>
public sealed record StoredKey(string Hash, string Hint, string UserId, long CreatedAtMs, long? RevokedAtMs)
{
    public DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeMilliseconds(CreatedAtMs);

    /// <summary>Null: valid.</summary>
    public DateTimeOffset? RevokedAt => RevokedAtMs is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;
}

/// <summary>The table of minted keys. Several processes may use it at once; within one it is safe for several threads.</summary>
public sealed class KeyStore(Database database, TimeProvider time) : IDisposable
{
    /// <summary>As LiteLLM's: 22 characters after the prefix.</summary>
    private const int RandomBytes = 16;

    private const string ListSql = """
        SELECT hash AS Hash, hint AS Hint, user_id AS UserId, created_at AS CreatedAtMs, revoked_at AS RevokedAtMs
        FROM keys ORDER BY user_id, created_at, hash
        """;

    private const string InsertSql = "INSERT INTO keys (hash, hint, user_id, created_at) VALUES (@Hash, @Hint, @UserId, @Now)";
    private const string RevokeSql = "UPDATE keys SET revoked_at = @Now WHERE user_id = @UserId AND revoked_at IS NULL";
    private const string CountSql = "SELECT count(*) FROM keys WHERE user_id = @UserId";
    private const string GenerationSql = "SELECT value FROM key_generation";

    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection = database.Connect();

    /// <summary>A number that changes with every change of the table, by whichever process.</summary>
    public long Generation()
    {
        lock (_gate)
            return _connection.QuerySingle<long>(GenerationSql);
    }

    /// <summary>All keys, revoked ones too, by user and age.</summary>
    public IReadOnlyList<StoredKey> List()
    {
        lock (_gate)
            return [.. _connection.Query<StoredKey>(ListSql)];
    }

    /// <summary>
    /// Mints a key for each of the users who never had one, for all or for none: a key that is stored is a key that can be shown.
    /// A user whose keys were all revoked stays without.
    /// </summary>
    /// <returns>The new keys in the users' order. They are told only now.</returns>
    public IReadOnlyList<(string UserId, string Key)> MintFirst(IEnumerable<string> userIds)
    {
        lock (_gate)
        {
            var minted = new List<(string, string)>();
            using var transaction = _connection.BeginTransaction();
            foreach (var userId in userIds)
            {
                if (_connection.QuerySingle<long>(CountSql, new { UserId = userId }, transaction) == 0)
                    minted.Add((userId, Insert(userId, transaction)));
            }
            transaction.Commit();
            return minted;
        }
    }

    /// <summary>Revokes the user's keys and mints a new one.</summary>
    /// <returns>The new key, which is told only now. Null: no key was ever minted for that user.</returns>
    public string? Rotate(string userId)
    {
        lock (_gate)
        {
            using var transaction = _connection.BeginTransaction();
            if (_connection.QuerySingle<long>(CountSql, new { UserId = userId }, transaction) == 0)
                return null;
            _connection.Execute(RevokeSql, new { UserId = userId, Now = Now() }, transaction);
            var key = Insert(userId, transaction);
            transaction.Commit();
            return key;
        }
    }

    /// <summary>Revokes the user's keys.</summary>
    /// <returns>How many were valid until now.</returns>
    public int Revoke(string userId)
    {
        lock (_gate)
            return _connection.Execute(RevokeSql, new { UserId = userId, Now = Now() });
    }

    /// <summary>Waits for what another thread is doing.</summary>
    public void Dispose()
    {
        lock (_gate)
            _connection.Dispose();
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private string Insert(string userId, SqliteTransaction transaction)
    {
        var key = "sk-" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));
        if (!KeyHash.TryCompute(key, out var hash))
            throw new InvalidOperationException("A minted key is not a key.");
        _connection.Execute(InsertSql, new { Hash = hash.ToHex(), Hint = KeyHint.Of(key), UserId = userId, Now = Now() }, transaction);
        return key;
    }
}
