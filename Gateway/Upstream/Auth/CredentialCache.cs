using System.Collections.Concurrent;

namespace Gateway.Upstream.Auth;

/// <summary>Keeps the credentials of every identity that the gateway has at a provider, and renews them in time.</summary>
/// <param name="obtain">Gets a new credential; it may wait for others.</param>
internal sealed class CredentialCache<TIdentity, T>(Func<TIdentity, CancellationToken, Task<T>> obtain, TimeProvider time)
    where TIdentity : notnull
    where T : Credential
{
    /// <summary>More identities than a config has; where clients bring keys of their own, those that ended make room.</summary>
    private const int MaxIdentities = 1024;

    private readonly ConcurrentDictionary<TIdentity, CachedCredential<T>> _cached = new();

    /// <summary>A credential that is valid; without waiting where there is one.</summary>
    /// <exception cref="AuthException">None could be had.</exception>
    public ValueTask<T> GetAsync(TIdentity identity, CancellationToken ct)
    {
        if (!_cached.TryGetValue(identity, out var cached))
        {
            if (_cached.Count >= MaxIdentities)
                MakeRoom();
            cached = _cached.GetOrAdd(identity, added => new CachedCredential<T>(limit => obtain(added, limit), time));
        }
        return cached.GetAsync(ct);
    }

    /// <summary>Lets go of what is of no use any more; where that is nothing, of everything, which is then obtained anew.</summary>
    private void MakeRoom()
    {
        foreach (var (identity, cached) in _cached)
        {
            if (!cached.IsOfUse)
                _cached.TryRemove(identity, out _);
        }
        if (_cached.Count >= MaxIdentities)
            _cached.Clear();
    }
}
