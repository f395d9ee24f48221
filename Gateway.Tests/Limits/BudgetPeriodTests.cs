using Gateway.Limits;
using static Gateway.Tests.Limits.LimitFixture;

namespace Gateway.Tests.Limits;

/// <summary>A reset neither loses nor doubles what is in flight: a cost belongs to the period in which its attempt began.</summary>
public sealed class BudgetPeriodTests
{
    private readonly LimitFixture _limits = new();
    private readonly LimitedSubject _user = User(Budget(100, "1h"));

    [Test]
    public void ABudgetBeginsAnewExactlyAtTheBoundary()
    {
        _limits.Spend(Fixed(100, _user), 100);
        _limits.Time.Advance(TimeSpan.FromMinutes(40) - TimeSpan.FromTicks(1));
        _limits.Limiter.Settings = _limits.Limiter.Settings with { BudgetWait = TimeSpan.Zero };
        var refusal = _limits.Refuse(Fixed(1, _user));
        Assert.That(refusal.Message, Is.EqualTo("ExceededBudget: User=alice over budget. Spend=0.0000001, Budget=0.0000001. "
            + "The budget is per 1h and resets at 2026-11-24 11:00Z."));
        Assert.That((refusal.RetryAfter, refusal.ShouldRetry), Is.EqualTo((TimeSpan.FromTicks(1), false)));
        _limits.Time.Advance(TimeSpan.FromTicks(1));
        _limits.Grant(Fixed(100, _user)).Dispose();
    }

    [Test]
    public void WhatBeganBeforeAResetIsBookedBeforeIt()
    {
        using var before = _limits.Grant(Fixed(80, _user));
        _limits.Time.Advance(TimeSpan.FromHours(1));
        using var after = _limits.Grant(Fixed(100, _user));
        before.Settle(new NanoUsd(80));
        Assert.That((_limits.Spent(_user), _limits.Reserved(_user)), Is.EqualTo((0L, 100L)));
        after.Settle(new NanoUsd(70));
        Assert.That((_limits.Spent(_user), _limits.Reserved(_user)), Is.EqualTo((70L, 0L)));
    }

    [Test]
    public void ARetryAfterAResetMovesItsMoneyIntoTheNewPeriod()
    {
        using var reservation = _limits.Grant(Fixed(80, _user));
        _limits.Time.Advance(TimeSpan.FromHours(1));
        Assert.That(reservation.BeginAttempt(new AttemptStart(_limits.Now, "m")), Is.Null);
        Assert.That(_limits.Reserved(_user), Is.EqualTo(80));
        reservation.Settle(new NanoUsd(50));
        Assert.That((_limits.Spent(_user), _limits.Reserved(_user)), Is.EqualTo((50L, 0L)));
    }

    [Test]
    public void ARetryAfterAResetThatFindsNoRoomIsNotMade()
    {
        using var reservation = _limits.Grant(Fixed(80, _user));
        _limits.Time.Advance(TimeSpan.FromHours(1));
        using var other = _limits.Grant(Fixed(30, _user));
        Assert.That(reservation.BeginAttempt(new AttemptStart(_limits.Now, "m"))!.Type, Is.EqualTo("budget_exceeded"));
        Assert.That(_limits.Reserved(_user), Is.EqualTo(30));
        reservation.Settle(new NanoUsd(9));
        Assert.That((_limits.Spent(_user), _limits.Reserved(_user)), Is.EqualTo((0L, 30L)));
    }

    [Test]
    public void PeriodsOfDifferentSubjectsEndApart()
    {
        var key = Key(Budget(1_000, "1d"));
        using var reservation = _limits.Grant(Fixed(80, key, _user));
        _limits.Time.Advance(TimeSpan.FromHours(1));
        Assert.That(reservation.BeginAttempt(new AttemptStart(_limits.Now, "m")), Is.Null);
        reservation.Settle(new NanoUsd(60));
        Assert.That((_limits.Spent(key), _limits.Spent(_user), _limits.Reserved(key)), Is.EqualTo((60L, 60L, 0L)));
        _limits.Time.Advance(TimeSpan.FromHours(1));
        Assert.That((_limits.Spent(key), _limits.Spent(_user)), Is.EqualTo((60L, 0L)));
    }

    [Test]
    public void AStartKnowsWhatWasSpentInThePeriod()
    {
        var period = Period("1h");
        _limits.Limiter.Load([new SpentSum(_user.Subject, null, period, BudgetCalendar.Utc.SpanAt(period, Start).Start, new NanoUsd(90),
            new NanoUsd(5_000))]);
        _limits.Refuse(Fixed(11, _user) with { CanLower = false });
        _limits.Spend(Fixed(10, _user), 10);
        Assert.That(_limits.Spent(_user), Is.EqualTo(100));
    }

    [Test]
    public void ASumOfAPeriodThatIsOverIsNotOfThisOne()
    {
        var period = Period("1h");
        _limits.Limiter.Load([new SpentSum(_user.Subject, null, period, Start.AddHours(-1), new NanoUsd(90), new NanoUsd(90))]);
        _limits.Grant(Fixed(100, _user)).Dispose();
    }

    [Test]
    public void AnotherPeriodInTheConfigKeepsWhatWasSpentUntilTheLedgerSaysMore()
    {
        _limits.Limiter.Load([new SpentSum(_user.Subject, null, Period("1h"), new(2026, 11, 24, 10, 0, 0, TimeSpan.Zero), NanoUsd.Zero,
            new NanoUsd(500))]);
        _limits.Spend(Fixed(60, _user), 60);
        var daily = User(Budget(100, "1d"));
        _limits.Refuse(Fixed(41, daily));
        // The ledger is read with 70 of the day, 10 of them from the hours before, and 560 in all; 15 are settled meanwhile.
        _limits.Spend(Fixed(15, daily), 15);
        var day = Period("1d");
        _limits.Limiter.Load([new SpentSum(_user.Subject, null, day, BudgetCalendar.Utc.SpanAt(day, Start).Start, new NanoUsd(70),
            new NanoUsd(560))]);
        Assert.That(_limits.Spent(daily), Is.EqualTo(85));
    }

    [Test]
    public void AClockThatIsSetBackOpensNoBudget()
    {
        var clock = new AdjustableClock(Start);
        var limiter = new Limiter(clock, new LimiterSettings());
        limiter.AdmitAsync(Fixed(100, _user), default).Result.Reservation!.Settle(new NanoUsd(100));
        clock.Now = Start.AddHours(-3);
        Assert.That(limiter.AdmitAsync(Fixed(1, _user), default).Result.Refusal, Is.Not.Null);
    }

    private sealed class AdjustableClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
