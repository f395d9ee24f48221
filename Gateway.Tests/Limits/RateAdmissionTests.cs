using Gateway.Limits;
using static Gateway.Tests.Limits.LimitFixture;

namespace Gateway.Tests.Limits;

public sealed class RateAdmissionTests
{
    private readonly LimitFixture _limits = new();

    [Test]
    public void RequestsPassAgainExactlyWhenTheRefusalSaysSo()
    {
        var user = User(new SubjectLimits { Rpm = 2 });
        _limits.Time.Advance(TimeSpan.FromSeconds(0.4));
        _limits.Grant(Fixed(1, user)).Dispose();
        _limits.Time.Advance(TimeSpan.FromSeconds(10));
        _limits.Grant(Fixed(1, user)).Dispose();
        for (var i = 0; i < 3; i++) // refused requests do not count
        {
            var refusal = _limits.Refuse(Fixed(1, user));
            Assert.That(refusal.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(50.6)));
            Assert.That(refusal.Message,
                Is.EqualTo("Rate limit exceeded for user: alice. Limit type: requests. Current limit: 2, Remaining: 0. "
                + "Limit resets at: 2026-11-24 10:21:01 UTC"));
            Assert.That((refusal.Status, refusal.Type, refusal.ShouldRetry), Is.EqualTo((429, "throttling_error", (bool?)null)));
        }
        _limits.Time.Advance(TimeSpan.FromSeconds(50.6) - TimeSpan.FromTicks(1));
        _limits.Refuse(Fixed(1, user));
        _limits.Time.Advance(TimeSpan.FromTicks(1));
        _limits.Grant(Fixed(1, user)).Dispose();
        _limits.Refuse(Fixed(1, user));
    }

    [Test]
    public void TokensThatWereNotUsedAreGivenBack()
    {
        var user = User(new SubjectLimits { Tpm = 1_000 });
        using var first = _limits.Grant(Request(cap: 700, input: 100, isExplicit: true, subjects: user));
        first.Settle(new NanoUsd(1), tokens: 150);
        using var second = _limits.Grant(Request(cap: 750, input: 100, isExplicit: true, subjects: user));
        Assert.That(second.Tokens, Is.EqualTo(850));
        second.Dispose();
        using var third = _limits.Grant(Request(cap: 750, input: 100, isExplicit: true, subjects: user));
    }

    [Test]
    public void ACapOfTheClientIsNotCutForTokensThatComeBackByThemselves()
    {
        var user = User(new SubjectLimits { Tpm = 1_000 });
        _limits.Grant(Request(cap: 600, isExplicit: true, subjects: user)).Settle(NanoUsd.Zero, 600);
        var refusal = _limits.Refuse(Request(cap: 500, input: 100, isExplicit: true, subjects: user));
        Assert.That(refusal.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(61)));
        Assert.That(refusal.Message, Does.Contain("Limit type: tokens. Current limit: 1000, Remaining: 400."));
        _limits.Time.Advance(TimeSpan.FromSeconds(61));
        _limits.Grant(Request(cap: 500, input: 100, isExplicit: true, subjects: user)).Dispose();
    }

    [Test]
    public void ACapThatNobodyAskedForTakesWhatIsLeft()
    {
        var user = User(new SubjectLimits { Tpm = 1_000 });
        _limits.Grant(Request(cap: 600, isExplicit: true, subjects: user)).Settle(NanoUsd.Zero, 600);
        using var reservation = _limits.Grant(Request(cap: 16_384, input: 100, subjects: user));
        Assert.That((reservation.OutputCap, reservation.Tokens), Is.EqualTo((300L, 400L)));
    }

    [Test]
    public void ACapAboveTheLimitIsLoweredAndNeverRefusedForGood()
    {
        using var reservation = _limits.Grant(Request(cap: 16_384, input: 100, isExplicit: true,
            subjects: User(new SubjectLimits { Tpm = 1_000 })));
        Assert.That(reservation.OutputCap, Is.EqualTo(900));
    }

    [Test]
    public void AnInputAboveTheLimitIsToldThatItNeverPasses()
    {
        var refusal = _limits.Refuse(Request(cap: 100, input: 1_000, subjects: User(new SubjectLimits { Tpm = 1_000 })));
        Assert.That((refusal.RetryAfter, refusal.ShouldRetry), Is.EqualTo(((TimeSpan?)null, false)));
        Assert.That(refusal.Message, Does.EndWith("The request needs 1016 and can never pass; make it smaller or raise the limit."));
    }

    [Test]
    public async Task TokensInFlightAreWaitedForLikeMoney()
    {
        var user = User(new SubjectLimits { Tpm = 1_000 });
        var first = _limits.Grant(Request(cap: 5_000, subjects: user));
        Assert.That(first.OutputCap, Is.EqualTo(1_000));
        var second = _limits.Ask(Request(cap: 5_000, subjects: user));
        Assert.That(second.IsCompleted, Is.False);
        first.Settle(NanoUsd.Zero, tokens: 300);
        Assert.That((await second).Reservation!.OutputCap, Is.EqualTo(700));
    }

    [Test]
    public void SoManyRequestsAtATimeUntilTheyAreDisposedOf()
    {
        var gateway = new LimitedSubject(Subject.Everybody, new SubjectLimits { MaxParallelRequests = 2 });
        var first = _limits.Grant(Fixed(1, gateway));
        using var second = _limits.Grant(Fixed(1, gateway));
        first.Settle(new NanoUsd(1));
        var refusal = _limits.Refuse(Fixed(1, gateway));
        Assert.That(refusal.Message,
            Does.StartWith("Rate limit exceeded for gateway: all callers. Limit type: max_parallel_requests. Current limit: 2, Remaining: 0."));
        Assert.That(refusal.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(1)));
        first.Dispose();
        first.Dispose();
        using var third = _limits.Grant(Fixed(1, gateway));
        _limits.Refuse(Fixed(1, gateway));
    }

    [Test]
    public void LimitsOfZeroLetNothingPass()
    {
        foreach (var limits in new SubjectLimits[] { new() { Rpm = 0 }, new() { Tpm = 0 }, new() { MaxParallelRequests = 0 } })
            Assert.That(_limits.Refuse(Fixed(0, User(limits))).ShouldRetry, Is.False);
    }

    [Test]
    public void ALimitForAModelIsNamedWithIt()
    {
        var key = Key(new SubjectLimits { Models = [new("m", new SubjectLimits { Rpm = 1 })] }, new string('a', 64));
        _limits.Grant(Fixed(1, key)).Dispose();
        _limits.Grant(Fixed(1, key) with { Model = "other" }).Dispose();
        Assert.That(_limits.Refuse(Fixed(1, key)).Message,
            Does.StartWith("Rate limit exceeded for model_per_key: aaaaaaaa:m. Limit type: requests."));
    }

    [Test]
    public void ABudgetThatIsSpentIsNamedBeforeARate()
    {
        var key = Key(new SubjectLimits { Rpm = 0 });
        Assert.That(_limits.Refuse(Fixed(1, key, User(Budget(0)))).Type, Is.EqualTo("budget_exceeded"));
    }

    [Test]
    public void TheTightestLimitsAreTheFacts()
    {
        var (key, user) = (Key(new SubjectLimits { Rpm = 10, Tpm = 500 }), User(new SubjectLimits { Rpm = 3, Tpm = 5_000 }));
        _limits.Time.Advance(TimeSpan.FromSeconds(0.25));
        var rates = _limits.Decide(Request(cap: 100, input: 20, isExplicit: true, subjects: [key, user])).Rates;
        Assert.That(rates.Requests, Is.EqualTo(new RateFact(3, 2, TimeSpan.FromSeconds(60.75))));
        Assert.That(rates.Tokens, Is.EqualTo(new RateFact(500, 380, TimeSpan.FromSeconds(60.75))));
        Assert.That(_limits.Decide(Fixed(1, User(SubjectLimits.None, "bob"))).Rates, Is.EqualTo(default(RateFacts)));
    }

    [Test]
    public void TheLastMinuteBeforeAStartCounts()
    {
        var user = User(new SubjectLimits { Rpm = 5, Tpm = 1_000 });
        _limits.Limiter.Load([
            new RateSample(user.Subject, null, Start.AddSeconds(-90), 4, 900),
            new RateSample(user.Subject, null, Start.AddSeconds(-50), 4, 900)]);
        var rates = _limits.Decide(Request(cap: 10, isExplicit: true, subjects: user)).Rates;
        Assert.That((rates.Requests!.Value.Remaining, rates.Tokens!.Value.Remaining), Is.EqualTo((0L, 90L)));
        Assert.That(_limits.Refuse(Fixed(1, user)).RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(11)));
    }

    [Test]
    public void AFallbackCountsForItsModelToo()
    {
        var user = User(new SubjectLimits { Models = [new("b", new SubjectLimits { Rpm = 1, MaxParallelRequests = 1 })] });
        var first = _limits.Grant(Fixed(1, user) with { Model = "a" });
        var second = _limits.Grant(Fixed(1, user) with { Model = "a" });
        Assert.That(first.BeginAttempt(new AttemptStart(_limits.Now, "b")), Is.Null);
        Assert.That(second.BeginAttempt(new AttemptStart(_limits.Now, "b"))!.Message,
            Does.Contain("model_per_user: alice:b. Limit type: requests"));
    }
}
