using CsCheck;
using Gateway.Limits;
using static Gateway.Tests.Limits.LimitFixture;

namespace Gateway.Tests.Limits;

/// <summary>What the limiter promises, over random histories.</summary>
public sealed class LimiterPropertyTests
{
    [Test] // One thread, a clock that jumps over resets, a second book that is kept by hand.
    public void SpentAndReservedStayWithinEveryLimitAndSpentIsWhatWasSettled() =>
        Gen.Select(Gen.Int, Gen.Int[10, 120]).Sample((seed, steps) =>
        {
            var history = new RandomHistory(new Random(seed));
            for (var i = 0; i < steps; i++)
            {
                history.Step();
                history.AssertInvariant();
            }
            history.SettleAll();
            history.AssertInvariant();
            history.AssertNothingIsReserved();
        }, iter: 500);

    [Test]
    public void WhoeverFitsAfterAllHaveSettledIsNotRefused() =>
        Gen.Select(Gen.Int, Gen.Int[1, 60], Gen.Int[50, 2_000]).Sample((seed, requests, limit) =>
        {
            var random = new Random(seed);
            var limits = new LimitFixture();
            LimitedSubject[] users = [User(Budget(limit), "a"), User(Budget(limit), "b")];
            var gateway = new LimitedSubject(Subject.Everybody, Budget(limit * 3L / 2));
            var asked = new List<(Task<Admission> Answer, long Cost, LimitedSubject User, bool Settled)>();
            while (asked.Count < requests || asked.Any(ask => !ask.Settled && ask.Answer.IsCompleted
                && ask.Answer.Result.Reservation is not null))
            {
                if (asked.Count < requests && random.Next(2) == 0)
                {
                    var (cost, user) = (random.Next(1, limit), users[random.Next(2)]);
                    asked.Add((limits.Ask(Fixed(cost, gateway, user)), cost, user, false));
                    continue;
                }
                var at = asked.FindIndex(ask => !ask.Settled && ask.Answer.IsCompleted && ask.Answer.Result.Reservation is not null);
                if (at < 0)
                    continue;
                asked[at].Answer.Result.Reservation!.Settle(new NanoUsd(random.Next(0, (int)asked[at].Cost + 1)));
                asked[at] = asked[at] with { Settled = true };
            }
            Assert.That(asked.All(ask => ask.Answer.IsCompleted), "nobody waits when nothing is in flight");
            foreach (var ask in asked.Where(ask => ask.Answer.Result.Refusal is not null))
            {
                Assert.That(limits.Spent(ask.User) + ask.Cost > limit || limits.Spent(gateway) + ask.Cost > limit * 3L / 2,
                    $"refused {ask.Cost} with {limits.Spent(ask.User)} of {limit} spent");
            }
        }, iter: 1_000);

    [Test]
    public void NoSixtySecondsHoldMoreRequestsOrTokensAndNoInstantMoreParallelOnesThanTheLimits() =>
        Gen.Select(Gen.Int, Gen.Int[1, 15], Gen.Int[20, 500], Gen.Int[1, 5]).Sample((seed, rpm, tpm, parallel) =>
        {
            var random = new Random(seed);
            var limits = new LimitFixture(TimeSpan.Zero);
            var user = User(new SubjectLimits { Rpm = rpm, Tpm = tpm, MaxParallelRequests = parallel });
            var passed = new List<(DateTimeOffset Time, long Tokens)>();
            var open = new List<(Reservation Reservation, int At)>();
            for (var i = 0; i < 200; i++)
            {
                limits.Time.Advance(TimeSpan.FromMilliseconds(random.Next(3) == 0 ? random.Next(15_000) : random.Next(300)));
                if (open.Count > 0 && random.Next(2) == 0)
                    Settle(random.Next(open.Count));
                var request = Request(random.Next(200), random.Next(50), random.Next(2) == 0, random.Next(2) == 0, subjects: user);
                if (limits.Decide(request).Reservation is not { } reservation)
                    continue;
                open.Add((reservation, passed.Count));
                passed.Add((limits.Now, reservation.Tokens));
                Assert.That(open, Has.Count.LessThanOrEqualTo(parallel));
                Assert.That(passed.Count(p => p.Time > limits.Now.AddSeconds(-60)), Is.LessThanOrEqualTo(rpm));
                Assert.That(passed.Where(p => p.Time > limits.Now.AddSeconds(-60)).Sum(p => p.Tokens), Is.LessThanOrEqualTo(tpm));
            }

            void Settle(int which)
            {
                var (reservation, at) = open[which];
                var used = random.NextInt64(reservation.Tokens + 1);
                reservation.Settle(NanoUsd.Zero, used);
                reservation.Dispose();
                passed[at] = passed[at] with { Tokens = used };
                open.RemoveAt(which);
            }
        }, iter: 200);

