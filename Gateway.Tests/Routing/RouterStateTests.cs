using Gateway.Catalog;
using Gateway.Config;
using Gateway.Routing;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Routing;

/// <summary>What the router keeps of deployments over reloads, health checks and time.</summary>
public sealed class RouterStateTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Deployment _a = Given.Deployment("a");
    private readonly Deployment _b = Given.Deployment("b");

    private Router RouterWith(RouterSettings settings) => new(settings, _time, Random.Shared.NextDouble);

    [Test]
    public void AHealthCheckCountsOnlyWhereTheSettingSaysSo()
    {
        var router = RouterWith(new() { EnableHealthCheckRouting = true });
        router.SetHealth(_a, isHealthy: false);
        for (var i = 0; i < 20; i++)
            Assert.That(Verdicts(router), Is.EqualTo(new[] { RouteVerdict.Unhealthy, RouteVerdict.Chosen }));
        router.SetHealth(_b, isHealthy: false);
        Assert.That(Verdicts(router), Has.None.EqualTo(RouteVerdict.Unhealthy), "with none left the checks are not believed");
        router.SetHealth(_a, isHealthy: true);
        Assert.That(Verdicts(router), Is.EqualTo(new[] { RouteVerdict.Chosen, RouteVerdict.Unhealthy }));
        router.Use(new());
        Assert.That(Verdicts(router), Has.None.EqualTo(RouteVerdict.Unhealthy));
    }

    [Test]
    public void AReloadKeepsWhatIsKnownOfTheDeploymentsThatStay()
    {
        var router = RouterWith(new());
        Fail(router, _a);
        Fail(router, _b);
        router.Use(new() { RoutingStrategy = "least-busy" });
        router.Forget([Given.Deployment("a")]);
        Assert.That(router.CooldownOf(_a), Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(router.CooldownOf(_b), Is.EqualTo(TimeSpan.Zero), "it is gone, and would begin anew");
    }

    [Test]
    public void ADeploymentThatIsGoneIsForgottenWhenItsLastCallHasEnded()
    {
        var router = RouterWith(new());
        Fail(router, _b);
        router.Started(_b);
        router.Forget([_a]);
        Assert.That(router.InFlightAt(_b), Is.EqualTo(1));
        router.Report(_b, Given.Group(_a, _b), Given.Attempt(_b), null);
        Assert.That(router.CooldownOf(_b), Is.GreaterThan(TimeSpan.Zero));
        router.Forget([_a]);
        Assert.That(router.CooldownOf(_b), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void AnotherIsLeftOnlyWhereItCanBeCalledNow()
    {
        var router = RouterWith(new() { EnforceModelRateLimits = true, EnableTagFiltering = true });
        var full = Given.Deployment("full", parallel: 1, tags: "x");
        bool HasAnother(params Deployment[] others) =>
            router.HasAnother(Given.Group([_a, .. others]), new() { InputTokens = 10, Tags = ["x"] }, [_a]);
        Assert.That(HasAnother(Given.Deployment("other", tags: "x")), Is.True);
        Assert.That(HasAnother(), Is.False, "the tried one is none");
        Assert.That(HasAnother(Given.Deployment("small", tpm: 9, tags: "x")), Is.False);
        Assert.That(HasAnother(Given.Deployment("tagged", tags: ["x", "default"]), _b), Is.True);
        Assert.That(HasAnother(full), Is.True);
        router.Started(full);
        Assert.That(HasAnother(full), Is.False);
        Assert.That(router.InFlightAt(full), Is.EqualTo(1), "asking begins nothing");
    }

    [Test]
    public void PercentilesAreThoseOfAllDeploymentsOfAGroup()
    {
        var router = RouterWith(new());
        var group = Given.Group(_a, _b);
        for (var i = 1; i <= 50; i++)
        {
            Answer(router, _a, seconds: i, toFirstToken: i / 10.0);
            Answer(router, _b, seconds: 50 + i, toFirstToken: 5 + i / 10.0);
        }
        Assert.That(router.FirstTokenPercentile(group, 0.95)?.TotalSeconds, Is.EqualTo(9.5).Within(1e-6));
        Assert.That(router.FirstTokenPercentile(group, 0.5)?.TotalSeconds, Is.EqualTo(5).Within(1e-6));
        Assert.That(router.FirstTokenPercentile(Given.Group(_a), 1)?.TotalSeconds, Is.EqualTo(5).Within(1e-6));
        Assert.That(router.AnswerPercentile(group, 0.95), Is.Null, "streams say nothing of plain answers");
        for (var i = 1; i <= 20; i++)
            Answer(router, _b, seconds: i);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(router.AnswerPercentile(group, 0.95)?.TotalSeconds, Is.EqualTo(19).Within(1e-6));
    }

    [Test]
    public void APercentileOfFewOldOrBrokenOffCallsIsUnknown()
    {
        var router = RouterWith(new());
        var group = Given.Group(_a);
        for (var i = 0; i < 19; i++)
            Answer(router, _a, seconds: 1, toFirstToken: 1);
        for (var i = 0; i < 10; i++)
            Answer(router, _a, seconds: 600, status: 408);
        Assert.That(router.FirstTokenPercentile(group, 0.95), Is.Null);
        Answer(router, _a, seconds: 1, toFirstToken: 1);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(router.FirstTokenPercentile(group, 0.95)?.TotalSeconds, Is.EqualTo(1), "time-outs are no measure");
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.That(router.FirstTokenPercentile(group, 0.95), Is.Null);
    }

    [Test]
    public void APercentileIsWorkedOutOnceASecondAndAfterAReload()
    {
        var router = RouterWith(new());
        var (group, other) = (Given.Group(_a), Given.Group(_a, _b));
        for (var i = 0; i < 100; i++)
            Answer(router, _a, seconds: 1, toFirstToken: 1);
        Assert.That(router.FirstTokenPercentile(group, 0.5), Is.EqualTo(TimeSpan.FromSeconds(1)));
        for (var i = 0; i < 100; i++)
            Answer(router, _a, seconds: 2, toFirstToken: 2);
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.That(router.FirstTokenPercentile(group, 0.5), Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That(router.FirstTokenPercentile(other, 0.5), Is.EqualTo(TimeSpan.FromSeconds(2)), "each group has its own");
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.That(router.FirstTokenPercentile(group, 0.5), Is.EqualTo(TimeSpan.FromSeconds(2)));
        for (var i = 0; i < 100; i++)
            Answer(router, _a, seconds: 3, toFirstToken: 3);
        router.Use(new());
        Assert.That(router.FirstTokenPercentile(group, 0.5), Is.EqualTo(TimeSpan.FromSeconds(3)));
    }

    [Test]
    public void APercentileThatIsKnownCostsNoMemory()
    {
        var router = RouterWith(new());
        var group = Given.Group(_a, _b);
        for (var i = 0; i < 100; i++)
            Answer(router, _a, seconds: 1, toFirstToken: 1);
        router.FirstTokenPercentile(group, 0.95);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            router.FirstTokenPercentile(group, 0.95);
        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, Is.LessThan(8), "bytes each time");
    }

    [Test]
    public void AfterACooldownADeploymentGetsItsFullShare()
    {
        var router = RouterWith(new());
        Fail(router, _a);
        _time.Advance(TimeSpan.FromSeconds(5));
        var group = Given.Group(_a, _b);
        var shares = 0;
        for (var i = 0; i < 2000; i++)
        {
            Assert.That(router.Pick(group, default, null, out var deployment, out _), Is.Null);
            shares += deployment.Id == "a" ? 1 : 0;
            router.Report(deployment, group, Given.Attempt(deployment), null);
        }
        Assert.That(shares, Is.EqualTo(1000).Within(150));
    }

    private RouteVerdict[] Verdicts(Router router)
    {
        Assert.That(router.Explain(Given.Group(_a, _b), default, out var record), Is.Null);
        return [.. record.Candidates.Select(candidate => candidate.Verdict)];
    }

    private void Fail(Router router, Deployment deployment)
    {
        router.Started(deployment);
        Assert.That(router.Report(deployment, Given.Group(_a, _b), Given.Attempt(deployment, 429), null), Is.Not.Null);
    }

    private static void Answer(Router router, Deployment deployment, double seconds, double? toFirstToken = null, int status = 200)
    {
        router.Started(deployment);
        router.Report(deployment, Given.Group(deployment), Given.Attempt(deployment, status, seconds, toFirstToken, output: 1), null);
    }
}
