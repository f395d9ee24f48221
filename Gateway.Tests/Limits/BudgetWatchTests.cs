using Gateway.Limits;
using static Gateway.Tests.Limits.LimitFixture;

namespace Gateway.Tests.Limits;

public sealed class BudgetWatchTests
{
    private readonly LimitFixture _limits = new(TimeSpan.Zero);

    [Test]
    public void EachThresholdIsAnnouncedOncePerPeriod()
    {
        var user = User(Budget(100, "1h") with { SoftBudget = new NanoUsd(50) });
        for (var hour = 0; hour < 2; hour++)
        {
            Assert.That(Announced(user, 49), Is.Empty);
            Assert.That(Announced(user, 1), Is.EqualTo(new[] { BudgetAlerts.Soft }));
            Assert.That(Announced(user, 30), Is.EqualTo(new[] { BudgetAlerts.Percent80 }));
            Assert.That(Announced(user, 1), Is.Empty);
            Assert.That(Announced(user, 19), Is.EqualTo(new[] { BudgetAlerts.Percent95, BudgetAlerts.Exhausted }));
            _limits.Time.Advance(TimeSpan.FromHours(1));
        }
    }

    [Test]
    public void ARefusalNearTheEndIsTheEnd()
    {
        var user = User(Budget(100));
        Announced(user, 96);
        _limits.Refuse(Fixed(5, user));
        Assert.That(_limits.Limiter.Alerts.TryRead(out var alert));
        Assert.That((alert!.Crossed, alert.Facts.Spent.Value, alert.Facts.Name), Is.EqualTo((BudgetAlerts.Exhausted, 96L, "alice")));
        _limits.Refuse(Fixed(5, user));
        Assert.That(_limits.Limiter.Alerts.TryRead(out _), Is.False);
    }

    [Test]
    public void WhatARestartFindsCrossedWasAnnouncedBefore()
    {
        var user = User(Budget(100));
        _limits.Limiter.Load([new SpentSum(user.Subject, null, null, BudgetSpan.Always.Start, new NanoUsd(85), new NanoUsd(85))]);
        Assert.That(Announced(user, 5), Is.Empty);
        Assert.That(Announced(user, 5), Is.EqualTo(new[] { BudgetAlerts.Percent95 }));
    }

    [Test]
    public void TheBurnRateSaysHowLongTheBudgetLasts()
    {
        var user = User(Budget(10_000, "1mo"));
        for (var hour = 0; hour < 6; hour++)
        {
            _limits.Spend(Fixed(100, user), 100);
            _limits.Time.Advance(TimeSpan.FromHours(1));
        }
        _limits.Spend(Fixed(1_000, user), 1_000);
        _limits.Time.Advance(TimeSpan.FromMinutes(60));
        var facts = _limits.Limiter.FactsOf(user.Subject)!;
        Assert.Multiple(() =>
        {
            Assert.That(facts.Spent.Value, Is.EqualTo(1_600));
            Assert.That(facts.BurnPerHour.Value, Is.EqualTo(1_000));
            Assert.That(facts.BurnPerHourOfSix.Value, Is.EqualTo(1_500 / 6));
            Assert.That(facts.ExhaustedIn, Is.EqualTo(TimeSpan.FromHours(8.4)).Within(TimeSpan.FromSeconds(1)));
            Assert.That(facts.ExhaustedInOfSix, Is.EqualTo(TimeSpan.FromHours(33.6)).Within(TimeSpan.FromSeconds(1)));
            Assert.That(facts.PeriodEnd, Is.EqualTo(new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero)));
        });
        _limits.Time.Advance(TimeSpan.FromHours(7));
        Assert.That(_limits.Limiter.FactsOf(user.Subject)!.ExhaustedInOfSix, Is.Null);
    }

    [Test]
    public void FactsAreOfAllWhoHaveABudget()
    {
        var key = Key(SubjectLimits.None with { Models = [new("m", Budget(50, "1d"))] });
        using var open = _limits.Grant(Fixed(20, key, User(Budget(100))));
        Assert.That(_limits.Limiter.Facts().Select(facts => (facts.Subject.Kind, facts.Model, facts.Reserved.Value,
            facts.Limit!.Value.Value)),
            Is.EquivalentTo(new[] { (SubjectKind.User, null, 20L, 100L), (SubjectKind.Key, "m", 20L, 50L) }));
    }

    private BudgetAlerts[] Announced(LimitedSubject subject, long cost)
    {
        _limits.Spend(Fixed(cost, subject), cost);
        var alerts = new List<BudgetAlerts>();
        while (_limits.Limiter.Alerts.TryRead(out var alert))
            alerts.Add(alert.Crossed);
        return [.. alerts];
    }
}
