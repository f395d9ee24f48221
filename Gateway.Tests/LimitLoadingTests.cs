using Gateway.Config;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests;

public sealed class LimitLoadingTests
{
    /// <summary>A Tuesday.</summary>
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 10, 20, 0, TimeSpan.Zero);
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1", TeamId = "red" };
    private static readonly Subject User = new(SubjectKind.User, "alice");

    [Test]
    public async Task ABudgetThatBeginsAnewEachDayKnowsAtAStartWhatWasSpentToday()
    {
        await using var ledger = new LedgerFixture(Now);
        await ledger.BookAsync(Alice, 500, Now.Date.AddSeconds(-1));
        await ledger.BookAsync(Alice, 30, Now.Date);
        var (limiter, _) = ledger.Start(UserWith("max_budget: 1, budget_duration: 1d"));
        Assert.That(Spent(limiter, User), Is.EqualTo(30));
        Assert.That(Spent(limiter, new(SubjectKind.Key, "k1")), Is.EqualTo(530), "without a limit: all");
        Assert.That(Spent(limiter, new(SubjectKind.Team, "red")), Is.EqualTo(530));
    }

    [TestCase("1mo", "1d", 30)]
    [TestCase("1d", "1mo", 530)]
    [TestCase("1d", null, 10_530)]
    [TestCase("1mo", "2h", 30)]
    public async Task AReloadThatGivesABudgetAnotherPeriodCountsWhatWasSpentInIt(string before, string? after, long spent)
    {
        await using var ledger = new LedgerFixture(Now);
        await ledger.BookAsync(Alice, 10_000, Now.AddDays(-60));
        await ledger.BookAsync(Alice, 500, Now.AddDays(-1));
        var old = UserWith($"max_budget: 1, budget_duration: {before}");
        var (limiter, loading) = ledger.Start(old);
        Spend(limiter, old, ledger, 30);
        ledger.Ledger.Append(Sample(30));

        var next = UserWith("max_budget: 1" + (after is null ? "" : $", budget_duration: {after}"));
        var change = loading.Prepare(next);
        Spend(limiter, old, ledger, 7); // settled after the ledger was read
        change.Apply();
        Spend(limiter, old, ledger, 5); // a request that read the config of before
        change.Apply();

        Assert.That(Spent(limiter, User), Is.EqualTo(spent + 12));
        Spend(limiter, next, ledger, 1);
        Assert.That(Spent(limiter, User), Is.EqualTo(spent + 13));
    }

    [Test]
    public async Task AReloadThatIsRefusedInTheEndLeavesTheBudgetAsItWas()
    {
        await using var ledger = new LedgerFixture(Now);
        await ledger.BookAsync(Alice, 500, Now.AddDays(-1));
        var monthly = UserWith("max_budget: 1, budget_duration: 1mo");
        var (limiter, loading) = ledger.Start(monthly);
        var change = loading.Prepare(UserWith("max_budget: 1, budget_duration: 1d"));
        change.Apply();
        Assert.That(Spent(limiter, User), Is.Zero);
        change.TakeBack();
        Assert.That(Spent(limiter, User), Is.EqualTo(500));
        Spend(limiter, monthly, ledger, 2);
        Assert.That(Spent(limiter, User), Is.EqualTo(502));
    }

    [Test]
    public async Task AReloadThatLimitsSomebodyForTheFirstTimeCountsWhatWasSpent()
    {
        await using var ledger = new LedgerFixture(Now);
        await ledger.BookAsync(Alice, 500, Now.AddDays(-1), "gpt-4o");
        await ledger.BookAsync(Alice, 30, Now, "gpt-4o-mini", tags: ["x"]);
        var (limiter, loading) = ledger.Start(UserWith("max_budget: 1"));
        loading.Prepare(LedgerFixture.Config("""
            litellm_settings: { max_budget: 1, budget_duration: 1d }
            user_access:
              - { user_id: alice, api_key: sk-alice-1, max_budget: 1, model_max_budget: { "gpt-*": 1, gpt-4o: 1 } }
            router_settings: { tag_budget_config: { x: { max_budget: 1 } } }
            """)).Apply();
        Assert.That(Spent(limiter, Subject.Everybody), Is.EqualTo(30));
        Assert.That(Spent(limiter, new(SubjectKind.Tag, "x")), Is.EqualTo(30));
        Assert.That(Spent(limiter, User, "gpt-*"), Is.EqualTo(30), "gpt-4o has an entry of its own");
        Assert.That(Spent(limiter, User, "gpt-4o"), Is.EqualTo(500));
    }

    [Test]
    public async Task AReloadThatChangesNoLimitAsksNothing()
    {
        await using var ledger = new LedgerFixture(Now);
        var (limiter, loading) = ledger.Start(UserWith("max_budget: 1, budget_duration: 1d"));
        Spend(limiter, UserWith("max_budget: 1, budget_duration: 1d"), ledger, 4);
        File.Delete(ledger.Database.Path); // nobody looks
        loading.Prepare(UserWith("max_budget: 2, budget_duration: 1d")).Apply();
        Assert.That(Spent(limiter, User), Is.EqualTo(4));
    }

    [Test]
    public async Task ADayThatBeginsInAnotherTimeZoneIsCountedAnew()
    {
        await using var ledger = new LedgerFixture(Now);
        await ledger.BookAsync(Alice, 30, Now.Date.AddMinutes(-30)); // half past eleven in UTC, half past midnight in Berlin
        var utc = UserWith("max_budget: 1, budget_duration: 1d");
        var berlin = utc with { LiteLlm = utc.LiteLlm with { TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin") } };
        var (limiter, loading) = ledger.Start(utc);
        Assert.That(Spent(limiter, User), Is.Zero);
        var change = loading.Prepare(berlin);
        limiter.Settings = limiter.Settings with { Calendar = new BudgetCalendar(berlin.LiteLlm.TimeZone) };
        change.Apply();
        Assert.That(Spent(limiter, User), Is.EqualTo(30));
    }

    [Test]
    public async Task ARateLimitKnowsAtAStartWhatTheLastMinuteHeld()
    {
        await using var ledger = new LedgerFixture(Now);
        var exchange = Sample(1, Now.AddSeconds(-30));
        exchange.Attempts.Add(Gateway.Tests.Ledger.Sample.Attempt(2, AttemptKind.Retry, new NanoUsd(1), at: Now.AddSeconds(-29)));
        ledger.Ledger.Append(exchange); // two attempts, one request
        await ledger.BookAsync(Alice, 1, Now.AddSeconds(-62));
        await ledger.BookAsync(Alice, 1, Now.AddSeconds(-5), isEstimated: true);
        ledger.Settle(4, 9); // a correction is no request
        var config = UserWith("rpm_limit: 4, tpm_limit: 200, model_rpm_limit: { \"gpt*\": 3 }");
        var (limiter, _) = ledger.Start(config);

        Assert.That(await Admitted(limiter, config, "other"), Is.True);
        Assert.That(await Admitted(limiter, config, "gpt-4o"), Is.True);
        Assert.That(await Admitted(limiter, config, "gpt-4o"), Is.False, "the third of four in the minute, for gpt* the fourth of three");
        Assert.That(await Admitted(limiter, config, "other"), Is.False);
        ledger.Time.Advance(TimeSpan.FromSeconds(35));
        Assert.That(await Admitted(limiter, config, "other"), Is.True, "those of 30 seconds before the start are over");
    }

    [Test]
    public async Task TokensThatWereInFlightAtACrashCountInTheirMinute()
    {
        await using var ledger = new LedgerFixture(Now);
        var exchange = Sample(1, Now.AddSeconds(-30));
        (exchange.Attempts[0].InputAtMost, exchange.Attempts[0].OutputAtMost) = (100, 90);
        await ledger.CrashAsync(exchange);
        var config = UserWith("tpm_limit: 200");
        var (limiter, _) = ledger.Start(config);

        Assert.That(await Admitted(limiter, config, "other", tokens: 11), Is.False);
        Assert.That(await Admitted(limiter, config, "other", tokens: 10), Is.True);
    }

    [Test]
    public async Task AKeyWithABudgetOfItsOwnKnowsWhatItSpent()
    {
        await using var ledger = new LedgerFixture(Now);
        var config = LedgerFixture.Config("""
            user_access:
              - { user_id: alice, api_keys: [{ api_key: sk-alice-1, max_budget: 1, budget_duration: 1d, model_max_budget: { gpt-4o: 1 } }] }
            """);
        var key = AccessKey.Hash(config.UserAccess[0].Keys[0].Key);
        var caller = new Caller { UserId = "alice", KeyId = key };
        await ledger.BookAsync(caller, 500, Now.AddDays(-1));
        await ledger.BookAsync(caller, 30, Now);
        var (limiter, _) = ledger.Start(config);
        Assert.That(Spent(limiter, new(SubjectKind.Key, key)), Is.EqualTo(30));
        Assert.That(Spent(limiter, new(SubjectKind.Key, key), "gpt-4o"), Is.EqualTo(530));
    }

    [Test]
    public async Task ACorrectionReachesEveryAccountOfTheRunningGateway()
    {
        await using var ledger = new LedgerFixture(Now);
        await ledger.BookAsync(Alice, 100, Now, "gpt-4o", "ann", ["x"], isEstimated: true);
        var (limiter, loading) = ledger.Start(Everything);
        var last = LedgerSums.Read(ledger.Database, [], ledger.Store).LastCorrection;
        using var watch = new CorrectionWatch(ledger.Database, last, loading.Correct, ledger.Time, NullLogger<CorrectionWatch>.Instance);
        ledger.Settle(1, 40);
        ledger.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            foreach (var (subject, model) in Accounts)
                Assert.That(Spent(limiter, subject, model), Is.EqualTo(40), $"{subject} {model}");
        });
    }

    private static readonly (Subject, string?)[] Accounts =
    [
        (Subject.Everybody, null), (new(SubjectKind.Team, "red"), null), (new(SubjectKind.Team, "red"), "*"),
        (new(SubjectKind.Key, "k1"), null), (User, null), (User, "gpt-*"), (new(SubjectKind.EndUser, "ann"), null),
        (new(SubjectKind.Tag, "x"), null), (new(SubjectKind.Provider, "openai"), null),
    ];

    [Test]
    public async Task AResetFreesTheUsersPeriodAndNobodyElses()
    {
        await using var ledger = new LedgerFixture(Now);
        await ledger.BookAsync(Alice, 900, Now.AddDays(-3), "gpt-4o", "ann", ["x"]);
        await ledger.BookAsync(Alice, 100, Now, "gpt-4o", "ann", ["x"]);
        var config = Everything;
        var (limiter, loading) = ledger.Start(config);
        using var watch = new CorrectionWatch(ledger.Database, 0, loading.Correct, ledger.Time, NullLogger<CorrectionWatch>.Instance);
        ledger.Reset("alice");
        Spend(limiter, config, ledger, 6); // settled, and not written when the reset is followed
        ledger.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            Assert.That(Spent(limiter, User), Is.EqualTo(6));
            foreach (var (subject, model) in Accounts.Where(account => account != (User, null)))
                Assert.That(Spent(limiter, subject, model), Is.GreaterThanOrEqualTo(100), $"{subject} {model}");
        });
        var (again, _) = ledger.Start(config);
        Assert.That(Spent(again, User), Is.Zero, "the six were never written");
        Assert.That(Spent(again, User, "gpt-*"), Is.EqualTo(100));
    }

    [Test]
    public async Task AConfigThatAsksForWhatWasArchivedBeforeNeverCountsLess()
    {
        await using var ledger = new LedgerFixture(Now);
        await ledger.BookAsync(Alice, 1, Now.AddMonths(-4));
        await ledger.BookAsync(Alice, 20, Now.AddMonths(-2).AddDays(-20));
        await ledger.BookAsync(Alice, 300, Now.AddMonths(-2));
        await ledger.BookAsync(Alice, 4000, Now);
        var writer = new ArchiveWriter(ledger.Database);
        while (writer.MoveSome(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero)) > 0)
        {
        }
        Assert.That(Spent(ledger.Start(UserWith("max_budget: 1, budget_duration: 90d")).Limiter, User), Is.InRange(4300, 4320));
        Assert.That(Spent(ledger.Start(UserWith("max_budget: 1, budget_duration: yearly")).Limiter, User), Is.EqualTo(4321));
        Assert.That(Spent(ledger.Start(UserWith("max_budget: 1, budget_duration: 1mo")).Limiter, User), Is.EqualTo(4000));
    }

    [TestCase("6mo", "", "2026-05-01")]
    [TestCase("90d", "", "2026-08-01")]
    [TestCase("1d", "", "2026-11-01")]
    [TestCase("1d", "max_budget: 1, budget_duration: 7d", "2026-11-01")]
    [TestCase("1d", "max_budget: 1, budget_duration: yearly", "2026-01-01")]
    [TestCase("1d", "model_max_budget: { gpt-4o: { max_budget: 1, budget_duration: 3mo } }", "2026-10-01")]
    [TestCase("1d", "max_budget: 1", "2026-11-01")] // for all time: the sums of archives are kept
    public void MonthsThatABudgetStillCountsAreNotMoved(string retention, string limits, string before)
    {
        var config = UserWith(limits.Length > 0 ? limits : "models: []");
        config = config with { General = config.General with { SpendLogsRetention = Limits.LimitFixture.Period(retention) } };
        Assert.That($"{RetentionCut.Of(config, Now):yyyy-MM-dd}", Is.EqualTo(before));
        Assert.That(RetentionCut.Of(UserWith("max_budget: 1"), Now), Is.Null);
    }

    [Test]
    public async Task SumsThatWereKeptAreNotUsedForAnotherLedger()
    {
        await using var ledger = new LedgerFixture(Now);
        await using var other = new LedgerFixture(Now);
        var config = UserWith("max_budget: 1, budget_duration: 1d");
        await ledger.BookAsync(Alice, 30, Now);
        await other.BookAsync(Alice, 900, Now);
        Keep(other, config);
        File.Copy(other.Store.Path, ledger.Store.Path);
        Assert.That(Spent(ledger.Start(config).Limiter, User), Is.EqualTo(30));
        await File.WriteAllTextAsync(ledger.Store.Path, new string('x', 5000));
        Assert.That(Spent(ledger.Start(config).Limiter, User), Is.EqualTo(30), "nor damaged ones");
        Keep(ledger, config);
        Assert.That(Spent(ledger.Start(config).Limiter, User), Is.EqualTo(30), "and they are made anew");
    }

    [Test]
    public async Task RowsThatWereAddedUpAreNotReadAgain()
    {
        await using var ledger = new LedgerFixture(Now);
        var config = UserWith("max_budget: 1, budget_duration: 1d");
        await ledger.BookAsync(Alice, 30, Now);
        await ledger.BookAsync(Alice, 5, Now);
        Keep(ledger, config);
        await ledger.BookAsync(Alice, 2, Now);
        using (var connection = ledger.Database.Connect())
            Database.Run(connection, "DROP TRIGGER ledger_no_update; UPDATE ledger SET cost_nano_usd = 1000 WHERE id = 1");
        Assert.That(Spent(ledger.Start(config).Limiter, User), Is.EqualTo(37));
    }

    private static GatewayConfig Everything => LedgerFixture.Config("""
        litellm_settings: { max_budget: 1, budget_duration: 1d, max_end_user_budget: 1 }
        user_access:
          - user_id: alice
            api_key: sk-alice-1
            max_budget: 1
            budget_duration: 1d
            model_max_budget: { "gpt-*": { max_budget: 1, budget_duration: 1d } }
        teams: [{ team_id: red, max_budget: 1, model_max_budget: { "*": 1 } }]
        router_settings:
          tag_budget_config: { x: { max_budget: 1 } }
          provider_budget_config: { openai: { max_budget: 1, budget_duration: 1w } }
        """);

    private static GatewayConfig UserWith(string limits) =>
        LedgerFixture.Config($$"""user_access: [{ user_id: alice, api_key: sk-alice-1, {{limits}} }]""");

    private static void Keep(LedgerFixture ledger, GatewayConfig config)
    {
        using var keeper = new SumKeeper(ledger.Database, ledger.Store, ledger.Time, NullLogger<SumKeeper>.Instance)
        {
            Questions = ledger.Start(config).Loading.Questions,
        };
    }

    private static long? Spent(Limiter limiter, Subject subject, string? model = null) => limiter.FactsOf(subject, model)?.Spent.Value;

    private static Exchange Sample(long cost, DateTimeOffset? at = null) =>
        Gateway.Tests.Ledger.Sample.Exchange(Alice, new NanoUsd(cost), at: at ?? Now);

    private static void Spend(Limiter limiter, GatewayConfig config, LedgerFixture ledger, long cost)
    {
        var request = Limits.LimitFixture.Fixed(cost, new LimitedSubject(User, config.UserAccess[0].Limits));
        var admission = limiter.AdmitAsync(request with { Model = "gpt-4o" }, default).AsTask();
        Assert.That(admission.IsCompletedSuccessfully && admission.Result.Refusal is null);
        using var reservation = admission.Result.Reservation!;
        reservation.Settle(new NanoUsd(cost));
    }

    private static async Task<bool> Admitted(Limiter limiter, GatewayConfig config, string model, long tokens = 0)
    {
        var request = Limits.LimitFixture.Fixed(0, new LimitedSubject(User, config.UserAccess[0].Limits)) with { Model = model };
        var admission = await limiter.AdmitAsync(request with { Bound = request.Bound with { InputTokens = tokens } }, default);
        using var reservation = admission.Reservation;
        reservation?.Settle(NanoUsd.Zero, tokens);
        return admission.Refusal is null;
    }
}
