using Gateway.Routing;

namespace Gateway.Tests.Routing;

public sealed class RetryRulesTests
{
    private static readonly RetryFacts Healthy = new() { Status = 500, GroupHasOthers = true, IsAnyHealthy = true, HasFallbacks = true };

    [TestCase(0, true)]
    [TestCase(408, true)]
    [TestCase(409, true)]
    [TestCase(429, true)]
    [TestCase(500, true)]
    [TestCase(502, true)]
    [TestCase(529, true)]
    [TestCase(401, true)]
    [TestCase(403, true)]
    [TestCase(400, false)]
    [TestCase(404, false)]
    [TestCase(413, false)]
    [TestCase(422, false)]
    [TestCase(499, false)]
    public void OnlyWhatMayEndDifferentlyIsRetried(int status, bool expected) =>
        Assert.That(RetryRules.MayRetry(Healthy with { Status = status }), Is.EqualTo(expected));

    [TestCase(401)]
    [TestCase(403)]
    public void AWrongKeyIsNotRetriedWhereThereIsOnlyThatOne(int status) =>
        Assert.That(RetryRules.MayRetry(Healthy with { Status = status, GroupHasOthers = false }), Is.False);

    [TestCase(401, true)]
    [TestCase(404, true)]
    [TestCase(400, false)]
    [TestCase(422, false)]
    public void APolicyThatNamesAFailureMakesItsRetryUnlessItIsOfTheClientsMaking(int status, bool expected) => Assert.That(
        RetryRules.MayRetry(Healthy with { Status = status, GroupHasOthers = false, IsAskedFor = true }), Is.EqualTo(expected));

    [TestCase(false, true, false)]
    [TestCase(false, false, true)]
    [TestCase(true, true, true)]
    public void A429OfTheLastDeploymentGoesToTheFallbacks(bool isAnyHealthy, bool hasFallbacks, bool mayRetry) => Assert.That(
        RetryRules.MayRetry(Healthy with { Status = 429, IsAnyHealthy = isAnyHealthy, HasFallbacks = hasFallbacks }), Is.EqualTo(mayRetry));

    [TestCase(400, true)]
    [TestCase(401, true)]
    [TestCase(500, true)]
    [TestCase(0, true)]
    [TestCase(499, false)]
    public void AFallbackIsAskedAfterEveryFailureThatSomebodyWaitsFor(int status, bool expected) =>
        Assert.That(RetryRules.MayFallBack(status), Is.EqualTo(expected));

    // retry, Retry-After, retry_after, another one is left, random → seconds
    [TestCase(0, null, 0, true, 0.9, 0)]
    [TestCase(0, 20, 0, true, 0.9, 0)]
    [TestCase(0, null, 0, false, 0, 0.5)]
    [TestCase(2, null, 0, false, 0, 2)]
    [TestCase(9, null, 0, false, 1, 8.75)]
    [TestCase(1000, null, 0, false, 0, 8)]
    [TestCase(0, null, 3, false, 0, 3)]
    [TestCase(0, null, 30, false, 0, 8)]
    [TestCase(5, 20, 0, false, 0, 20)]
    [TestCase(0, 60, 0, false, 1, 60.75)]
    [TestCase(0, 61, 0, false, 0, 0.5)]
    [TestCase(0, 0, 0, false, 0, 0.5)]
    public void TheWaitDoublesUnlessTheProviderSaysHowLong(
        int retry, int? retryAfter, int leastWait, bool hasAnother, double random, double seconds)
    {
        TimeSpan? asked = retryAfter is { } value ? TimeSpan.FromSeconds(value) : null;
        Assert.That(RetryRules.BackOff(retry, asked, TimeSpan.FromSeconds(leastWait), hasAnother, random).TotalSeconds,
            Is.EqualTo(seconds).Within(1e-9));
    }
}
