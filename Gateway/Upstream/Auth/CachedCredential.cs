namespace Gateway.Upstream.Auth;

/// <summary>
/// One credential that is renewed before it ends: by one renewal at a time, while the old one is used as long as it is valid. Only
/// where there is none that is valid do callers wait, all for the same renewal.
/// </summary>
/// <param name="obtain">Gets a new one; its token ends when that takes too long, not when a caller hangs up.</param>
internal sealed class CachedCredential<T>(Func<CancellationToken, Task<T>> obtain, TimeProvider time)
    where T : Credential
{
    /// <summary>So long before its end a credential is renewed; AWS's own tools take five minutes too.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    /// <summary>The clocks of two machines differ.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);

    /// <summary>A renewal that takes longer has failed.</summary>
    private static readonly TimeSpan MaxRenewal = TimeSpan.FromSeconds(30);

    /// <summary>A renewal that failed is not tried again for so long while the old credential is valid.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private Held? _held;
    private Task<T>? _renewal;
    private DateTimeOffset _pauseEnds;

    private sealed record Held(T Credential, DateTimeOffset RenewAt);

    /// <summary>False when it has ended and nobody renews it.</summary>
    public bool IsOfUse => _held is { } held && IsValid(held, time.GetUtcNow()) || IsRenewing;

    /// <summary>True while a new one is being obtained.</summary>
    public bool IsRenewing => _renewal is { IsCompleted: false };

    /// <summary>A credential that is valid; without waiting where there is one.</summary>
    /// <exception cref="AuthException">None could be had.</exception>
    public ValueTask<T> GetAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var held = Volatile.Read(ref _held);
        if (held is not null && now < held.RenewAt)
            return new(held.Credential);
        var renewal = Renew(held, now);
        return held is not null && IsValid(held, now)
            ? new(held.Credential)
            : new(renewal!.WaitAsync(ct));
    }

    /// <summary>The renewal that runs, or a new one.</summary>
    /// <param name="held">What the caller saw.</param>
    /// <returns>Null: the last one failed just now, and what is held is valid.</returns>
    private Task<T>? Renew(Held? held, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_held is { } newer && newer != held)
                return Task.FromResult(newer.Credential);
            if (IsRenewing)
                return _renewal;
            if (held is not null && IsValid(held, now) && now < _pauseEnds)
                return null;
            _renewal = Task.Run(RenewAsync, CancellationToken.None);
            // Where nobody waits for it, nobody is told of its failure but by the next that fails.
            _ = _renewal.ContinueWith(
                static failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return _renewal;
        }
    }

    private async Task<T> RenewAsync()
    {
        using var limit = new CancellationTokenSource(MaxRenewal, time);
        var isDone = false;
        try
        {
            var credential = await obtain(limit.Token);
            var now = time.GetUtcNow();
            lock (_lock)
                _held = new Held(credential, RenewAt(credential.ExpiresAt, now));
            isDone = true;
            return credential;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new AuthException($"no credentials came within {MaxRenewal.TotalSeconds:0} s", isTransient: true);
        }
        finally
        {
            if (!isDone)
            {
                lock (_lock)
                    _pauseEnds = time.GetUtcNow() + Pause;
            }
        }
    }

    /// <summary>What lives shorter than twice the margin is renewed half-way.</summary>
    private static DateTimeOffset RenewAt(DateTimeOffset end, DateTimeOffset now)
    {
        if (end == DateTimeOffset.MaxValue)
            return end;
        var half = (end - now) / 2;
        return end - (half < Margin ? half : Margin);
    }

    private static bool IsValid(Held held, DateTimeOffset now) => now < held.Credential.ExpiresAt - Skew;
}