    [Test] // Every refusal for a rate says when to come back; then there is room, and not a tick before.
    public void ARefusalForARateSaysExactlyWhenThereIsRoom() =>
        Gen.Select(Gen.Int, Gen.Int[1, 8], Gen.Int[20, 300]).Sample((seed, rpm, tpm) =>
        {
            var random = new Random(seed);
            var limits = new LimitFixture(TimeSpan.Zero);
            var user = User(new SubjectLimits { Rpm = rpm, Tpm = tpm });
            for (var i = 0; i < 60; i++)
            {
                limits.Time.Advance(TimeSpan.FromMilliseconds(random.Next(4_000)));
                var request = Request(random.Next(1, tpm), isExplicit: true, canLower: false, subjects: user);
                var (refusal, reservation, _, _) = limits.Decide(request);
                reservation?.Settle(NanoUsd.Zero, reservation.Tokens);
                if (refusal?.RetryAfter is not { } wait)
                    continue;
                limits.Time.Advance(wait - TimeSpan.FromTicks(1));
                var early = limits.Refuse(request).RetryAfter;
                Assert.That(early, Is.GreaterThan(TimeSpan.Zero));
                limits.Time.Advance(TimeSpan.FromTicks(1));
                // The tokens may be there before the requests are, or the other way round: then it says so.
                if (limits.Decide(request) is { Reservation: { } now })
                    now.Settle(NanoUsd.Zero, now.Tokens);
                else
                    Assert.That(early, Is.EqualTo(TimeSpan.FromTicks(1)), "refused for another reason than before");
            }
        }, iter: 150);

    [Test] // Many threads on a few subjects, while one reads.
    public void ManyThreadsNeverLiftSpentAndReservedAboveALimit()
    {
        var limits = new LimitFixture(TimeSpan.FromSeconds(2));
        var gateway = new LimitedSubject(Subject.Everybody, Budget(200_000));
        LimitedSubject[] users = [.. Enumerable.Range(0, 4).Select(i => User(Budget(60_000), $"u{i}"))];
        var (settled, granted, isOver) = (0L, 0, false);
        var reader = Task.Run(() =>
        {
            var worst = long.MinValue;
            while (!Volatile.Read(ref isOver))
            {
                foreach (var facts in limits.Limiter.Facts())
                    worst = Math.Max(worst, facts.Spent.Value + facts.Reserved.Value - facts.Limit!.Value.Value);
            }
            return worst;
        });
        Parallel.For(0, 8, worker =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 2_000; i++)
            {
                using var patience = new CancellationTokenSource();
                LimitedSubject[] subjects = [gateway, users[random.Next(4)]];
                var request = Request(random.Next(1, 400), random.Next(100), random.Next(2) == 0, subjects: [.. subjects]);
                var answer = limits.Ask(request, patience.Token);
                if (!answer.IsCompleted)
                    patience.Cancel(); // who waits gives up, so that no thread stands still
                if (answer.IsCanceled || answer.Result.Reservation is not { } reservation)
                    continue;
                Interlocked.Increment(ref granted);
                var cost = random.NextInt64(reservation.Bound.Value + 1);
                using (reservation)
                {
                    if (random.Next(5) == 0)
                        continue;
                    reservation.Settle(new NanoUsd(cost));
                    Interlocked.Add(ref settled, cost);
                }
            }
        });
        Volatile.Write(ref isOver, true);
        Assert.That(reader.Result, Is.LessThanOrEqualTo(0));
        Assert.That(limits.Spent(gateway), Is.EqualTo(settled));
        Assert.That(users.Sum(user => limits.Spent(user)), Is.EqualTo(settled));
        Assert.That(limits.Reserved(gateway) + users.Sum(user => limits.Reserved(user)), Is.Zero);
        Assert.That(granted, Is.GreaterThan(500));
    }
}
