using Gateway.Config;
using Gateway.Routing;

namespace Gateway.Tests.Routing;

public sealed class CooldownTests
{
    private const int Alone = 1;
    private const int Pair = 2;

    // status, group size, is the last healthy one, succeeded, failed → seconds
    [TestCase(429, Pair, false, 9, 1, 5, TestName = "A429CoolsAtOnceWhereThereIsAnother")]
    [TestCase(429, Pair, true, 9, 1, 5, TestName = "A429CoolsEvenTheLastHealthyOfAGroup")]
    [TestCase(429, Alone, true, 0, 1, 0, TestName = "A429LeavesALoneDeploymentInUse")]
    [TestCase(429, Alone, true, 0, 1000, 5, TestName = "AThousand429AndNothingElseCoolALoneDeployment")]
    [TestCase(401, Alone, true, 9, 1, 5, TestName = "AWrongKeyCoolsEvenALoneDeployment")]
    [TestCase(404, Pair, false, 9, 1, 5, TestName = "AMissingModelCools")]
    [TestCase(400, Pair, false, 0, 9, 0, TestName = "A400NeverCools")]
    [TestCase(500, Pair, false, 9, 1, 0, TestName = "ASingle500DoesNotCool")]
    [TestCase(500, Pair, false, 0, 4, 0, TestName = "FourFailuresAreTooFewForAShare")]
    [TestCase(500, Pair, false, 2, 3, 5, TestName = "ThreeOfFiveCool")]
    [TestCase(500, Pair, false, 3, 3, 0, TestName = "HalfDoesNotCool")]
    [TestCase(503, Pair, true, 0, 50, 0, TestName = "A503NeverCoolsTheLastHealthy")]
    [TestCase(408, Pair, false, 0, 5, 5, TestName = "TimeOutsCountAsFailures")]
    [TestCase(0, Pair, false, 0, 5, 5, TestName = "ConnectionsThatFailCountAsFailures")]
    [TestCase(0, Pair, true, 0, 5, 0, TestName = "ConnectionsThatFailNeverCoolTheLastHealthy")]
    [TestCase(500, Alone, true, 0, 5000, 0, TestName = "NoNumberOf500CoolsALoneDeployment")]
    public void ByDefault(int status, int size, bool isLast, long succeeded, long failed, int seconds) =>
        Assert.That(Seconds(new(), Failure(status, size, isLast, succeeded, failed)), Is.EqualTo(seconds));

    [TestCase(500, false, 3, 0)]
    [TestCase(500, false, 4, 5)]
    [TestCase(500, true, 4, 0)]
    [TestCase(429, true, 4, 5)]
    [TestCase(429, false, 1, 0)]
    [TestCase(400, false, 9, 0)]
    public void AllowedFailsIsANumberOfFailuresInAMinute(int status, bool isLast, long failed, int seconds) =>
        Assert.That(Seconds(new() { AllowedFails = 3 }, Failure(status, Pair, isLast, 0, failed)), Is.EqualTo(seconds));

    [TestCase(400, 9, 0)]
    [TestCase(401, 3, 5)]
    [TestCase(408, 0, 0)]
    [TestCase(408, 1, 5)]
    [TestCase(429, 2, 0)]
    [TestCase(500, 1, 0)]
    [TestCase(500, 2, 5)]
    [TestCase(0, 3, 0)]
    [TestCase(0, 4, 5)]
    public void APolicyCountsEachClassForItself(int status, long alike, int seconds)
    {
        var settings = new RouterSettings
        {
            AllowedFails = 3,
            AllowedFailsPolicy = new() { AuthenticationError = 2, TimeoutError = 0, RateLimitError = 2, InternalServerError = 1 },
        };
        var failure = Failure(status, Pair, false, 0, alike);
        Assert.That(Seconds(settings, failure), Is.EqualTo(seconds));
    }

