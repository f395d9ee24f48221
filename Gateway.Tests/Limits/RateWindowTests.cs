using CsCheck;
using Gateway.Limits;

namespace Gateway.Tests.Limits;

public sealed class RateWindowTests
{
    [Test] // Times in milliseconds. Whoever comes is counted when there is room.
    public void NoSixtySecondsEverHoldMoreThanTheLimit() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 9_000].Array[0, 300]).Sample((limit, gaps) =>
        {
            var window = new RateWindow();
            var passed = new Queue<long>();
            long now = 1_000_000_000_000;
            foreach (var gap in gaps)
            {
                now += gap;
                var second = window.MoveTo(now / 1_000);
                while (passed.TryPeek(out var oldest) && oldest <= now - 60_000)
                    passed.Dequeue();
                if (window.Sum + 1 > limit)
                    continue;
                window.Add(second, 1);
                passed.Enqueue(now);
                if (passed.Count > limit)
                    return false;
            }
            return true;
        }, iter: 2_000);

    [Test]
    public void NobodyIsRefusedForWhatBeganMoreThanSixtyOneSecondsAgo() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 9_000].Array[0, 300]).Sample((limit, gaps) =>
        {
            var window = new RateWindow();
            var passed = new List<long>();
            long now = 1_000_000_000_000;
            foreach (var gap in gaps)
            {
                now += gap;
                var second = window.MoveTo(now / 1_000);
                if (window.Sum + 1 > limit)
                {
                    if (passed.Count(time => time > now - 61_000) < limit)
                        return false;
                    continue;
                }
                window.Add(second, 1);
                passed.Add(now);
            }
            return true;
        }, iter: 2_000);

    [Test]
    public void TheSecondWithRoomIsTheFirstInWhichThereIsRoom() =>
        Gen.Select(Gen.Int[0, 70].Array[1, 60], Gen.Int[1, 5].Array[60], Gen.Int[1, 10]).Sample((gaps, counts, room) =>
        {
            var window = new RateWindow();
            long second = 5_000;
            for (var i = 0; i < gaps.Length; i++)
                window.Add(window.MoveTo(second += gaps[i] % 7), counts[i % counts.Length]);
            var sum = window.Sum;
            if (window.SecondWithout(room) is not { } free)
                return sum < room;
            window.MoveTo(free - 1);
            var isEarly = sum - window.Sum < room;
            window.MoveTo(free);
            return isEarly && sum - window.Sum >= room;
        }, iter: 2_000);

    [Test]
    public void WhatIsGivenBackIsGivenBackWhereItWasCounted()
    {
        var window = new RateWindow();
        window.Add(window.MoveTo(100), 50);
        window.Add(window.MoveTo(130), 20);
        window.Add(100, -40);
        Assert.That(window.Sum, Is.EqualTo(30));
        window.MoveTo(161);
        Assert.That(window.Sum, Is.EqualTo(20));
        window.Add(100, -10);
        Assert.That(window.Sum, Is.EqualTo(20), "what is over counts no more, in either direction");
        Assert.That(window.EmptySecond, Is.EqualTo(191));
    }

    [Test]
    public void AClockThatIsSetBackForgetsNothing()
    {
        var window = new RateWindow();
        window.Add(window.MoveTo(1_000), 3);
        window.Add(window.MoveTo(900), 2);
        Assert.That(window.Sum, Is.EqualTo(5));
        window.MoveTo(1_060);
        Assert.That(window.Sum, Is.EqualTo(5));
        window.MoveTo(1_061);
        Assert.That(window.Sum, Is.Zero);
    }
}
