using System.Collections.Frozen;

namespace Gateway.Keys;

/// <summary>
/// Knows who is calling: keys of the config, the master key, and minted keys of the store, in one table that is replaced
/// whole when the config changes and when keys are rotated or revoked, by this process or another.
/// </summary>
public sealed partial class KeyRing : IDisposable
{
    /// <summary>How soon a rotated or revoked key stops working in a running gateway: one small read a second.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly KeyStore _store;
    private readonly ILogger _logger;
    private readonly ITimer _poll;
    private readonly Lock _polling = new();

    private volatile Table _table;

    // Guarded by _polling.
    private long _generation = -1;
    private bool _isStoreReadable = true;
    private bool _isClosed;

    /// <param name="store">Stays the caller's to dispose of, after the ring.</param>
    public KeyRing(KeySetup setup, KeyStore store, TimeProvider time, ILogger<KeyRing> logger)
    {
        _store = store;
        _logger = logger;
        _table = Read(setup);
        _poll = time.CreateTimer(static ring => ((KeyRing)ring!).Poll(), this, PollInterval, PollInterval);
    }

    /// <summary>True when no keys are configured and everybody is let in.</summary>
    public bool IsOpen => _table.Setup.IsOpen;

    /// <summary>Who has a key now, each with one key; empty without keys.</summary>
    public IEnumerable<Caller> Callers => _table.Callers.Values;

    /// <summary>A user as a caller, with one of their keys or, where they have none, without. Null: the config has no such user.</summary>
    public Caller? CallerFor(string userId)
    {
        var table = _table;
        foreach (var caller in table.Callers.Values)
        {
            if (caller.UserId == userId && !caller.IsAdmin)
                return caller;
        }
        return table.Setup.Users.FirstOrDefault(user => user.UserId == userId) is { } keyless
            ? CallerFactory.WithoutKey(table.Setup, keyless)
            : null;
    }

    /// <summary>What a user is told whose keys are refused. Null: they are not.</summary>
    public ApiError? WhyBlocked(string userId) => _table.Blocked.GetValueOrDefault(userId);

    /// <summary>Lets in whom a new config lets in, from the next request on.</summary>
    /// <returns>Users for whom a key is neither in the config nor was ever minted, in the config's order.</returns>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The store could not be read, and nothing has changed.</exception>
    public IReadOnlyList<string> Use(KeySetup setup)
    {
        lock (_polling)
        {
            if (_isClosed)
                return [];
            var known = _store.List().Select(key => key.UserId).ToHashSet(StringComparer.Ordinal);
            _table = Read(setup);
            return [.. setup.UsersToMintFor.Where(user => !known.Contains(user))];
        }
    }

    /// <summary>Says who is calling, and turns strangers away from a gateway without keys.</summary>
    /// <returns>Null, or 401 for the key, 403 for who may not reach a gateway without keys.</returns>
    public ApiError? Authenticate(HttpContext http, out Caller caller)
    {
        var table = _table;
        var refusal = Authenticate(table, http.Request.Headers, out var found) ?? (table.Setup.IsOpen ? OpenAccess.Check(http) : null);
        caller = found!;
        return refusal;
    }

    /// <summary>Says who is calling. Looks at headers only and waits for nothing.</summary>
    /// <param name="caller">Not null exactly when the answer is null.</param>
    /// <returns>Null, or 401: no key, a malformed one, one that nobody has, or one of a blocked user.</returns>
    public ApiError? Authenticate(IHeaderDictionary headers, out Caller? caller) => Authenticate(_table, headers, out caller);

    private static ApiError? Authenticate(Table table, IHeaderDictionary headers, out Caller? caller)
    {
        caller = table.Everybody;
        if (caller is not null)
            return null;
        var onlyHeader = table.Setup.HeaderName;
        var bearer = onlyHeader is null ? PresentedKey.OnlyBearer(headers) : null;
        if (bearer is not null && table.Recent.Find(bearer) is { } known)
        {
            caller = known;
            return null;
        }
        if (PresentedKey.Find(headers, onlyHeader, out var key) is { } missing)
            return missing;
        if (KeyHash.TryCompute(key, out var hash) && table.Callers.TryGetValue(hash, out var found))
        {
            if (!found.IsAdmin && table.Blocked.TryGetValue(found.UserId, out var blocked))
                return blocked;
            caller = found;
            if (bearer is not null)
                table.Recent.Remember(bearer, found);
            return null;
        }
        return ApiError.InvalidApiKey(KeyHint.Of(key));
    }

