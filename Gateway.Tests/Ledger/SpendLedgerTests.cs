using System.Text.RegularExpressions;
using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Gateway.Tests.Storage.DatabaseTests;

namespace Gateway.Tests.Ledger;

public sealed class SpendLedgerTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1", KeyAlias = "laptop", TeamId = "red" };

    private readonly TempFolder _folder = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task EveryAttemptLeavesARowWithAllThatIsKnownOfIt()
    {
        var exchange = Sample.Exchange(Alice, NanoUsd.Zero, decisionId: "decision-1");
        exchange.RequestedModel = "best";
        exchange.EndUser = "customer-7";
        exchange.IsStream = true;
        exchange.Tags = ["a, \"b\"", "\ud800"];
        exchange.Attempts[0].Status = 429;
        exchange.Attempts[0].ExceptionClass = "RateLimitError";
        exchange.Attempts.Add(Sample.Attempt(2, AttemptKind.Hedge, new NanoUsd(12_345), "claude"));
        var last = exchange.Attempts[1];
        last.Usage = new Usage
        {
            Input = 1,
            CachedRead = 2,
            CacheWrite = 3,
            CacheWriteHour = 4,
            InputAudio = 5,
            Output = 6,
            Reasoning = 7,
            OutputAudio = 8,
        };
        last.RawUsage = """{"prompt_tokens":15}""";
        last.PriceId = "claude@2026-01-01";
        last.Rates = usage => usage.Input == 1 ? """{"input":3}""" : null;
        last.Latency = TimeSpan.FromMilliseconds(1234.5);
        last.TimeToFirstToken = TimeSpan.FromMilliseconds(56);
        last.IsEstimated = true;

        await using (var ledger = Open())
            ledger.Append(exchange);

        var time = Sample.Start.ToUnixTimeMilliseconds();
        const string Who = "k1|laptop|alice|red|customer-7|[\"a, \\u0022b\\u0022\",\"\\uFFFD\"]";
        Assert.That(Rows("SELECT * FROM ledger").Select(row => Regex.Replace(row, "[0-9a-f]{64}", "HASH")), Is.EqualTo(new[]
        {
            $"1|{time}|{exchange.Id}|1|first|{Who}|/v1/chat/completions|best|gpt-4o|d1|openai|openai/gpt-4o||429|RateLimitError"
                + "|10|5|0|0|0|7|3|0|||0|0||0|1|decision-1|15|10|||HASH|",
            $"2|{time}|{exchange.Id}|2|hedge|{Who}|/v1/chat/completions|best|claude|d1|openai|openai/claude||200|"
                + "|1|2|3|4|5|6|7|8|{\"prompt_tokens\":15}|claude@2026-01-01|12345|1234|56|1|1|decision-1|15|21|||HASH|{\"input\":3}",
        }));
    }

    [Test]
    public async Task ARequestThatWasRefusedBeforeAnyAttemptLeavesNoRow()
    {
        var refused = Sample.Exchange(Alice, NanoUsd.Zero);
        refused.Attempts.Clear();
        refused.Error = ApiError.MalformedApiKey();
        await using (var ledger = Open())
            ledger.Append(refused);
        Assert.That(Rows("SELECT id FROM ledger"), Is.Empty);
    }

    [Test]
    public async Task NothingIsLostWhenManyThreadsAppendAtOnce()
    {
        const int Threads = 8, Each = 1250;
        var ledger = Open();
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            var caller = new Caller { UserId = $"user-{thread % 3}", KeyId = $"key-{thread}", TeamId = thread % 2 == 0 ? "even" : null };
            for (var i = 0; i < Each; i++)
                ledger.Append(Sample.Exchange(caller, new NanoUsd(1 + i)));
        })));
        await ledger.FlushAsync();

        Assert.That(ledger.Waiting, Is.Zero);
        Assert.That(Rows("SELECT count(*), count(DISTINCT exchange_id) FROM ledger"), Is.EqualTo(new[] { "10000|10000" }));
        const long PerThread = Each * (Each + 1L) / 2;
        var balances = ledger.LoadBalances();
        Assert.Multiple(() =>
        {
            Assert.That(balances, Has.Count.EqualTo(3 + Threads + 1));
            Assert.That(balances[new Subject(SubjectKind.User, "user-0")], Is.EqualTo(new NanoUsd(3 * PerThread)));
            Assert.That(balances[new Subject(SubjectKind.Key, "key-5")], Is.EqualTo(new NanoUsd(PerThread)));
            Assert.That(balances[new Subject(SubjectKind.Team, "even")], Is.EqualTo(new NanoUsd(4 * PerThread)));
        });
        AssertBalancesAreSums();
        await ledger.DisposeAsync();
    }

    [Test]
    public async Task WhatWasFlushedSurvivesAKill()
    {
        // Never disposed of: a killed process does not get to it either.
        var killed = Open();
        killed.Append(Sample.Exchange(Alice, new NanoUsd(500)));
        await killed.FlushAsync();

        await using var restarted = Open();
        Assert.That(restarted.LoadBalances()[new Subject(SubjectKind.User, "alice")], Is.EqualTo(new NanoUsd(500)));
        await killed.DisposeAsync();
    }

    [Test]
    public async Task DisposingWritesWhatIsLeft()
    {
        var time = new FakeTimeProvider();
        await using (var ledger = new SpendLedger(_folder.OpenDatabase(), time, NullLogger<SpendLedger>.Instance))
            for (var i = 0; i < 1000; i++)
                ledger.Append(Sample.Exchange(Alice, new NanoUsd(1)));
        Assert.That(Rows("SELECT count(*) FROM ledger"), Is.EqualTo(new[] { "1000" }));
    }

    [Test]
    public async Task ARowIsWrittenSoonWithoutAnybodyAskingForIt()
    {
        var time = new FakeTimeProvider();
        await using var ledger = new SpendLedger(_folder.OpenDatabase(), time, NullLogger<SpendLedger>.Instance);
        ledger.Append(Sample.Exchange(Alice, new NanoUsd(1)));
        Assert.That(ledger.Waiting, Is.EqualTo(1));
        time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.That(() => ledger.Waiting, Is.Zero.After(10_000, 5));
    }

    [Test]
    public async Task AttemptsAreKeptWhileTheDatabaseFailsAndWrittenWhenItWorksAgain()
    {
        var time = new FakeTimeProvider();
        var logger = new RecordingLogger<SpendLedger>();
        var database = _folder.OpenDatabase();
        await using var ledger = new SpendLedger(database, time, logger, capacity: 3);
        using var other = database.Connect();
        Run(other, "ALTER TABLE ledger RENAME TO hidden");

        for (var i = 0; i < 2; i++)
        {
            ledger.Append(Sample.Exchange(Alice, new NanoUsd(100)));
            time.Advance(TimeSpan.FromMilliseconds(10));
            Assert.That(() => ledger.IsHealthy, Is.False.After(10_000, 5));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.That(ledger.IsFull, Is.False);
        ledger.Append(Sample.Exchange(Alice, new NanoUsd(100)));
        Assert.That(ledger.IsFull, Is.True);

        Run(other, "ALTER TABLE hidden RENAME TO ledger");
        await ledger.FlushAsync();
        Assert.Multiple(() =>
        {
            Assert.That(ledger.IsHealthy, Is.True);
            Assert.That(ledger.IsFull, Is.False);
            Assert.That(Rows("SELECT count(*), sum(cost_nano_usd) FROM ledger"), Is.EqualTo(new[] { "3|300" }));
            Assert.That(logger.Messages, Has.Count.EqualTo(2));
            Assert.That(logger.Messages[0], Does.Contain("failed"));
            Assert.That(logger.Messages[1], Does.Contain("works again"));
        });
        AssertBalancesAreSums();
    }

    [Test]
    public async Task AFailingWriteIsTriedAgainAfterASecond()
    {
        var time = new FakeTimeProvider();
        var database = _folder.OpenDatabase();
        await using var ledger = new SpendLedger(database, time, NullLogger<SpendLedger>.Instance);
        using var other = database.Connect();
        Run(other, "ALTER TABLE ledger RENAME TO hidden");
        ledger.Append(Sample.Exchange(Alice, new NanoUsd(100)));
        time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.That(() => ledger.IsHealthy, Is.False.After(10_000, 5));
        Run(other, "ALTER TABLE hidden RENAME TO ledger");

        // The alarm is set a moment after the state is seen, so the clock may have to be moved twice.
        Assert.That(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return ledger.Waiting;
            },
            Is.Zero.After(10_000, 5));
    }

    [Test]
    public async Task RowsLostAtShutdownAreSaidToBe()
    {
        var logger = new RecordingLogger<SpendLedger>();
        var database = _folder.OpenDatabase();
        var ledger = new SpendLedger(database, new FakeTimeProvider(), logger);
        using var other = database.Connect();
        Run(other, "ALTER TABLE ledger RENAME TO hidden");
        ledger.Append(Sample.Exchange(Alice, new NanoUsd(100)));
        await ledger.DisposeAsync();
        Assert.That(logger.Messages, Has.Some.Contains("1 ledger rows were lost"));
        Assert.That(ledger.Lost, Is.EqualTo(1));
    }

    [Test]
    public async Task WithoutKeysTheSpendIsTheUsersAlone()
    {
        await using (var ledger = Open())
            ledger.Append(Sample.Exchange(new Caller { KeyId = "", UserId = Caller.DefaultUserId }, new NanoUsd(10)));
        Assert.That(Rows("SELECT key_id, user_id FROM ledger"), Is.EqualTo(new[] { "|default_user_id" }));
        Assert.That(Rows("SELECT * FROM balance"), Is.EqualTo(new[] { "user|default_user_id|10|0" }));
    }

    [Test]
    public async Task AnyTextIsKeptAsFarAsUtf8CanHoldIt()
    {
        var exchange = Sample.Exchange(Alice, new NanoUsd(10));
        exchange.RequestedModel = new string('\u00e9', 5000);
        exchange.EndUser = "'; DROP TABLE ledger; -- \ud800 \U0001F600";
        await using (var ledger = Open())
            ledger.Append(exchange);
        string[] expected = ["'; DROP TABLE ledger; -- \ufffd \U0001F600|5000"];
        Assert.That(Rows("SELECT end_user, length(requested_model) FROM ledger"), Is.EqualTo(expected));
    }

    [Test]
    public async Task WithoutSpendLogsOnlyBalancesAreKept()
    {
        await using (var ledger = Open(keepRows: false))
            for (var i = 0; i < 3; i++)
                ledger.Append(Sample.Exchange(Alice, new NanoUsd(10)));
        Assert.That(Rows("SELECT id FROM ledger"), Is.Empty);
        Assert.That(Rows("SELECT * FROM balance ORDER BY kind"), Is.EqualTo(new[] { "key|k1|30|30", "team|red|30|30", "user|alice|30|30" }));
    }

    [TestCase("UPDATE ledger SET cost_nano_usd = 0")]
    [TestCase("DELETE FROM ledger")]
    public async Task ARowCanNeitherBeChangedNorDeleted(string sql)
    {
        await using (var ledger = Open())
            ledger.Append(Sample.Exchange(Alice, new NanoUsd(10)));
        using var connection = _folder.OpenDatabase().Connect();
        Assert.That(() => Run(connection, sql), Throws.TypeOf<SqliteException>().With.Message.Contains("append-only"));
        Assert.That(Rows("SELECT cost_nano_usd FROM ledger"), Is.EqualTo(new[] { "10" }));
    }

    [Test]
    public async Task ABalanceTooLargeFor64BitsDoesNotStopTheLedger()
    {
        await using (var ledger = Open())
            for (var i = 0; i < 3; i++)
                ledger.Append(Sample.Exchange(Alice, new NanoUsd(long.MaxValue)));
        Assert.That(Rows("SELECT count(*) FROM ledger"), Is.EqualTo(new[] { "3" }));
        Assert.That(Rows("SELECT spent_nano_usd FROM balance WHERE kind = 'user'"), Is.EqualTo(new[] { "9000000000000000000" }));
    }

    private SpendLedger Open(bool keepRows = true) =>
        new(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance, keepRows);

    private void AssertBalancesAreSums() => Assert.That(Rows("SELECT kind, id, spent_nano_usd FROM balance ORDER BY 1, 2"), Is.EqualTo(Rows("""
        SELECT 'key', key_id, sum(cost_nano_usd) FROM ledger GROUP BY 2 UNION ALL
        SELECT 'team', team_id, sum(cost_nano_usd) FROM ledger WHERE team_id IS NOT NULL GROUP BY 2 UNION ALL
        SELECT 'user', user_id, sum(cost_nano_usd) FROM ledger GROUP BY 2 ORDER BY 1, 2
        """)));

    private List<string> Rows(string sql)
    {
        using var connection = Database.OpenExisting(_folder.File("gateway.db"), readOnly: true).Connect();
        return LedgerRows.Read(connection, sql);
    }
}
