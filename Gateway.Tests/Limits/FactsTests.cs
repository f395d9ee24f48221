using Gateway.Limits;
using static Gateway.Tests.Limits.LimitFixture;

namespace Gateway.Tests.Limits;

public sealed class FactsTests
{
    private readonly LimitFixture _limits = new(TimeSpan.Zero);

    [Test]
    public void ASubjectThatWasNeverSeenHasItsWholeBudget()
    {
        var facts = _limits.Limiter.FactsOf(User(Budget(100, "1d")));
        Assert.That((facts.Spent.Value, facts.Left?.Value, facts.Limit?.Value, facts.PeriodEnd),
            Is.EqualTo((0L, 100L, 100L, new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero))));
        Assert.That(_limits.Limiter.Facts(), Is.Empty);
    }

    [Test]
    public void ASubjectOfTheLedgerHasItsLimitsBeforeTheFirstRequest()
    {
        var user = User(Budget(100, "1d"));
        _limits.Limiter.Load([SumOfToday(user, 40)]);
        var facts = _limits.Limiter.FactsOf(user);
        Assert.That((facts.Spent.Value, facts.Total.Value, facts.Left?.Value), Is.EqualTo((40L, 140L, 60L)));
    }

    [Test]
    public void ALookBeforeTheFirstRequestDoesNotMoveTheReset()
    {
        var user = User(Budget(100, "1d"));
        _limits.Limiter.Load([SumOfToday(user, 100)]);
        Assert.That(_limits.Limiter.FactsOf(user.Subject)!.Spent.Value, Is.EqualTo(100));
        _limits.Time.Advance(TimeSpan.FromDays(1));
        _limits.Spend(Fixed(60, user), 60);
        Assert.That(_limits.Spent(user), Is.EqualTo(60));
    }

    [Test]
    public void TheBudgetOfAModelIsItsOwn()
    {
        var user = User(Budget(100) with { Models = [new SubjectModelLimits("m", Budget(10))] });
        _limits.Spend(Fixed(4, user), 4);
        var facts = _limits.Limiter.FactsOf(user, user.Limits.Models[0]);
        Assert.That((facts.Model, facts.Spent.Value, facts.Left?.Value), Is.EqualTo(("m", 4L, 6L)));
    }

    [Test]
    public void WhatIsLeftIsNeverBelowZero()
    {
        var user = User(Budget(100));
        _limits.Spend(Fixed(90, user), 90);
        Assert.That(_limits.Limiter.FactsOf(user with { Limits = Budget(50) }).Left, Is.EqualTo(NanoUsd.Zero));
    }

    [Test]
    public void AnAdmissionTellsWhatTheTightestBudgetHadLeftBefore()
    {
        LimitedSubject user = User(Budget(100)), key = Key(Budget(30)), free = User(SubjectLimits.None, "bob");
        Assert.That(_limits.Decide(Fixed(20, user, key)).BudgetLeft?.Value, Is.EqualTo(30));
        Assert.That(_limits.Decide(Fixed(20, user, key)), Has.Property("BudgetLeft").EqualTo(new NanoUsd(10))
            .And.Property("Refusal").Not.Null);
        Assert.That(_limits.Decide(Fixed(20, user)).BudgetLeft?.Value, Is.EqualTo(80));
        Assert.That(_limits.Decide(Fixed(20, free)).BudgetLeft, Is.Null);
    }

    private static SpentSum SumOfToday(LimitedSubject subject, long spent) => new(
        subject.Subject, null, subject.Limits.Period, new DateTimeOffset(2026, 11, 24, 0, 0, 0, TimeSpan.Zero), new NanoUsd(spent),
        new NanoUsd(spent + 100));
}
