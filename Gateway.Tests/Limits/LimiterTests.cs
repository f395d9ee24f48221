using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Tests.Ledger;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Limits;

public sealed class LimiterTests
{
    private static readonly Dictionary<Subject, NanoUsd> Nothing = [];

    [Test]
    public void ACallerIsLetInUntilTheBudgetIsUsedUp()
    {
        var limiter = new Limiter(Nothing);
        var beta = Beta("a");
        Assert.That(limiter.Admit(beta, out var first), Is.Null);
        first!.Settle(NanoUsd.FromUsd(199.99m));
        Assert.That(limiter.Admit(beta, out var second), Is.Null);
        second!.Settle(NanoUsd.FromUsd(0.02m));

        var refusal = limiter.Admit(beta, out var third);
        Assert.That(third, Is.Null);
        Assert.That(refusal, Is.Not.Null);
        Assert.Multiple(() =>
        {
            Assert.That(refusal!.Status, Is.EqualTo(429));
            Assert.That(refusal.Type, Is.EqualTo("budget_exceeded"));
            Assert.That(refusal.ShouldRetry, Is.False);
            Assert.That(refusal.Message, Does.StartWith("ExceededBudget: User=team-beta over budget. Spend=200.01, Budget=200.00. "));
        });
    }

    [Test]
    public void ABudgetThatIsJustReachedIsUsedUp()
    {
        var limiter = new Limiter(new Dictionary<Subject, NanoUsd> { [new(SubjectKind.User, "team-beta")] = NanoUsd.FromUsd(200m) });
        Assert.That(limiter.Admit(Beta("a"), out _), Is.Not.Null);
    }

    [Test]
    public void ABudgetOfZeroLetsNobodyIn() =>
        Assert.That(new Limiter(Nothing).Admit(Beta("a", budget: 0m), out _), Is.Not.Null);

    [Test]
    public void ACallerWithoutABudgetIsAlwaysLetIn()
    {
        var limiter = new Limiter(new Dictionary<Subject, NanoUsd> { [new(SubjectKind.User, "team-beta")] = new(long.MaxValue) });
        Assert.That(limiter.Admit(Beta("a", budget: null), out _), Is.Null);
    }

    [Test]
    public void AllKeysOfAUserShareTheBudgetAndAreCountedApart()
    {
        var limiter = new Limiter(Nothing);
        limiter.Admit(Beta("a"), out var one);
        limiter.Admit(Beta("b"), out var other);
        one!.Settle(NanoUsd.FromUsd(150m));
        other!.Settle(NanoUsd.FromUsd(60m));
        Assert.Multiple(() =>
        {
            Assert.That(limiter.SpentByUser(Beta("a").UserId), Is.EqualTo(NanoUsd.FromUsd(210m)));
            Assert.That(limiter.SpentByKey(Beta("a")), Is.EqualTo(NanoUsd.FromUsd(150m)));
            Assert.That(limiter.SpentByKey(Beta("b")), Is.EqualTo(NanoUsd.FromUsd(60m)));
            Assert.That(limiter.Admit(Beta("b"), out _), Is.Not.Null);
        });
    }

    [Test]
    public void AReservationIsSettledExactlyOnceWhoeverComesFirst()
    {
        var limiter = new Limiter(Nothing);
        limiter.Admit(Beta("a"), out var reservation);
        var booked = 0;
        Parallel.For(0, 1000, _ => Interlocked.Add(ref booked, reservation!.Settle(new NanoUsd(5)) ? 1 : 0));
        reservation!.Dispose();
        Assert.That(booked, Is.EqualTo(1));
        Assert.That(limiter.SpentByUser(Beta("a").UserId), Is.EqualTo(new NanoUsd(5)));
    }

    [Test]
    public void AReservationThatIsNotSettledCostsNothing()
    {
        var limiter = new Limiter(Nothing);
        limiter.Admit(Beta("a"), out var reservation);
        reservation!.Dispose();
        Assert.That(reservation.Settle(new NanoUsd(5)), Is.False);
        Assert.That(limiter.SpentByUser(Beta("a").UserId), Is.EqualTo(NanoUsd.Zero));
    }

    [Test]
    public void ASumThatLeaves64BitsKeepsTheBudgetClosed()
    {
        var limiter = new Limiter(Nothing);
        for (var i = 0; i < 2; i++)
        {
            limiter.Admit(Beta("a", budget: null), out var reservation);
            reservation!.Settle(new NanoUsd(long.MaxValue));
        }

        Assert.That(limiter.Admit(Beta("a"), out _), Is.Not.Null);
    }

    [Test]
    public async Task WhatWasSpentBeforeARestartStillCounts()
    {
        using var folder = new TempFolder();
        await using (var ledger = Open(folder))
        {
            ledger.Append(Sample.Exchange(Beta("a"), NanoUsd.FromUsd(120m)));
            ledger.Append(Sample.Exchange(Beta("b"), NanoUsd.FromUsd(80m)));
        }

        await using var restarted = Open(folder);
        var limiter = new Limiter(restarted.LoadBalances());
        Assert.That(limiter.SpentByKey(Beta("a")), Is.EqualTo(NanoUsd.FromUsd(120m)));
        Assert.That(limiter.Admit(Beta("a"), out _)?.Message, Does.Contain("Spend=200.00, Budget=200.00"));
    }

    private static SpendLedger Open(TempFolder folder) =>
        new(folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance);

    private static Caller Beta(string key, decimal? budget = 200m) =>
        new() { UserId = "team-beta", KeyId = key, MaxBudget = budget is { } usd ? NanoUsd.FromUsd(usd) : null };
}
