using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using static Gateway.Tests.Storage.DatabaseTests;

namespace Gateway.Tests.Ledger;

/// <summary>Attempts in flight, in a database that works: the clock stands still but where a test moves it.</summary>
public sealed class ReservationTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1", KeyAlias = "laptop", TeamId = "red" };

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Sample.Start.AddMinutes(5));
    private readonly RecordingLogger<SpendLedger> _logger = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task AnOpenAttemptIsCommittedWhenItsCallMayLeave()
    {
        await using var ledger = Open();
        var exchange = InFlight(700);
        Assert.That(await ledger.OpenAsync(exchange, exchange.Attempts[0]).AsTask().WaitAsync(GatewayHost.Patience));
        Assert.That(Scalar("SELECT sum(bound_nano_usd) FROM reservation"), Is.EqualTo(700), "though no clock has moved");
    }

    [Test]
    public async Task ARowAndTheEndOfItsReservationAreOneTransaction()
    {
        await using var ledger = Open();
        var exchange = InFlight(700);
        await ledger.OpenAsync(exchange, exchange.Attempts[0]);
        using var other = _folder.OpenDatabase().Connect();
        var before = (long)DatabaseTests.Scalar(other, "PRAGMA data_version")!;

        ledger.Append(exchange);
        await ledger.FlushAsync();

        Assert.That(DatabaseTests.Scalar(other, "PRAGMA data_version"), Is.EqualTo(before + 1));
        Assert.That(Scalar("SELECT count(*) FROM reservation"), Is.Zero);
        Assert.That(Scalar("SELECT group_concat(kind) FROM ledger"), Is.EqualTo("first"));
    }

    [Test]
    public async Task AnAttemptThatWasNotMadeLeavesNothing()
    {
        await using (var ledger = Open())
        {
            var exchange = InFlight(700);
            await ledger.OpenAsync(exchange, exchange.Attempts[0]);
            ledger.Discard(exchange.Attempts[0]);
            ledger.Append(exchange);
        }
        Assert.That(Scalar("SELECT (SELECT count(*) FROM reservation) + (SELECT count(*) FROM ledger)"), Is.Zero);
    }

    [Test]
    public async Task AnAttemptThatWasBookedBeforeItsRequestEndedIsNotBookedAgain()
    {
        await using (var ledger = Open())
        {
            var exchange = InFlight(700);
            ledger.Append(exchange, exchange.Attempts[0]);
            exchange.Attempts.Add(Sample.Attempt(2, AttemptKind.Retry, new NanoUsd(5)));
            await ledger.OpenAsync(exchange, exchange.Attempts[1]);
            ledger.Append(exchange);
            ledger.Append(exchange);
        }
        Assert.That(Scalar("SELECT group_concat(kind || attempt) FROM ledger"), Is.EqualTo("first1,retry2"));
        Assert.That(Scalar("SELECT spent_nano_usd FROM balance WHERE kind = 'user'"), Is.EqualTo(105));
    }

    [Test]
    public async Task WhatWasInFlightIsBookedAtItsBoundByTheNextStart()
    {
        var exchange = InFlight(700, "decision-1");
        exchange.RequestedModel = "best";
        exchange.EndUser = "customer-7";
        exchange.IsStream = true;
        (exchange.Attempts[0].InputAtMost, exchange.Attempts[0].OutputAtMost) = (900, 80);
        exchange.Tags = ["a, \"b\"", "\ud800"];
        var second = Sample.Attempt(2, AttemptKind.Fallback, new NanoUsd(50), "claude");
        second.Bound = new NanoUsd(300);
        exchange.Attempts.Add(second);
        var killed = Open(); // never disposed of: a killed process does not get to it either
        await killed.OpenAsync(exchange, exchange.Attempts[0]);
        await killed.OpenAsync(exchange, second);

        await using (Open())
        {
            var (began, now) = (Sample.Start.ToUnixTimeMilliseconds(), _time.GetUtcNow().ToUnixTimeMilliseconds());
            const string Who = "k1|laptop|alice|red|customer-7|[\"a, \\u0022b\\u0022\",\"\\uFFFD\"]";
            const string Tokens = "||0||900|0|0|0|0|80|0|0|||", None = "||0||0|0|0|0|0|0|0|0|||";
            Assert.That(Rows("SELECT * FROM ledger").Select(row => row[..^65]), Is.EqualTo(new[]
            {
                $"1|{began}|{exchange.Id}|1|recovered|{Who}|/v1/chat/completions|best|gpt-4o|d1|openai|openai/gpt-4o{Tokens}"
                    + $"700|0||1|1|decision-1|900|80||{now}|",
                $"2|{began}|{exchange.Id}|2|recovered|{Who}|/v1/chat/completions|best|claude|d1|openai|openai/claude{None}"
                    + $"300|0||1|1|decision-1|0|0||{now}|",
            }));
            Assert.That(Rows("SELECT kind, id, spent_nano_usd, unlogged_nano_usd FROM balance"),
                Is.EqualTo(new[] { "key|k1|1000|0", "team|red|1000|0", "user|alice|1000|0" }));
            Assert.That(_logger.Messages.Single(),
                Does.StartWith("2 attempts were in flight").And.Contain("0.000001 USD in all"));
        }
        await using (Open())
            Assert.That(Scalar("SELECT count(*) FROM ledger"), Is.EqualTo(2), "once, not at every start");
        Assert.That(LedgerProof.Of(_folder.OpenDatabase(), null).Broken, Is.Null);
        await killed.DisposeAsync();
    }

    [Test]
    public async Task ARecoveredRowCanBeSettled()
    {
        var killed = Open();
        var exchange = InFlight(700);
        await killed.OpenAsync(exchange, exchange.Attempts[0]);
        await using var ledger = Open();

        Assert.That(new LedgerClerk(_folder.OpenDatabase(), _time).Settle(1, new NanoUsd(120), out var difference), Is.Null);

        Assert.That((difference.Value, ledger.LoadBalances()[new Subject(SubjectKind.User, "alice")].Value), Is.EqualTo((-580, 120)));
        Assert.That(LedgerProof.Of(_folder.OpenDatabase(), null).Broken, Is.Null);
        await killed.DisposeAsync();
    }

    [Test]
    public async Task WithoutRowsACrashStillReachesTheBalances()
    {
        var killed = Open(keepRows: false);
        var exchange = InFlight(700);
        await killed.OpenAsync(exchange, exchange.Attempts[0]);
        var booked = InFlight(700);
        await killed.OpenAsync(booked, booked.Attempts[0]);
        killed.Append(booked);
        await killed.FlushAsync();

        await using (Open(keepRows: false))
            Assert.That(Rows("SELECT spent_nano_usd, unlogged_nano_usd FROM balance WHERE kind = 'user'"), Is.EqualTo(new[] { "800|800" }));
        Assert.That(Scalar("SELECT count(*) FROM reservation"), Is.Zero);
        Assert.That(LedgerProof.Of(_folder.OpenDatabase(), null).Broken, Is.Null);
        await killed.DisposeAsync();
    }

    [Test]
    public async Task WithoutKeysTeamOrTagsARecoveredRowHasNone()
    {
        var killed = Open();
        var exchange = Sample.Exchange(new Caller { KeyId = "", UserId = Caller.DefaultUserId }, NanoUsd.Zero);
        await killed.OpenAsync(exchange, exchange.Attempts[0]);
        await using (Open())
            Assert.That(
                Rows("SELECT key_id, key_alias, user_id, team_id, end_user, tags, requested_model, decision_id, cost_nano_usd FROM ledger"),
                Is.EqualTo(new[] { "||default_user_id||||||0" }));
        Assert.That(Scalar("SELECT count(*) FROM balance"), Is.Zero);
        await killed.DisposeAsync();
    }

    [Test]
    public async Task ManyThreadsOpenAndEndAttemptsAtOnce()
    {
        const int Threads = 16, Each = 100;
        await using (var ledger = Open())
        {
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(async () =>
            {
                for (var i = 0; i < Each; i++)
                {
                    var exchange = InFlight(700);
                    Assert.That(await ledger.OpenAsync(exchange, exchange.Attempts[0]).AsTask().WaitAsync(GatewayHost.Patience));
                    if (i % 4 != 0)
                        ledger.Append(exchange);
                    else if (i % 8 == 0)
                        ledger.Discard(exchange.Attempts[0]);
                }
            })));
            await ledger.FlushAsync().WaitAsync(GatewayHost.Patience);
            Assert.That(Scalar("SELECT count(*) FROM reservation"), Is.EqualTo(Threads * 12), "every eighth, from the fourth on");
            Assert.That(Scalar("SELECT count(*) FROM ledger"), Is.EqualTo(Threads * 75));
        }
        Assert.That(LedgerProof.Of(_folder.OpenDatabase(), null).Broken, Is.Null);
    }

    [Test]
    public async Task WhatArrivesWhileAnotherIsWrittenGoesTogetherIntoTheNextTransaction()
    {
        using var writing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var transactions = 0;
        await using var ledger = Open(watch: (_, stage) =>
        {
            if (stage != WriterStage.Committing || Interlocked.Increment(ref transactions) > 1)
                return;
            writing.Set();
            goOn.Wait(GatewayHost.Patience);
        });
        var first = Task.Run(async () => await OpenOneAsync(ledger));
        Assert.That(writing.Wait(GatewayHost.Patience));
        Task<bool>[] others = [.. Enumerable.Range(0, 20).Select(_ => OpenOneAsync(ledger))];
        Assert.That(others.Any(other => other.IsCompleted), Is.False);
        goOn.Set();

        Assert.That(await Task.WhenAll([first, .. others]).WaitAsync(GatewayHost.Patience), Is.All.True);
        Assert.That(transactions, Is.EqualTo(2));
        Assert.That(Scalar("SELECT count(*) FROM reservation"), Is.EqualTo(21));
    }

    [TestCase(false, 1)]
    [TestCase(true, 2)]
    public async Task TheSyncOfTheLedgerIsThatOfReservations(bool full, int expected)
    {
        object? sync = null;
        await using var ledger = new SpendLedger(
            Database.Open(_folder.File("gateway.db"), syncEveryCommit: full), _time, _logger, true, SpendLedger.DefaultCapacity,
            (connection, stage) => sync = stage == WriterStage.Committed ? DatabaseTests.Scalar(connection, "PRAGMA synchronous") : sync);
        Assert.That(await OpenOneAsync(ledger));
        Assert.That(sync, Is.EqualTo(expected));
    }

    [Test]
    public async Task AfterTheEndNothingIsOpened()
    {
        var ledger = Open();
        await ledger.DisposeAsync();
        Assert.That(await OpenOneAsync(ledger).WaitAsync(GatewayHost.Patience), Is.False);
    }

    private static Exchange InFlight(long bound, string decisionId = "")
    {
        var exchange = Sample.Exchange(Alice, new NanoUsd(100), decisionId: decisionId);
        exchange.Attempts[0].Bound = new NanoUsd(bound);
        return exchange;
    }

    private static Task<bool> OpenOneAsync(SpendLedger ledger)
    {
        var exchange = InFlight(700);
        return ledger.OpenAsync(exchange, exchange.Attempts[0]).AsTask();
    }

    private SpendLedger Open(bool keepRows = true, Action<SqliteConnection, WriterStage>? watch = null) =>
        new(_folder.OpenDatabase(), _time, _logger, keepRows, SpendLedger.DefaultCapacity, watch);

    private object? Scalar(string sql)
    {
        using var connection = _folder.OpenDatabase().Connect();
        return DatabaseTests.Scalar(connection, sql);
    }

    private List<string> Rows(string sql)
    {
        using var connection = _folder.OpenDatabase().Connect();
        return LedgerRows.Read(connection, sql);
    }
}
