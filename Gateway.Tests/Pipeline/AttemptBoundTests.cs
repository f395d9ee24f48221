using Gateway.Limits;
using Gateway.Pipeline;
using static Gateway.Tests.Pipeline.BoundFixture;

namespace Gateway.Tests.Pipeline;

/// <summary>What one attempt is reserved at, and the limit that it is sent with.</summary>
public sealed class AttemptBoundTests
{
    private const long Input = 100_000;

    [TestCase("", """{"model":"m"}""", 1000, 1000, null, Description = "the model writes no more anyway")]
    [TestCase("", """{"model":"m"}""", 30, 30, 30)]
    [TestCase("", """{"model":"m","max_tokens":50}""", 50, 50, null)]
    [TestCase("", """{"model":"m","max_tokens":50}""", 30, 30, 30)]
    [TestCase("", """{"model":"m","max_tokens":5000}""", 1000, 1000, 1000, Description = "above what the model is said to write")]
    [TestCase("", """{"model":"m","max_tokens":1e308}""", 1000, 1000, 1000)]
    [TestCase("", """{"model":"m","max_tokens":-1}""", 1000, 1000, 1000)]
    [TestCase("max_tokens: 20", """{"model":"m"}""", 20, 20, null)]
    [TestCase("max_tokens: 20", """{"model":"m"}""", 5, 5, 5)]
    [TestCase("extra_body: {max_tokens: 20}", """{"model":"m","max_tokens":9}""", 20, 20, null)]
    [TestCase("additional_drop_params: [max_tokens]", """{"model":"m","max_tokens":9}""", 1000, 1000, null)]
    public void TheCapThatWasGrantedIsSentWhereTheBodyAsksForMore(string settings, string body, long granted, long output, int? sent)
    {
        var run = new BoundFixture(Models(Model("m", more: settings))).Run(body);
        var bound = BoundFixture.Bound(run);
        var attempt = bound.ForDeployment(run, run.Group.Deployments[0], granted);

        var input = bound.Cost.InputTokens; // 100, and what the settings add
        Assert.That(attempt, Is.EqualTo(new AttemptBound(new(input * 1000 + output * 2000), input + output, output, 1, sent)));
    }

    [Test]
    public void ACapThatIsOnlyADefaultIsSentToWhoeverIsLimited()
    {
        var run = new BoundFixture(Models(Model("m", info: "mode: chat"))).Run("""{"model":"m"}""");
        var bound = BoundFixture.Bound(run);

        Assert.That(bound.Cost.OutputCap, Is.EqualTo(4096));
        Assert.That(bound.ForDeployment(run, run.Group.Deployments[0], 4096).OutputCap, Is.EqualTo(4096));
        Assert.That(bound.ForDeployment(run, run.Group.Deployments[0], 4096, isLimited: false).OutputCap, Is.Null);
        Assert.That(bound.ForDeployment(run, run.Group.Deployments[0], 40, isLimited: false).OutputCap, Is.EqualTo(40));
    }

    [Test]
    public void WhatSomeoneWithoutALimitAsksForIsNotLowered()
    {
        var run = new BoundFixture(Models(Model("m"))).Run("""{"model":"m","max_tokens":5000}""");

        Assert.That(BoundFixture.Bound(run).ForDeployment(run, run.Group.Deployments[0], 1000, isLimited: false).OutputCap, Is.Null);
    }

    [Test]
    public void WhereNoLimitMayLeaveNoneIsLowered()
    {
        var run = new BoundFixture(Models(Model("m", more: "additional_drop_params: [max_tokens, max_completion_tokens]"), Model("m"))).Run("""{"model":"m","max_tokens":9}""");
        var bound = BoundFixture.Bound(run);

        Assert.That((bound.CanLower, bound.Cost.OutputCap), Is.EqualTo((false, 1000L)));
        Assert.That(bound.ForDeployment(run, run.Group.Deployments[0], 1000).OutputCap, Is.Null);
    }

    [Test]
    public void AnAttemptAtAFallbackHasThePriceOfThere()
    {
        var run = new BoundFixture(Models(Model("m"), Model("a", 7, info: "max_output_tokens: 50"))
            + "router_settings: {fallbacks: [{m: [a]}]}\n").Run("""{"model":"m"}""");
        var bound = BoundFixture.Bound(run);
        run.FallBackTo(run.Snapshot.Catalog.Resolve("a")!, "a");

        Assert.That(bound.ForDeployment(run, run.Group.Deployments[0], 1000), Is.EqualTo(new AttemptBound(new(Input + 50 * 7000), 150, 50, 1, null)));
    }

    [Test]
    public void PricesThatChangeAfterTheAdmissionChangeNoBoundOfIt()
    {
        var run = new BoundFixture(Models(Model("m"))).Run("""{"model":"m"}""");
        var bound = BoundFixture.Bound(run);
        BoundFixture.Bound(run, Now.AddDays(3));

        Assert.That(bound.ForDeployment(run, run.Group.Deployments[0], 1000).Cost, Is.EqualTo(bound.Cost.CostOf(1000)));
    }

    [Test]
    public void ADeploymentThatTheRequestCouldNotComeToIsAMistakeOfTheGateways()
    {
        var fixture = new BoundFixture(Models(Model("m"), Model("z")));
        var run = fixture.Run("""{"model":"m"}""");
        var bound = BoundFixture.Bound(run);
        var other = fixture.Run("""{"model":"z"}""");

        Assert.That(() => bound.ForDeployment(other, other.Group.Deployments[0], 10), Throws.InvalidOperationException);
    }
}
