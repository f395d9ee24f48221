using Gateway.Limits;
using static Gateway.Tests.Limits.LimitFixture;

namespace Gateway.Tests.Limits;

/// <summary>Near the edge of a budget a request waits for those in flight, since most cost less than their bound.</summary>
public sealed class BudgetWaitTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);
    private readonly LimitFixture _limits = new(Wait);

    [Test]
    public async Task WhatFitsOnceOthersHaveSettledIsNotRefused()
    {
        var user = User(Budget(100));
        var first = _limits.Grant(Fixed(90, user));
        var second = _limits.Ask(Fixed(80, user));
        Assert.That((second.IsCompleted, _limits.Limiter.WaitingRequests), Is.EqualTo((false, 1)));
        first.Settle(new NanoUsd(20));
        Assert.That(second.IsCompleted, "no clock has moved");
        Assert.That((await second).Reservation!.Bound.Value, Is.EqualTo(80));
        Assert.That(_limits.Limiter.WaitingRequests, Is.Zero);
    }

    [Test]
    public void WhatCannotFitEvenThenIsRefusedAtOnce()
    {
        var user = User(Budget(100));
        _limits.Spend(Fixed(30, user), 30);
        using var running = _limits.Grant(Fixed(60, user));
        Assert.That(_limits.Refuse(Fixed(71, user)).ShouldRetry, Is.False);
    }

    [Test]
    public async Task TheWaitEndsWhenSettlingHasLeftTooLittle()
    {
        var user = User(Budget(100));
        var first = _limits.Grant(Fixed(90, user));
        var second = _limits.Ask(Fixed(80, user));
        first.Settle(new NanoUsd(21));
        Assert.That(second.IsCompleted);
        Assert.That((await second).Refusal!.Message,
            Does.StartWith("ExceededBudget: User=alice over budget. Spend=0.000000021, Budget=0.0000001. "
            + "The request costs up to 0.00000008, and 0.00 is set aside for requests in flight."));
    }

    [Test]
    public async Task TheWaitEndsAfterItsTime()
    {
        var user = User(Budget(100));
        using var first = _limits.Grant(Fixed(90, user));
        var second = _limits.Ask(Fixed(80, user));
        _limits.Time.Advance(Wait - TimeSpan.FromTicks(1));
        Assert.That(second.IsCompleted, Is.False);
        _limits.Time.Advance(TimeSpan.FromTicks(1));
        Assert.That(second.IsCompleted);
        Assert.That((await second).Refusal!.Type, Is.EqualTo("budget_exceeded"));
        Assert.That(_limits.Reserved(user), Is.EqualTo(90));
    }

    [Test]
    public async Task ACapOfTheClientIsWaitedForAndThenLowered()
    {
        var user = User(Budget(10_000));
        using var first = _limits.Grant(Fixed(7_000, user));
        var second = _limits.Ask(Request(cap: 4_000, isExplicit: true, subjects: user));
        Assert.That(second.IsCompleted, Is.False, "3,000 would be ample, but the client asked for 4,000");
        _limits.Time.Advance(Wait);
        Assert.That((await second).Reservation!.OutputCap, Is.EqualTo(3_000));
    }

    [Test]
    public void ACapThatNobodyAskedForIsNotWaitedForWhereWhatIsLeftIsAmple()
    {
        var user = User(Budget(10_000));
        using var first = _limits.Grant(Fixed(9_000, user));
        using var second = _limits.Grant(Request(cap: 4_000, subjects: user));
        Assert.That(second.OutputCap, Is.EqualTo(1_000));
    }

    [Test]
    public async Task ACapThatNobodyAskedForIsWaitedForWhereLittleIsLeft()
    {
        var user = User(Budget(10_000));
        var first = _limits.Grant(Fixed(9_001, user));
        var second = _limits.Ask(Request(cap: 4_000, subjects: user));
        Assert.That(second.IsCompleted, Is.False);
        first.Settle(new NanoUsd(7_000));
        Assert.That((await second).Reservation!.OutputCap, Is.EqualTo(3_000));
    }

    [Test]
    public async Task WhoCameFirstIsServedFirst()
    {
        var user = User(Budget(100));
        var first = _limits.Grant(Fixed(95, user));
        var big = _limits.Ask(Fixed(90, user));
        var small = _limits.Ask(Fixed(5, user));
        Assert.That((big.IsCompleted, small.IsCompleted), Is.EqualTo((false, false)), "the small one would fit, but stands behind");
        first.Settle(new NanoUsd(1));
        Assert.That((big.IsCompleted, small.IsCompleted), Is.EqualTo((true, true)));
        Assert.That(((await big).Reservation!.Bound.Value, (await small).Reservation!.Bound.Value), Is.EqualTo((90L, 5L)));
    }

    [Test]
    public void WhoSharesNothingThatIsShortPassesBy()
    {
        var gateway = new LimitedSubject(Subject.Everybody, Budget(1_000_000));
        var (one, other) = (Key(Budget(100), "k1"), Key(Budget(100), "k2"));
        using var running = _limits.Grant(Fixed(90, gateway, one));
        var waits = _limits.Ask(Fixed(80, gateway, one));
        var behind = _limits.Ask(Fixed(5, gateway, one));
        using var passes = _limits.Grant(Fixed(80, gateway, other));
        Assert.That((waits.IsCompleted, behind.IsCompleted), Is.EqualTo((false, false)));
    }

    [Test]
    public async Task WhoGivesUpLetsTheNextOnePass()
    {
        var user = User(Budget(100));
        using var running = _limits.Grant(Fixed(90, user));
        using var patience = new CancellationTokenSource();
        var big = _limits.Ask(Fixed(80, user), patience.Token);
        var small = _limits.Ask(Fixed(5, user));
        await patience.CancelAsync();
        Assert.That(big.IsCanceled);
        Assert.That(small.IsCompleted);
        Assert.That((await small).Reservation!.Bound.Value, Is.EqualTo(5));
        Assert.That((_limits.Reserved(user), _limits.Limiter.WaitingRequests), Is.EqualTo((95L, 0L)));
    }

    [Test]
    public async Task ABudgetThatBeginsAnewDuringTheWaitIsWaitedFor()
    {
        _limits.Time.Advance(TimeSpan.FromSeconds(29));
        var user = User(Budget(100, "30s"));
        _limits.Spend(Fixed(100, user), 100);
        var next = _limits.Ask(Fixed(100, user));
        Assert.That(next.IsCompleted, Is.False);
        _limits.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(next.IsCompleted, "exactly at the reset");
        Assert.That((await next).Reservation!.Bound.Value, Is.EqualTo(100));
    }

    [Test]
    public void NothingIsTakenForOneWhoHasGivenUpBefore()
    {
        var user = User(Budget(100));
        var answer = _limits.Ask(Fixed(100, user), new CancellationToken(canceled: true));
        Assert.That(answer.IsCanceled);
        _limits.Grant(Fixed(100, user)).Dispose();
    }

    [Test]
    public async Task SoManyWaitAndTheNextIsAnsweredAtOnce()
    {
        var user = User(Budget(100));
        var running = _limits.Grant(Fixed(90, user));
        var waiting = Enumerable.Range(0, AdmissionQueue.MostWaiting).Select(_ => _limits.Ask(Fixed(20, user))).ToArray();
        Assert.That(waiting.Any(task => task.IsCompleted), Is.False);
        _limits.Refuse(Fixed(20, user));
        running.Dispose();
        Assert.That(waiting.Count(task => task.IsCompleted), Is.EqualTo(5), "100 pay for five, the others wait for those");
        _limits.Time.Advance(Wait);
        var answers = await Task.WhenAll(waiting);
        Assert.That(answers.Count(answer => answer.Reservation is not null), Is.EqualTo(5));
    }

    [Test]
    public void WithoutAWaitNobodyWaits()
    {
        var limits = new LimitFixture(TimeSpan.Zero);
        var user = User(Budget(100));
        using var running = limits.Grant(Fixed(90, user));
        limits.Refuse(Fixed(80, user));
        using var lowered = new LimitFixture(TimeSpan.Zero).Grant(Request(cap: 500, isExplicit: true, subjects: User(Budget(100))));
        Assert.That(lowered.OutputCap, Is.EqualTo(100));
    }
}
