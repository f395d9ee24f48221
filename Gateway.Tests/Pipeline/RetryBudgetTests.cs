using CsCheck;
using Gateway.Config;
using Gateway.Pipeline;

namespace Gateway.Tests.Pipeline;

/// <summary>How many retries and hedges there may be.</summary>
public sealed class RetryBudgetTests
{
    private readonly SafeClock _time = new();
    private readonly RetryBudgetSettings _settings = new();

    [TestCase(0, 10)]
    [TestCase(4, 10)]
    [TestCase(5, 11)]
    [TestCase(1000, 210)]
    public void RetriesAreAFifthOfTheRequestsAndTenMore(int requests, int retries)
    {
        var budget = new RetryBudget(_time);
        for (var i = 0; i < requests; i++)
            budget.CountRequest(hedgeShare: 0);

        Assert.That(Enumerable.Range(0, 2000).Count(_ => budget.TryTakeRetry(_settings)), Is.EqualTo(retries));
    }

    [Test]
    public void WhatIsOlderThanTenSecondsDoesNotCount()
    {
        var budget = new RetryBudget(_time);
        for (var i = 0; i < 100; i++)
            budget.CountRequest(hedgeShare: 0);
        while (budget.TryTakeRetry(_settings))
            Assert.That(budget, Is.Not.Null);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.That(budget.TryTakeRetry(_settings), Is.False);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.That(Enumerable.Range(0, 100).Count(_ => budget.TryTakeRetry(_settings)), Is.EqualTo(10));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.That(Enumerable.Range(0, 100).Count(_ => budget.TryTakeRetry(_settings)), Is.EqualTo(10));
    }

    [TestCase(0.05, 100, 5)]
    [TestCase(0.05, 19, 0)]
    [TestCase(0.05, 20, 1)]
    [TestCase(0.1, 50, 5)]
    [TestCase(1, 7, 7)]
    [TestCase(0, 1000, 0)]
    [TestCase(0.05, 1000, 10, Description = "what quiet times saved up is bounded")]
    public void HedgesAreAShareOfTheRequests(double share, int requests, int hedges)
    {
        var budget = new RetryBudget(_time);
        for (var i = 0; i < requests; i++)
            budget.CountRequest(share);

        Assert.That(Enumerable.Range(0, 100).Count(_ => budget.TryTakeHedge(_settings)), Is.EqualTo(hedges));
    }

    [Test]
    public void AHedgeCountsAsARetry()
    {
        var budget = new RetryBudget(_time);
        for (var i = 0; i < 100; i++)
            budget.CountRequest(hedgeShare: 1);

        Assert.That(Enumerable.Range(0, 5).All(_ => budget.TryTakeHedge(_settings)), Is.True);
        Assert.That(Enumerable.Range(0, 100).Count(_ => budget.TryTakeRetry(_settings)), Is.EqualTo(25));
        Assert.That(budget.TryTakeHedge(_settings), Is.False);
    }

    [Test]
    public void HoweverRequestsComeTheBoundOfTheLastSecondsHolds() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3000]).Array[1, 200].Sample(steps =>
        {
            var time = new SafeClock();
            var budget = new RetryBudget(time);
            var log = new List<(long Second, bool IsRetry)>();
            var now = 0L;
            foreach (var (kind, milliseconds) in steps)
            {
                time.Advance(TimeSpan.FromMilliseconds(kind == 0 ? milliseconds : 0));
                now += kind == 0 ? milliseconds : 0;
                if (kind == 1)
                    budget.CountRequest(hedgeShare: 0);
                var isTaken = kind >= 2 && budget.TryTakeRetry(_settings);
                if (kind == 1 || isTaken)
                    log.Add((now / 1000, isTaken));
                var window = log.Where(entry => entry.Second > now / 1000 - 10).ToArray();
                var requests = window.Count(entry => !entry.IsRetry);
                if (isTaken && window.Length - requests > requests * 0.2 + 10)
                    return false;
                if (kind >= 2 && !isTaken && window.Length - requests + 1 <= requests * 0.2 + 10)
                    return false;
            }
            return true;
        });
}
