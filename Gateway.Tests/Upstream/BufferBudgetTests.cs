using Gateway.Upstream;

namespace Gateway.Tests.Upstream;

public sealed class BufferBudgetTests
{
    [Test]
    public void WhatFitsIsTakenAndWhatDoesNotTakesNothing()
    {
        var budget = new BufferBudget(100);

        Assert.That(budget.TryTake(60), Is.True);
        Assert.That(budget.TryTake(41), Is.False);
        Assert.That(budget.Used, Is.EqualTo(60));
        Assert.That(budget.TryTake(40), Is.True);
        Assert.That(budget.TryTake(1), Is.False);
        budget.GiveBack(100);
        Assert.That(budget.Used, Is.Zero);
    }

    [Test]
    public void AnAbsurdAmountIsRefusedAndNotCountedAround()
    {
        var budget = new BufferBudget(100);
        budget.TryTake(50);

        Assert.That(budget.TryTake(long.MaxValue), Is.False);
        Assert.That(budget.Used, Is.EqualTo(50));
    }

    [Test]
    public void ManyAtOnceNeverTakeMoreThanThereIsNorLoseAny()
    {
        var budget = new BufferBudget(1_000);
        var most = 0L;
        Parallel.For(0, 20_000, i =>
        {
            if (!budget.TryTake(i % 400))
                return;
            InterlockedMax(ref most, budget.Used);
            budget.GiveBack(i % 400);
        });

        Assert.That(budget.Used, Is.Zero);
        Assert.That(most, Is.InRange(1, 1_000));
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Interlocked.Read(ref target); seen < value; seen = Interlocked.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }
}
