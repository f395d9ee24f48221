using Gateway.Catalog;
using Gateway.Config;
using Gateway.Routing;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Routing;

public sealed class RouterTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Random _random = new(3);
    private readonly Deployment _a = Given.Deployment("a");
    private readonly Deployment _b = Given.Deployment("b");

    [Test]
    public void AnUnknownStrategyIsRefusedWithTheValidNames() => Assert.That(
        () => RouterWith(new() { RoutingStrategy = "fastest" }),
        Throws.ArgumentException.With.Message.Contains("'fastest'").And.Message.Contains("least-busy"));

    [Test]
    public void TheTriedOneIsAvoidedWhileAnotherIsLeft()
    {
        var router = RouterWith(new());
        for (var i = 0; i < 50; i++)
            Assert.That(Picked(router, Given.Group(_a, _b), _a), Is.EqualTo("b"));
        Assert.That(Picked(router, Given.Group(_a, _b), _a, _b), Is.AnyOf("a", "b"));
        Assert.That(Picked(router, Given.Group(_a), _a), Is.EqualTo("a"));
    }

    [Test]
    public void TheOneThatCoolsDownIsAvoidedUntilItsTimeIsOver()
    {
        var router = RouterWith(new());
        var group = Given.Group(_a, _b);
        Assert.That(Call(router, _a, group, 429), Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(router.HealthOf(_a), Is.EqualTo(DeploymentHealth.Outage));
        for (var i = 0; i < 50; i++)
            Assert.That(Picked(router, group, _b), Is.EqualTo("b"), "the tried one is better than the one that cools down");

        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.That(Picked(router, group, _b), Is.EqualTo("a"));
        Assert.That(router.HealthOf(_a), Is.EqualTo(DeploymentHealth.Partial));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(router.HealthOf(_a), Is.EqualTo(DeploymentHealth.Healthy));
    }

    [Test]
    public void WithNoneLeftTheRefusalNamesTheShortestWait()
    {
        var router = RouterWith(new());
        var group = Given.Group(_a, _b);
        Call(router, _a, group, 429, retryAfter: TimeSpan.FromSeconds(40));
        Call(router, _b, group, 429, retryAfter: TimeSpan.FromSeconds(20));
        _time.Advance(TimeSpan.FromMilliseconds(1500));

        var error = router.Pick(group, default, null, out _, out _)!;
        Assert.That(error.Status, Is.EqualTo(429));
        Assert.That(error.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(18.5)));
        Assert.That(error.Message, Is.EqualTo(
            "No deployments available for selected model, Try again in 19 seconds. "
            + "Passed model=gpt-4o. pre-call-checks=False, cooldown_list=['a', 'b']"));
    }

    [Test]
    public void ALoneDeploymentThatCoolsDownIsRefusedUnlessItIsNamedByItsId()
    {
        var router = RouterWith(new());
        Call(router, _a, Given.Group(_a), 503, retryAfter: TimeSpan.FromSeconds(9));
        Assert.That(router.Pick(Given.Group(_a), default, null, out _, out _)?.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(9)));
        Assert.That(Picked(router, new() { Name = "gpt-4o", Deployments = [_a], IsById = true }), Is.EqualTo("a"));
    }

    [Test]
    public void OfTwoThatFailOneStaysInUse()
    {
        var router = RouterWith(new());
        var group = Given.Group(_a, _b);
        for (var i = 0; i < 20; i++)
        {
            Call(router, _a, group, 500);
            Call(router, _b, group, 0);
        }
        Assert.That(router.CooldownOf(group), Is.EqualTo(TimeSpan.Zero));
        Assert.That(router.CooldownOf(_a), Is.GreaterThan(TimeSpan.Zero), "the first to reach the share cools down");
    }

    [Test]
    public void FiveFailuresInARowCoolADeploymentThatWasWellForMostOfTheMinute()
    {
        var router = RouterWith(new());
        var group = Given.Group(_a, _b);
        for (var i = 0; i < 100; i++)
            Call(router, _a, group, 200);
        for (var i = 0; i < 4; i++)
            Assert.That(Call(router, _a, group, 0), Is.Null);
        Call(router, _a, group, 200);
        for (var i = 0; i < 4; i++)
            Assert.That(Call(router, _a, group, 500), Is.Null);
        Assert.That(Call(router, _a, group, 0), Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void FailuresOfTheClientsMakingChangeNothing()
    {
        var router = RouterWith(new());
        var group = Given.Group(_a, _b);
        for (var i = 0; i < 20; i++)
            Call(router, _a, group, 400, failure: "BadRequestError");
        Assert.That(router.HealthOf(_a), Is.EqualTo(DeploymentHealth.Healthy));
        Assert.That(router.InFlightAt(_a), Is.Zero);
    }

    [Test]
    public void ACallThatIsReleasedLeavesNothingBehind()
    {
        var router = RouterWith(new());
        router.Started(_a);
        router.Released(_a);
        Assert.That(router.InFlightAt(_a), Is.Zero);
        Assert.That(router.HealthOf(_a), Is.EqualTo(DeploymentHealth.Healthy));
    }

    [TestCase(60, false)]
    [TestCase(54, true)]
    public void AllowedFailsAreThoseOfTheLastMinute(int seconds, bool cools)
    {
        var router = RouterWith(new() { AllowedFails = 1 });
        var group = Given.Group(_a, _b);
        _time.Advance(TimeSpan.FromSeconds(50));
        Assert.That(Call(router, _a, group, 500), Is.Null);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.That(Call(router, _a, group, 500), cools ? Is.EqualTo(TimeSpan.FromSeconds(5)) : Is.Null);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.That(Call(router, _a, group, 500), Is.EqualTo(TimeSpan.FromSeconds(5)), "two failures close together");
    }

    [Test]
    public void ThreeAllowedFailsAreThree()
    {
        var router = RouterWith(new() { AllowedFails = 3 });
        var group = Given.Group(_a, _b);
        for (var i = 0; i < 3; i++)
            Assert.That(Call(router, _a, group, 500), Is.Null);
        Assert.That(Call(router, _a, group, 500), Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void EachKindOfFailureHasItsOwnCount()
    {
        var router = RouterWith(new() { AllowedFailsPolicy = new() { TimeoutError = 1, RateLimitError = 1 } });
        var group = Given.Group(_a, _b);
        Assert.That(Call(router, _a, group, 408, failure: "Timeout"), Is.Null);
        Assert.That(Call(router, _a, group, 429, failure: "RateLimitError"), Is.Null);
        Assert.That(Call(router, _a, group, 429, failure: "RateLimitError"), Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    [TestCase("ContextWindowExceededError")]
    [TestCase("ContentPolicyViolationError")]
    [TestCase("BadRequestError")]
    [TestCase("PermissionDeniedError", 403)]
    [TestCase("UnprocessableEntityError", 422)]
    public void WhatTheClientDidWrongNeverCountsAgainstADeployment(string failure, int status = 400)
    {
        var router = RouterWith(new() { AllowedFails = 0 });
        var group = Given.Group(_a, _b);
        Assert.That(Call(router, _a, group, status, TimeSpan.FromSeconds(9), failure: failure), Is.Null);
        Assert.That(router.HealthOf(_a), Is.EqualTo(DeploymentHealth.Healthy));
    }

    [Test]
    public void ADeploymentsOwnInformationSaysWhenAndHowLongItCools()
    {
        var router = RouterWith(new() { AllowedFails = 100 });
        var touchy = Given.Deployment("touchy", info: new() { AllowedFails = 0 });
        var group = Given.Group(touchy, _b);
        Assert.That(Call(router, touchy, group, 500), Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(Call(router, _b, Given.Group(_b, _a), 500), Is.Null);
    }

    [TestCase(10, 10)]
    [TestCase(7200, 300)]
    public void ARetryAfterCoolsEvenTheLastDeployment(int asked, int seconds)
    {
        var router = RouterWith(new() { AllowedFails = 100 });
        Assert.That(Call(router, _a, Given.Group(_a), 500, TimeSpan.FromSeconds(asked)), Is.EqualTo(TimeSpan.FromSeconds(seconds)));
        _time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.That(Picked(router, Given.Group(_a)), Is.EqualTo("a"));
    }

    [Test]
    public void AnUnhealthyOneDoesNotCountAsTheOneThatIsLeft()
    {
        var router = RouterWith(new() { EnableHealthCheckRouting = true, AllowedFails = 0 });
        var group = Given.Group(_a, _b);
        router.SetHealth(_b, isHealthy: false);
        Assert.That(Call(router, _a, group, 500), Is.Null);
        router.SetHealth(_b, isHealthy: true);
        Assert.That(Call(router, _a, group, 500), Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void CallsInFlightLeadTheLeastBusyElsewhere()
    {
        var router = RouterWith(new() { RoutingStrategy = "least-busy" });
        var group = Given.Group(_a, _b);
        router.Started(_a);
        Assert.That(Picked(router, group), Is.EqualTo("b"));
        router.Started(_b);
        router.Started(_b);
        Assert.That(Picked(router, group), Is.EqualTo("a"));
        router.Report(_b, group, Given.Attempt(_b), null);
        router.Report(_b, group, Given.Attempt(_b, status: 499), null);
        Assert.That(Picked(router, group), Is.EqualTo("b"));
    }

    [Test]
    public void AFullMinuteIsRefusedUntilTheNextOne()
    {
        var router = RouterWith(new() { RoutingStrategy = "usage-based" });
        var group = Given.Group(Given.Deployment("a", rpm: 2), Given.Deployment("b", tpm: 100));
        router.Started(group.Deployments[0]);
        router.Started(group.Deployments[0]);
        router.Report(group.Deployments[1], group, Given.Attempt(_b, output: 100), null);
        _time.Advance(TimeSpan.FromSeconds(48));
        Assert.That(router.Pick(group, default, null, out _, out _)?.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(12)));

        _time.Advance(TimeSpan.FromSeconds(12));
        Assert.That(router.Pick(group, default, null, out _, out _), Is.Null);
    }

    [Test]
    public void TheFasterOneIsLearntAndForgottenAfterItsTime()
    {
        var router = RouterWith(new() { RoutingStrategy = "latency-based", LatencyTtl = TimeSpan.FromMinutes(10) });
        var group = Given.Group(_a, _b);
        Call(router, _a, group, 200, seconds: 2, output: 10);
        Assert.That(Picked(router, group), Is.EqualTo("b"), "it has no sample yet");
        Call(router, _b, group, 200, seconds: 3, output: 100);
        Assert.That(Picked(router, group), Is.EqualTo("b"));

        _time.Advance(TimeSpan.FromMinutes(9));
        Call(router, _b, group, 200, seconds: 3, output: 100);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(Picked(router, group), Is.EqualTo("a"), "its sample is too old to count");
    }

    [Test]
    public void OnlyTheLastTenSamplesCount()
    {
        var router = RouterWith(new() { RoutingStrategy = "latency-based" });
        var group = Given.Group(_a, _b);
        Call(router, _a, group, 200, seconds: 500, output: 1);
        Call(router, _b, group, 200, seconds: 2, output: 1);
        for (var i = 0; i < 10; i++)
            Call(router, _a, group, 200, seconds: 1, output: 1);
        Assert.That(Picked(router, group), Is.EqualTo("a"));
    }

    [Test]
    public void TimeOutsMakeADeploymentSlow()
    {
        var router = RouterWith(new() { RoutingStrategy = "latency-based" });
        var group = Given.Group(_a, _b);
        Call(router, _a, group, 408, seconds: 60);
        Call(router, _b, group, 200, seconds: 30, output: 1);
        Assert.That(Picked(router, group), Is.EqualTo("b"));
    }

    [Test]
    public void AsManySamplesCountAsTheSettingSays()
    {
        var router = RouterWith(new() { RoutingStrategy = "latency-based", MaxLatencyListSize = 300 });
        var group = Given.Group(_a, _b);
        Call(router, _a, group, 200, seconds: 1000, output: 1);
        Call(router, _b, group, 200, seconds: 3, output: 1);
        for (var i = 0; i < 200; i++)
            Call(router, _a, group, 200, seconds: 1, output: 1);
        Assert.That(Picked(router, group), Is.EqualTo("b"), "the slow one still counts: 1200 s in 201 samples");
        for (var i = 0; i < 100; i++)
            Call(router, _a, group, 200, seconds: 1, output: 1);
        Assert.That(Picked(router, group), Is.EqualTo("a"));
    }

    [Test]
    public void ThePriceOfTheGroupsDeploymentDecidesByCost()
    {
        var router = RouterWith(new() { RoutingStrategy = "cost-based" }, (_, index) => index == 1 ? new NanoUsd(5) : new NanoUsd(6));
        Assert.That(Picked(router, Given.Group(_a, _b)), Is.EqualTo("b"));
    }

    [Test]
    public void NewSettingsKeepWhatIsKnownOfTheDeployments()
    {
        var router = RouterWith(new());
        Call(router, _a, Given.Group(_a, _b), 429);
        router.Use(new() { RoutingStrategy = "least-busy" });
        Assert.That(router.CooldownOf(Given.Deployment("a", weight: 9)), Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(Picked(router, Given.Group(_a, _b)), Is.EqualTo("b"));
    }

    [Test]
    public void ManyThreadsLeaveNothingInFlight()
    {
        var router = RouterWith(new());
        var group = Given.Group(_a, _b);
        Parallel.For(0, 20_000, i =>
        {
            var deployment = i % 2 == 0 ? _a : _b;
            router.Started(deployment);
            router.Report(deployment, group, Given.Attempt(deployment, status: i % 3 == 0 ? 500 : 200), null);
        });
        Assert.That(router.InFlightAt(_a) + router.InFlightAt(_b), Is.Zero);
        Assert.That(router.CooldownOf(group), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void APickAllocatesOnlyItsRecord()
    {
        var router = RouterWith(new() { RoutingStrategy = "latency-based" });
        var group = Given.Group(_a, _b);
        for (var i = 0; i < 100; i++)
            Picked(router, group);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            router.Pick(group, default, null, out _, out _);
        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, Is.LessThan(200), "bytes for a pick");
    }

    private Router RouterWith(RouterSettings settings, Func<ModelGroup, int, NanoUsd?>? priceOf = null) =>
        new(settings, _time, _random.NextDouble, priceOf);

    private static string Picked(Router router, ModelGroup group, params List<Deployment> tried)
    {
        Assert.That(router.Pick(group, default, tried, out var deployment, out _), Is.Null);
        router.Released(deployment);
        return deployment.Id;
    }

    private static TimeSpan? Call(
        Router router, Deployment deployment, ModelGroup group, int status, TimeSpan? retryAfter = null, double seconds = 1,
        long output = 0, string failure = "APIError")
    {
        router.Started(deployment);
        return router.Report(deployment, group, Given.Attempt(deployment, status, seconds, output: output, failure: failure), retryAfter);
    }
}
