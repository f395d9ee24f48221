using Gateway.Upstream.Auth;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Upstream.Auth;

public sealed class CachedCredentialTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<TaskCompletionSource<AccessToken>> _asked = [];
    private readonly CredentialCache<string, AccessToken> _cache;
    private TaskCompletionSource _isAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CachedCredentialTests() => _cache = new(ObtainAsync, _time);

    [Test]
    public async Task ManyCallersAtOnceWaitForOneRenewal()
    {
        var callers = Enumerable.Range(0, 50).Select(_ => GetAsync()).ToArray();
        await AskedAsync();
        Give("t1", TimeSpan.FromHours(1));

        Assert.That(await Task.WhenAll(callers), Is.All.EqualTo("t1"));
        Assert.That(_asked, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task ACredentialIsKeptUntilFiveMinutesBeforeItsEnd()
    {
        await StartAsync("t1", TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromMinutes(54));

        Assert.That(_cache.GetAsync("me", default), Has.Property("IsCompletedSuccessfully").True);
        Assert.That(_asked, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task TheOldOneIsUsedWhileANewOneIsObtained()
    {
        await StartAsync("t1", TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromMinutes(56));

        Assert.That(await GetAsync(), Is.EqualTo("t1"));
        await AskedAsync();
        Assert.That(await GetAsync(), Is.EqualTo("t1"));
        Give("t2", TimeSpan.FromHours(1));
        await UntilAsync("t2");
        Assert.That(_asked, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task OneThatHasEndedIsNotUsed()
    {
        await StartAsync("t1", TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromHours(1));
        var caller = GetAsync();
        await AskedAsync();
        Assert.That(caller.IsCompleted, Is.False);
        Give("t2", TimeSpan.FromHours(1));

        Assert.That(await caller, Is.EqualTo("t2"));
    }

    [Test]
    public async Task AFailureIsToldToAllWhoWaitAndTheNextCallTriesAgain()
    {
        var callers = Enumerable.Range(0, 5).Select(_ => GetAsync()).ToArray();
        await AskedAsync();
        _asked[^1].SetException(new AuthException("no token today"));
        foreach (var caller in callers)
            Assert.That(async () => await caller, Throws.TypeOf<AuthException>().With.Message.EqualTo("no token today"));

        await StartAsync("t1", TimeSpan.FromHours(1));
        Assert.That(await GetAsync(), Is.EqualTo("t1"));
    }

    [Test]
    public async Task ARenewalThatFailsWhileTheOldOneIsValidIsTriedAgainAfterAPause()
    {
        var credential = new CachedCredential<AccessToken>(ct => ObtainAsync("me", ct), _time);
        var first = credential.GetAsync(default).AsTask();
        await AskedAsync();
        Give("t1", TimeSpan.FromHours(1));
        await first;
        _time.Advance(TimeSpan.FromMinutes(56));
        Assert.That((await credential.GetAsync(default)).Header, Is.EqualTo("t1"));
        await AskedAsync();
        _asked[^1].SetException(new AuthException("not now"));
        await RenewedAsync(credential);

        for (var i = 0; i < 100; i++)
            Assert.That((await credential.GetAsync(default)).Header, Is.EqualTo("t1"));
        Assert.That((credential.IsRenewing, _asked.Count), Is.EqualTo((false, 2)));

        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.That((await credential.GetAsync(default)).Header, Is.EqualTo("t1"));
        await AskedAsync();
        Give("t2", TimeSpan.FromHours(1));
        await RenewedAsync(credential);
        Assert.That((await credential.GetAsync(default)).Header, Is.EqualTo("t2"));
    }

    [Test]
    public async Task AShortLivedOneIsRenewedHalfWay()
    {
        await StartAsync("t1", TimeSpan.FromMinutes(4));
        _time.Advance(TimeSpan.FromMinutes(1.9));
        await GetAsync();
        Assert.That(_asked, Has.Count.EqualTo(1));
        _time.Advance(TimeSpan.FromMinutes(0.2));
        await GetAsync();
        await AskedAsync();

        Assert.That(_asked, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task ACallerWhoHangsUpTakesNothingFromTheOthers()
    {
        using var hangsUp = new CancellationTokenSource();
        var first = _cache.GetAsync("me", hangsUp.Token).AsTask();
        var second = GetAsync();
        await AskedAsync();
        await hangsUp.CancelAsync();
        Assert.That(async () => await first, Throws.InstanceOf<OperationCanceledException>());
        Give("t1", TimeSpan.FromHours(1));

        Assert.That(await second, Is.EqualTo("t1"));
    }

    [Test]
    public async Task ARenewalThatNeverEndsFailsAfterHalfAMinute()
    {
        var caller = GetAsync();
        await AskedAsync();
        _time.Advance(TimeSpan.FromSeconds(31));

        Assert.That(async () => await caller, Throws.TypeOf<AuthException>().With.Property("IsTransient").True);
    }

    [Test]
    public async Task IdentitiesThatCameToNothingMakeRoom()
    {
        for (var i = 0; i < 3000; i++)
        {
            var caller = _cache.GetAsync($"identity-{i}", default).AsTask();
            await AskedAsync();
            Give($"t{i}", TimeSpan.FromHours(1));
            await caller.WaitAsync(GatewayHost.Patience);
        }
        await StartAsync("mine", TimeSpan.FromHours(1));

        Assert.That(await GetAsync(), Is.EqualTo("mine"));
    }

    private Task<AccessToken> ObtainAsync(string identity, CancellationToken ct)
    {
        var source = new TaskCompletionSource<AccessToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        ct.Register(() => source.TrySetCanceled(ct));
        _asked.Add(source);
        _isAsked.SetResult();
        return source.Task;
    }

    private async Task AskedAsync()
    {
        await _isAsked.Task.WaitAsync(GatewayHost.Patience);
        _isAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private async Task StartAsync(string token, TimeSpan lifetime)
    {
        var caller = GetAsync();
        await AskedAsync();
        Give(token, lifetime);
        await caller;
    }

    private void Give(string token, TimeSpan lifetime) => _asked[^1].SetResult(new AccessToken(token) { ExpiresAt = _time.GetUtcNow() + lifetime });

    private async Task<string> GetAsync() => (await _cache.GetAsync("me", default).AsTask().WaitAsync(GatewayHost.Patience)).Header;

    private static async Task RenewedAsync(CachedCredential<AccessToken> credential)
    {
        using var limit = new CancellationTokenSource(GatewayHost.Patience);
        while (credential.IsRenewing)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task UntilAsync(string token)
    {
        using var limit = new CancellationTokenSource(GatewayHost.Patience);
        while (await GetAsync() != token)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
