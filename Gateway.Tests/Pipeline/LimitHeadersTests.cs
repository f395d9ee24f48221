using Gateway.Limits;
using Gateway.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

public sealed class LimitHeadersTests
{
    private readonly HeaderDictionary _headers = [];

    [Test]
    public void RatesAreToldAsOpenAiTellsThem()
    {
        LimitHeaders.SetRates(_headers, new RateFacts(
            new RateFact(60, 59, TimeSpan.FromSeconds(1)), new RateFact(150_000, 149_984, TimeSpan.FromMinutes(1))));
        Assert.That(Told(), Is.EqualTo((string[])
        [
            "x-ratelimit-limit-requests=60", "x-ratelimit-limit-tokens=150000", "x-ratelimit-remaining-requests=59",
            "x-ratelimit-remaining-tokens=149984", "x-ratelimit-reset-requests=1s", "x-ratelimit-reset-tokens=1m0s",
        ]));
    }

    [Test]
    public void OfWhatHasNoLimitNothingIsTold()
    {
        LimitHeaders.SetRates(_headers, default);
        LimitHeaders.SetBudget(_headers, null);
        LimitHeaders.SetKey(_headers, CallerWith());
        Assert.That(_headers, Is.Empty);
    }

    [TestCase(0, "0s")]
    [TestCase(1, "1s")]
    [TestCase(999, "1s")]
    [TestCase(1_000, "1s")]
    [TestCase(1_001, "2s")]
    [TestCase(59_001, "1m0s")]
    [TestCase(61_000, "1m1s")]
    [TestCase(61_001, "1m2s")]
    [TestCase(360_000, "6m0s")]
    [TestCase(3_661_000, "1h1m1s")]
    public void AResetIsInWholeSecondsAndNeverTooEarly(int milliseconds, string text)
    {
        LimitHeaders.SetRates(_headers, new RateFacts(new RateFact(1, 0, TimeSpan.FromMilliseconds(milliseconds)), null));
        Assert.That(_headers["x-ratelimit-reset-requests"].ToString(), Is.EqualTo(text));
    }

    [Test]
    public void TheBudgetIsToldInDollars()
    {
        LimitHeaders.SetBudget(_headers, new NanoUsd(12_500));
        Assert.That(Told(), Is.EqualTo((string[])["x-gateway-budget-remaining=0.0000125"]));
    }

    [Test]
    public void TheKeysOwnLimitsAreToldUnderLiteLlmsNames()
    {
        LimitHeaders.SetKey(_headers, CallerWith(
            new LimitedSubject(Subject.Everybody, new SubjectLimits { MaxBudget = NanoUsd.FromUsd(100m) }),
            new LimitedSubject(new Subject(SubjectKind.Key, "k"), new SubjectLimits { MaxBudget = NanoUsd.FromUsd(2.5m), Rpm = 5, Tpm = 1000 }),
            new LimitedSubject(new Subject(SubjectKind.User, "u"), new SubjectLimits { Rpm = 6 })));
        Assert.That(Told(), Is.EqualTo((string[])
            ["x-litellm-key-max-budget=2.5", "x-litellm-key-rpm-limit=5", "x-litellm-key-tpm-limit=1000"]));
    }

    private static Caller CallerWith(params LimitedSubject[] payers) => new() { KeyId = "k", UserId = "u", Payers = [.. payers] };

    private IEnumerable<string> Told() => _headers.Select(header => $"{header.Key}={header.Value}").Order();
}
