using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class AccessKeyEntryTests
{
    private const string Hash = "sha256:4444444444444444444444444444444444444444444444444444444444444444";

    [Test]
    public void AKeyMayHaveANameAndLimitsOfItsOwn()
    {
        var loaded = ConfigText.Read("""
            user_access:
            - user_id: a
              key_alias: everyday
              api_key: sk-first-1234
              api_keys:
              - sk-second-1234
              - {api_key: os.environ/NIGHTLY, key_alias: nightly, max_budget: 2.5, soft_budget: 2, budget_duration: 1d, rpm_limit: 5,
                 tpm_limit: 1000, max_parallel_requests: 1, model_max_budget: {gpt-4o: 1}}
              - {key: SHA, max_budget: 3}
            """.Replace("SHA", Hash), ("NIGHTLY", "sk-nightly-1234"));
        var user = loaded.Config.UserAccess.Single();
        Assert.Multiple(() =>
        {
            Assert.That(loaded.Said(), Is.Empty);
            Assert.That(user.ApiKeys.Select(key => key.Reveal()),
                Is.EqualTo((string[])["sk-first-1234", "sk-second-1234", "sk-nightly-1234", Hash]));
            Assert.That(user.Keys.Select(key => key.KeyAlias), Is.EqualTo((string?[])[null, null, "nightly", null]));
            Assert.That(user.Keys.Select(key => key.Limits.MaxBudget?.ToString()), Is.EqualTo((string?[])[null, null, "2.5", "3"]));
        });
        var nightly = user.Keys[2].Limits;
        Assert.That((nightly.SoftBudget?.ToString(), nightly.Period?.Text, nightly.Rpm, nightly.Tpm, nightly.MaxParallelRequests),
            Is.EqualTo(("2", "1d", 5L, 1000L, 1)));
        Assert.That(nightly.Models.Single().Limits.MaxBudget, Is.EqualTo(NanoUsd.FromUsd(1m)));
    }

    [TestCase("{max_budget: 5}", "has no api_key")]
    [TestCase("{api_key: os.environ/MISSING}", "MISSING is not set")]
    [TestCase("{api_key: short}", "is no usable key")]
    [TestCase("{api_key: sk-blocked-1234, models: [m]}", "make it a user_access entry of its own")]
    public void AnEntryThatCannotBeMeantOpensNothing(string entry, string message)
    {
        var loaded = Read(entry);
        Assert.That(loaded.Said(), Has.Exactly(1).Contains(message));
        Assert.That(loaded.Config.UserAccess.Single().ApiKeys.Single(), Is.SameAs(Secret.Unusable));
    }

    [Test]
    public void ABlockedKeyOpensNothing() =>
        Assert.That(Read("{api_key: sk-blocked-1234, blocked: true}").Config.UserAccess.Single().ApiKeys.Single(), Is.SameAs(Secret.Unusable));

    [Test]
    public void ALimitThatCannotBeReadIsClosed()
    {
        var loaded = Read("{api_key: sk-second-1234, max_budget: lots}");
        Assert.That(loaded.Said(), Has.Some.Contains("user_access[0].api_keys[0].max_budget").And.Some.Contains("the key can spend nothing"));
        Assert.That(loaded.Config.UserAccess.Single().Keys.Single().Limits.MaxBudget, Is.EqualTo(NanoUsd.Zero));
    }

    [Test]
    public void AMisspeltLimitOfAKeyIsReportedWithItsPlace() =>
        Assert.That(Read("{api_key: sk-second-1234, max_buget: 5}").Said().Single(),
            Does.Contain("user_access[0].api_keys[0].max_buget").And.Contains("did you mean 'max_budget'?"));

    [TestCase("sk-twice-1234, {api_key: sk-twice-1234, max_budget: 5}", TestName = "TheLimitsOfAKeyThatIsNamedTwiceCount")]
    [TestCase("{api_key: sk-twice-1234, max_budget: 5}, sk-twice-1234", TestName = "TheLimitsOfAKeyThatIsNamedTwiceCountInEitherOrder")]
    public void AKeyThatIsNamedTwiceKeepsItsLimits(string entries) =>
        Assert.That(Read(entries).Config.UserAccess.Single().Keys.Single().Limits.MaxBudget, Is.EqualTo(NanoUsd.FromUsd(5m)));

    [Test]
    public void AKeyThatIsDescribedTwiceIsAnError() =>
        Assert.That(Read("{api_key: sk-twice-1234, max_budget: 5}, {api_key: sk-twice-1234, max_budget: 6}").Said(),
            Has.Exactly(1).StartWith("Fatal").And.Contains("describes one key twice"));

    private static LoadedConfig Read(string entries) => ConfigText.Read($"user_access:\n- user_id: a\n  api_keys: [{entries}]\n");
}