    [TestCase(CallOutcome.BadRequest)]
    [TestCase(CallOutcome.ContentPolicy)]
    public void AMistakeOfTheClientsCoolsOnlyWhereThePolicyNamesIt(CallOutcome outcome)
    {
        var failure = Failure(400, Pair, false, 0, 3) with { Outcome = outcome };
        var policy = new AllowedFailsPolicy { BadRequestError = 2, ContentPolicyViolationError = 2 };
        Assert.That(Seconds(new() { AllowedFailsPolicy = policy }, failure), Is.EqualTo(5));
        Assert.That(Seconds(new() { AllowedFailsPolicy = policy }, failure with { IsLastHealthy = true }), Is.Zero);
        Assert.That(Seconds(new() { AllowedFailsPolicy = new() { TimeoutError = 0 }, AllowedFails = 1 }, failure), Is.Zero);
        Assert.That(Seconds(new(), failure with { RetryAfter = TimeSpan.FromSeconds(9) }), Is.Zero);
    }

    [Test]
    public void ZeroMeansThatTheFirstFailureCools()
    {
        var settings = new RouterSettings { AllowedFails = 9, AllowedFailsPolicy = new() { RateLimitError = 0 } };
        Assert.That(Seconds(settings, Failure(429, Pair, false, 50, 1)), Is.EqualTo(5));
        Assert.That(Seconds(new() { AllowedFails = 0 }, Failure(500, Pair, false, 50, 1)), Is.EqualTo(5));
    }

    [Test]
    public void WithoutANumberForItsClassAFailureGoesByTheShare()
    {
        var settings = new RouterSettings { AllowedFailsPolicy = new() { RateLimitError = 9 } };
        Assert.That(Seconds(settings, Failure(500, Pair, false, 2, 3)), Is.EqualTo(5));
        Assert.That(Seconds(settings, Failure(500, Pair, false, 9, 3)), Is.Zero);
    }

    [Test]
    public void WhatADeploymentSaysItselfTakesThePlaceOfBothSettings()
    {
        var settings = new RouterSettings { AllowedFails = 9, AllowedFailsPolicy = new() { RateLimitError = 9 } };
        var failure = Failure(429, Pair, false, 50, 2);
        Assert.That(Seconds(settings, failure), Is.Zero);
        Assert.That(Seconds(settings, failure with { OwnAllowedFails = 1 }), Is.EqualTo(5));
        Assert.That(Seconds(settings, failure with { OwnPolicy = new() { RateLimitError = 1 } }), Is.EqualTo(5));
        Assert.That(Seconds(settings, failure with { OwnPolicy = new() { TimeoutError = 1 } }), Is.EqualTo(5), "a 429 cools by default");
    }

    [TestCase(30, 30)]
    [TestCase(3000, 300)]
    [TestCase(0, 0)]
    public void ARetryAfterCoolsTheLastHealthyForAtMostMaxCooldown(int asked, int seconds) => Assert.That(
        Seconds(new(), Failure(503, Alone, true, 9, 1) with { RetryAfter = TimeSpan.FromSeconds(asked) }), Is.EqualTo(seconds));

    [Test]
    public void TheDeploymentsOwnTimeBeatsTheRoutersAndZeroSwitchesItOff()
    {
        var failure = Failure(429, Pair, false, 0, 1);
        Assert.That(Seconds(new(), failure with { OwnCooldownTime = TimeSpan.FromSeconds(60) }), Is.EqualTo(60));
        Assert.That(Seconds(new(), failure with { OwnCooldownTime = TimeSpan.Zero }), Is.Zero);
        Assert.That(Seconds(new() { CooldownTime = TimeSpan.FromSeconds(7) }, failure), Is.EqualTo(7));
    }

    [Test]
    public void DisableCooldownsBeatsEverything() => Assert.That(
        Seconds(new() { DisableCooldowns = true }, Failure(429, Pair, false, 0, 9) with { RetryAfter = TimeSpan.FromSeconds(9) }), Is.Zero);

    private static FailureFacts Failure(int status, int size, bool isLast, long succeeded, long failed) => new()
    {
        Status = status,
        Outcome = status switch
        {
            400 => CallOutcome.BadRequest,
            401 => CallOutcome.Authentication,
            404 => CallOutcome.NotFound,
            408 => CallOutcome.Timeout,
            429 => CallOutcome.RateLimit,
            500 => CallOutcome.InternalServer,
            503 => CallOutcome.ServiceUnavailable,
            _ => CallOutcome.Other,
        },
        GroupSize = size,
        IsLastHealthy = isLast,
        Succeeded = succeeded,
        Failed = failed,
        FailedAlike = failed,
    };

    private static double Seconds(RouterSettings settings, FailureFacts failure) =>
        Cooldown.Decide(settings, failure)?.TotalSeconds ?? 0;
}