    /// <summary>Mints a key for each user of the config who has none there and never had one in the store.</summary>
    /// <returns>The new keys in the config's order. They are told only now; the caller shows them to the operator.</returns>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">No key could be stored, so none was minted.</exception>
    public IReadOnlyList<(string UserId, string Key)> MintMissing()
    {
        if (IsOpen)
            return [];
        var minted = _store.MintFirst(_table.Setup.UsersToMintFor);
        Poll(); // when it fails, the keys are shown all the same and work from the next poll that succeeds
        return minted;
    }

    /// <summary>Waits for a poll that is running, so that the store may be closed.</summary>
    public void Dispose()
    {
        lock (_polling)
            _isClosed = true;
        _poll.Dispose();
    }

    /// <summary>The background loop: logs what goes wrong, once, and goes on with the keys that it has.</summary>
    private void Poll()
    {
        lock (_polling)
        {
            if (_isClosed || IsOpen)
                return;
            try
            {
                if (_store.Generation() != _generation)
                    _table = Read(_table.Setup);
                _isStoreReadable = true;
            }
            catch (Exception e)
            {
                if (_isStoreReadable)
                    LogPollFailed(_logger, e.Message);
                _isStoreReadable = false;
            }
        }
    }

    private Table Read(KeySetup setup)
    {
        if (setup.IsOpen)
            return new Table(setup, FrozenDictionary<KeyHash, Caller>.Empty);
        // The generation is read first: a change in between is noticed by the next poll.
        var generation = _store.Generation();
        var table = new Table(setup, MakeCallers(setup, _store.List()));
        _generation = generation;
        return table;
    }

    /// <summary>
    /// The master key first, then the users in order; of two users with one key (the config is refused then) the first has it.
    /// </summary>
    private static FrozenDictionary<KeyHash, Caller> MakeCallers(KeySetup setup, IReadOnlyList<StoredKey> stored)
    {
        var callers = new Dictionary<KeyHash, Caller>();
        if (TryHash(setup.MasterKey, out var master))
            callers.Add(master, CallerFactory.Admin(setup, master.ToHex()));
        foreach (var user in setup.Users)
        {
            foreach (var (hash, key) in user.Keys.IsEmpty ? MintedFor(user, stored) : ConfiguredFor(user))
                callers.TryAdd(hash, CallerFactory.Of(setup, user, key, hash.ToHex()));
        }
        return callers.ToFrozenDictionary();
    }

    private static IEnumerable<(KeyHash, KeyEntry?)> ConfiguredFor(KeyUser user)
    {
        foreach (var key in user.Keys)
            if (TryHash(key.Key, out var hash))
                yield return (hash, key);
    }

    private static IEnumerable<(KeyHash, KeyEntry?)> MintedFor(KeyUser user, IReadOnlyList<StoredKey> stored)
    {
        foreach (var key in stored)
            if (key.RevokedAtMs is null && key.UserId == user.UserId && KeyHash.TryParseHex(key.Hash, out var hash))
                yield return (hash, null);
    }

    /// <summary>Null, too short and wrongly spelt keys match nobody.</summary>
    private static bool TryHash(string? configured, out KeyHash hash)
    {
        const string Prefix = "sha256:";
        return configured is not null && configured.StartsWith(Prefix, StringComparison.Ordinal)
            ? KeyHash.TryParseHex(configured.AsSpan(Prefix.Length), out hash)
            : KeyHash.TryCompute(configured, out hash);
    }

    /// <summary>All that a request is checked against.</summary>
    private sealed class Table(KeySetup setup, FrozenDictionary<KeyHash, Caller> callers)
    {
        public readonly KeySetup Setup = setup;
        public readonly FrozenDictionary<KeyHash, Caller> Callers = callers;

        /// <summary>Everybody who calls, where no keys are configured. Null: they are.</summary>
        public readonly Caller? Everybody = setup.IsOpen ? CallerFactory.Admin(setup, keyId: "") : null;

        /// <summary>What users are told whose keys are refused.</summary>
        public readonly FrozenDictionary<string, ApiError> Blocked = setup.Users.Where(user => user.IsBlocked || user.Team is { IsBlocked: true })
            .ToFrozenDictionary(
                user => user.UserId, user => user.IsBlocked ? ApiError.KeyBlocked() : ApiError.TeamBlocked(user.Team!.TeamId), StringComparer.Ordinal);

        /// <summary>Goes with the keys, so that nobody is remembered longer than their key counts.</summary>
        public readonly RecentKeys Recent = new();
    }

    [LoggerMessage(1, LogLevel.Error, "Reading the minted keys failed and is tried again every second; known keys go on working: {Reason}")]
    private static partial void LogPollFailed(ILogger logger, string reason);
}
