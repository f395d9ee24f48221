using System.Collections.Concurrent;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Routing;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Routing;

/// <summary>Limits of deployments, which no number of requests at once passes, and what is told when they are reached.</summary>
public sealed class LimitTests
{
    private readonly FakeTimeProvider _time = new();

    private Router RouterWith(RouterSettings settings) => new(settings, _time, Random.Shared.NextDouble);

    [TestCase("simple-shuffle")]
    [TestCase("least-busy")]
    [TestCase("latency-based")]
    public void NoRacePassesAParallelLimit(string strategy)
    {
        var router = RouterWith(new() { RoutingStrategy = strategy, DefaultMaxParallelRequests = 3 });
        var group = Given.Group(Given.Deployment("own", parallel: 5), Given.Deployment("usual"));
        int most = 0, refused = 0, answered = 0;
        Parallel.For(0, 8, new() { MaxDegreeOfParallelism = 8 }, thread =>
        {
            for (var i = 0; i < 4_000; i++)
            {
                if (router.Pick(group, default, null, out var deployment, out var record) is { } refusal)
                {
                    Assert.That(refusal.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(1)));
                    Assert.That(record.Candidates, Has.All.Property("Verdict").EqualTo(RouteVerdict.AtParallelLimit));
                    Interlocked.Increment(ref refused);
                    continue;
                }
                var inFlight = router.InFlightAt(deployment);
                if (inFlight > (deployment.Id == "own" ? 5 : 3))
                    Interlocked.Increment(ref most);
                Interlocked.Increment(ref answered);
                router.Released(deployment);
            }
        });
        Assert.That(most, Is.Zero, "calls beyond a limit");
        Assert.That(answered + refused, Is.EqualTo(32_000));
        Assert.That(group.Deployments.Sum(router.InFlightAt), Is.Zero);
    }

    [Test]
    public void NoRacePassesRpmOrTpm()
    {
        var router = RouterWith(new() { EnforceModelRateLimits = true });
        var group = Given.Group(Given.Deployment("rpm", rpm: 100), Given.Deployment("tpm", tpm: 1000));
        var picked = new ConcurrentBag<string>();
        Parallel.For(0, 2_000, new() { MaxDegreeOfParallelism = 8 }, thread =>
        {
            if (router.Pick(group, new() { InputTokens = 10 }, null, out var deployment, out _) is null)
                picked.Add(deployment.Id);
        });
        Assert.That(picked.Count(id => id == "rpm"), Is.EqualTo(100), "not one less");
        Assert.That(picked.Count(id => id == "tpm"), Is.EqualTo(100), "1000 tokens of calls in flight");
    }

    [Test]
    public void OneWithoutASampleIsTriedByOneOfManyRequestsAtOnce()
    {
        for (var round = 0; round < 200; round++)
        {
            var router = RouterWith(new() { RoutingStrategy = "latency-based" });
            var (known, unknown) = (Given.Deployment("known"), Given.Deployment("unknown"));
            var group = Given.Group(known, unknown);
            router.Started(known);
            router.Report(known, group, Given.Attempt(known, output: 10), null);
            var picked = new ConcurrentBag<string>();
            Parallel.For(0, 8, thread =>
            {
                Assert.That(router.Pick(group, default, null, out var deployment, out _), Is.Null);
                picked.Add(deployment.Id);
            });
            Assert.That(picked.Count(id => id == "unknown"), Is.EqualTo(1));
        }
    }

    [Test]
    public void TokensOfCallsInFlightCountUntilTheAnswerSaysHowManyThereWere()
    {
        var router = RouterWith(new() { EnablePreCallChecks = true });
        var deployment = Given.Deployment("a", tpm: 100);
        var group = Given.Group(deployment);
        RouteRequest Of(long tokens) => new() { InputTokens = tokens };
        Assert.That(router.Pick(group, Of(60), null, out _, out _), Is.Null);
        Assert.That(router.Explain(group, Of(41), out _), Is.Not.Null);
        Assert.That(router.Explain(group, Of(40), out _), Is.Null);

        router.Report(deployment, group, Given.Attempt(deployment, output: 30), null, inputTokens: 60);
        Assert.That(router.Explain(group, Of(70), out _), Is.Null);
        Assert.That(router.Explain(group, Of(71), out _), Is.Not.Null);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(router.Explain(group, Of(100), out _), Is.Null);
    }

    [Test]
    public void EachCallGivesBackItsOwnTokensAndNoOthers()
    {
        var router = RouterWith(new() { EnforceModelRateLimits = true });
        var deployment = Given.Deployment("a", tpm: 1000);
        var group = Given.Group(deployment);
        RouteRequest Of(long tokens) => new() { InputTokens = tokens };
        Assert.That(router.Pick(group, Of(10), null, out _, out _), Is.Null);
        Assert.That(router.Pick(group, Of(980), null, out _, out _), Is.Null);
        router.Released(deployment, inputTokens: 10);
        Assert.That(router.Explain(group, Of(21), out _), Is.Not.Null, "980 of 1000 are in flight");
        Assert.That(router.Explain(group, Of(20), out _), Is.Null);
        router.Released(deployment, inputTokens: 980, usedTokens: 900);
        Assert.That(router.Explain(group, Of(101), out _), Is.Not.Null, "900 were used though nothing else is known of the call");
        Assert.That(router.Explain(group, Of(100), out _), Is.Null);
    }

    [Test]
    public void NoRaceOfLargeAndSmallCallsPassesTpm()
    {
        const int Limit = 1000;
        var router = RouterWith(new() { EnforceModelRateLimits = true });
        var deployment = Given.Deployment("a", tpm: Limit);
        var group = Given.Group(deployment);
        long inFlight = 0, passed = 0;
        Parallel.For(0, 8, new() { MaxDegreeOfParallelism = 8 }, thread =>
        {
            var random = new Random(thread);
            var mine = new Queue<long>();
            for (var i = 0; i < 5_000; i++)
            {
                var tokens = random.Next(2) == 0 ? random.Next(5) : random.Next(200, 600);
                if (router.Pick(group, new() { InputTokens = tokens }, null, out _, out _) is null)
                {
                    mine.Enqueue(tokens);
                    if (Interlocked.Add(ref inFlight, tokens) > Limit)
                        Interlocked.Increment(ref passed);
                }
                if (mine.Count > random.Next(4))
                    End(mine.Dequeue(), random.Next(3));
            }
            while (mine.TryDequeue(out var left))
                End(left, 0);
        });
        Assert.That(passed, Is.Zero, "times that more was in flight than the limit");
        Assert.That(router.InFlightAt(deployment), Is.Zero);
        Assert.That(router.Explain(group, new() { InputTokens = Limit }, out _), Is.Null, "all was given back");

        void End(long tokens, int how)
        {
            Interlocked.Add(ref inFlight, -tokens);
            if (how == 0)
                router.Released(deployment, tokens);
            else if (how == 1)
                router.NotStarted(deployment, tokens, _time.GetTimestamp());
            else
                router.Report(deployment, group, Given.Attempt(deployment), null, tokens);
        }
    }

    [Test]
    public void ACallThatWasNotStartedIsTakenBackFromItsMinuteOnly()
    {
        var router = RouterWith(new() { EnforceModelRateLimits = true });
        var deployment = Given.Deployment("a", rpm: 1, tpm: 100);
        var group = Given.Group(deployment);
        var request = new RouteRequest { InputTokens = 100 };
        _time.Advance(TimeSpan.FromSeconds(59));
        var before = _time.GetTimestamp();
        Assert.That(router.Pick(group, request, null, out _, out _), Is.Null);
        router.NotStarted(deployment, 100, before);
        Assert.That(router.Pick(group, request, null, out _, out _), Is.Null);
        Assert.That(router.Explain(group, default, out _), Is.Not.Null);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(router.Pick(group, default, null, out _, out _)?.Message, Does.Contain("TPM limit=100"), "the call before is in flight");
        router.NotStarted(deployment, 100, before);
        Assert.That(router.Pick(group, request, null, out _, out _), Is.Null);
        router.NotStarted(deployment, 0, before);
        Assert.That(router.InFlightAt(deployment), Is.Zero);
        Assert.That(router.Explain(group, default, out _), Is.Not.Null, "the new minute has had its one call");
    }

    [Test]
    public void EveryRequestOfAMinuteMayBeUsed()
    {
        var router = RouterWith(new() { RoutingStrategy = "usage-based-routing-v2" });
        var group = Given.Group(Given.Deployment("a", rpm: 3));
        for (var minute = 0; minute < 3; minute++)
        {
            for (var i = 0; i < 3; i++)
                Assert.That(router.Pick(group, default, null, out _, out _), Is.Null);
            var refusal = router.Pick(group, default, null, out _, out var record)!;
            Assert.That(refusal.Message, Does.EndWith("Model rate limit exceeded. RPM limit=3, current usage=3"));
            Assert.That(record.Candidates[0].Verdict, Is.EqualTo(RouteVerdict.OverLimit));
            _time.Advance(refusal.RetryAfter!.Value);
        }
    }

    [Test]
    public void TheRefusalNamesTheLimitAndTheRealSetting()
    {
        var router = RouterWith(new() { EnablePreCallChecks = true });
        var group = Given.Group(Given.Deployment("a", tpm: 10), Given.Deployment("b", parallel: 1));
        router.Started(group.Deployments[1]);
        Assert.That(router.Pick(group, new() { InputTokens = 11 }, null, out _, out _)?.Message, Is.EqualTo(
            "No deployments available for selected model, Try again in 1 seconds. Passed model=gpt-4o. "
            + "pre-call-checks=True, cooldown_list=[]. Model rate limit exceeded. TPM limit=10, current usage=0"));
        Assert.That(router.Pick(Given.Group(group.Deployments[1]), default, null, out _, out _)?.Message,
            Does.EndWith(". Every deployment has as many calls in flight as its max_parallel_requests allows."));
    }

    [Test]
    public void ARequestTooLongForAllIsTheClientsToShorten()
    {
        var router = RouterWith(new() { EnablePreCallChecks = true });
        var small = Given.Deployment("small", info: new() { MaxInputTokens = 1000 });
        var large = Given.Deployment("large", info: new() { MaxInputTokens = 2000 });
        var group = Given.Group(small, large);
        Assert.That(router.Explain(group, new() { InputTokens = 1500 }, out _), Is.Null);
        var refusal = router.Pick(group, new() { InputTokens = 2001 }, null, out _, out _)!;
        Assert.That((refusal.Status, refusal.ExceptionClass), Is.EqualTo((400, "ContextWindowExceededError")));
        Assert.That(refusal.Message, Does.StartWith("litellm.ContextWindowExceededError: ").And.Contain("about 2001 input tokens")
            .And.EndWith("no deployment of model=gpt-4o takes more than 2000."));

        router.Report(large, group, Given.Attempt(large, 429), null);
        Assert.That(router.Explain(group, new() { InputTokens = 2001 }, out _)?.Status, Is.EqualTo(400), "waiting would not help");
        Assert.That(router.Explain(group, new() { InputTokens = 1500 }, out _)?.Status, Is.EqualTo(429), "waiting helps");
    }

    [Test]
    public void TagsThatNoDeploymentHasAreNotAllowed()
    {
        var router = RouterWith(new() { EnableTagFiltering = true });
        var group = Given.Group(Given.Deployment("free", tags: ["free"]), Given.Deployment("paid", tags: ["paid", "eu"]));
        var refusal = router.Pick(group, new() { Tags = ["other", "us"] }, null, out _, out _)!;
        Assert.That((refusal.Status, refusal.RetryAfter), Is.EqualTo((401, default(TimeSpan?))));
        Assert.That(refusal.Message, Does.StartWith(
            "Not allowed to access model due to tags configuration. Passed model=gpt-4o and tags=['other', 'us']."));
        Assert.That(PickedBy(router, group, "eu"), Is.EqualTo("paid"));
        Assert.That(router.Pick(group, default, null, out _, out _), Is.Null, "no deployment is tagged default");

        router.Report(group.Deployments[1], group, Given.Attempt(group.Deployments[1], 429), null);
        Assert.That(router.Pick(group, new() { Tags = ["eu"] }, null, out _, out _)?.Status, Is.EqualTo(429), "allowed, and cooling down");
    }

    [Test]
    public void ADefaultDeploymentServesWhatNoOtherTagFits()
    {
        var router = RouterWith(new() { EnableTagFiltering = true });
        var group = Given.Group(
            Given.Deployment("usual", tags: "default"), Given.Deployment("paid", tags: ["paid", "eu"]), Given.Deployment("none"));
        Assert.That(PickedBy(router, group, "paid"), Is.EqualTo("paid"));
        Assert.That(PickedBy(router, group, "other"), Is.EqualTo("usual"));
        for (var i = 0; i < 20; i++)
            Assert.That(PickedBy(router, group), Is.EqualTo("usual"));
        router.Use(new() { EnableTagFiltering = true, TagFilteringMatchAny = false });
        Assert.That(PickedBy(router, group, "paid", "us"), Is.EqualTo("usual"));
        Assert.That(PickedBy(router, group, "eu", "paid"), Is.EqualTo("paid"));
    }

    [Test]
    public void OneNamedByItsIdIsHeldToItsLimits()
    {
        var router = RouterWith(new());
        var deployment = Given.Deployment("a", parallel: 1);
        var byId = new ModelGroup { Name = "gpt-4o", Deployments = [deployment], IsById = true };
        Assert.That(router.Pick(byId, default, null, out _, out _), Is.Null);
        Assert.That(router.Pick(byId, default, null, out _, out _)?.Status, Is.EqualTo(429));
    }

    private static string PickedBy(Router router, ModelGroup group, params string[] tags)
    {
        Assert.That(router.Pick(group, new() { Tags = tags }, null, out var deployment, out _), Is.Null);
        router.Released(deployment);
        return deployment.Id;
    }
}
