using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using static Gateway.Tests.Storage.DatabaseTests;

namespace Gateway.Tests.Ledger;

/// <summary>Attempts in flight while the database fails: none is lost, and none is written twice.</summary>
public sealed class DiskTroubleTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1" };

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLogger<SpendLedger> _logger = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task AnAttemptThatCannotBeKeptIsToldSoAndStillBookedOnce()
    {
        await using (var ledger = Open())
        {
            Execute("ALTER TABLE reservation RENAME TO hidden");
            var exchange = InFlight();
            Assert.That(await OpenAsync(ledger, exchange), Is.False);
            Assert.That(ledger.IsHealthy, Is.False, "who is told finds it so");
            ledger.Append(exchange);
            Execute("ALTER TABLE hidden RENAME TO reservation");
            await ledger.FlushAsync().WaitAsync(GatewayHost.Patience);
            Assert.That(ledger.IsHealthy);
            Assert.That(await OpenAsync(ledger, InFlight()));
        }
        Assert.That(Scalar("SELECT count(*) FROM ledger"), Is.EqualTo(1));
        Assert.That(_logger.Messages, Has.Count.EqualTo(2), string.Join('\n', _logger.Messages));
        Assert.That(_logger.Messages[0], Does.Contain("callers with a limit are refused (503)").And.Contain("no such table"));
        Assert.That(_logger.Messages[1], Does.Contain("works again"));
    }

    [Test]
    public async Task AFailingDatabaseIsNotTriedForEveryAttempt()
    {
        var tries = 0;
        await using var ledger = Open((_, stage) =>
        {
            if (stage == WriterStage.Opened && Interlocked.Increment(ref tries) < 4)
                throw new IOException("no disk");
        });
        for (var i = 0; i < 10; i++)
            Assert.That(await OpenAsync(ledger, InFlight()), Is.False);
        Assert.That(tries, Is.EqualTo(1));

        // Nothing waits to be written but the withdrawal of the first; the gateway tries all the same, once a second.
        Assert.That(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return ledger.IsHealthy;
            },
            Is.True.After((int)GatewayHost.Patience.TotalMilliseconds, 5));
        Assert.That(tries, Is.EqualTo(4));
        Assert.That(await OpenAsync(ledger, InFlight()));
        Assert.That(_logger.Messages, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task ADatabaseThatFailsWithNothingToWriteIsTriedWithAWriteOfItsOwn()
    {
        var isBroken = true;
        var other = _folder.OpenDatabase();
        await using var writer = new GroupWriter(other, _time, _logger)
        {
            Watch = (_, stage) =>
            {
                if (stage == WriterStage.Committing && Volatile.Read(ref isBroken))
                    throw new IOException("no disk");
            },
        };
        UrgentQueue<int> queue = new(writer, _ => new Nothing(), _ => { });
        writer.AddUrgent(queue);
        Assert.That(await queue.WriteAsync(1).AsTask().WaitAsync(GatewayHost.Patience), Is.False);
        Volatile.Write(ref isBroken, false);
        var before = Scalar("SELECT value FROM writer_mark");
        Assert.That(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return writer.IsHealthy;
            },
            Is.True.After((int)GatewayHost.Patience.TotalMilliseconds, 5));
        Assert.That(Scalar("SELECT value FROM writer_mark"), Is.Not.EqualTo(before), "an empty transaction would not touch the disk");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task ARowWhoseCommitFailedAfterTheWriteIsThereOnce(bool isOpened)
    {
        var fails = 0;
        await using (var ledger = Open((_, stage) =>
        {
            if (stage == WriterStage.Committed && Interlocked.Decrement(ref fails) >= 0)
                throw new IOException("the commit's answer was lost");
        }))
        {
            for (var round = 1; round <= 3; round++)
            {
                var exchange = InFlight();
                if (isOpened)
                    Assert.That(await OpenAsync(ledger, exchange));
                Volatile.Write(ref fails, round);
                ledger.Append(exchange);
                await FlushedAsync(ledger);
                Assert.That(Scalar("SELECT count(*) FROM ledger"), Is.EqualTo(round));
                Assert.That(Scalar("SELECT spent_nano_usd FROM balance WHERE kind = 'user'"), Is.EqualTo(100 * round));
            }
        }
        Assert.That(LedgerProof.Of(_folder.OpenDatabase(), null).Broken, Is.Null);
    }

    [Test]
    public async Task ARowWhoseCommitFailedBeforeTheWriteIsThereOnce()
    {
        var fails = 3;
        await using (var ledger = Open((_, stage) =>
        {
            if (stage == WriterStage.Committing && Interlocked.Decrement(ref fails) >= 0)
                throw new IOException("no disk");
        }))
        {
            ledger.Append(InFlight());
            ledger.Append(InFlight());
            await FlushedAsync(ledger);
        }
        Assert.That(Scalar("SELECT count(*) FROM ledger"), Is.EqualTo(2));
        Assert.That(fails, Is.Negative, "else this test shows nothing");
    }

    [Test]
    public async Task AnAttemptWhoseCommitFailedAfterTheWriteIsForgotten()
    {
        var fails = 1;
        await using (var ledger = Open((_, stage) =>
        {
            if (stage == WriterStage.Committed && Interlocked.Decrement(ref fails) >= 0)
                throw new IOException("the commit's answer was lost");
        }))
        {
            Assert.That(await OpenAsync(ledger, InFlight()), Is.False);
            Assert.That(Scalar("SELECT count(*) FROM reservation"), Is.EqualTo(1), "else this test shows nothing");
            await FlushedAsync(ledger);
            Assert.That(Scalar("SELECT count(*) FROM reservation"), Is.Zero);
        }
        await using (Open())
            Assert.That(Scalar("SELECT count(*) FROM ledger"), Is.Zero);
    }

    [Test]
    public async Task AFullDiskRefusesAttemptsKeepsRowsAndLosesNothingWhenThereIsRoomAgain()
    {
        const string NoRoom = "1", Room = "1000000";
        var pages = Room;
        var ledger = Open((connection, stage) =>
        {
            // SQLite gives SQLITE_FULL for it as for a full disk; it takes the size that the database has as the least.
            if (stage == WriterStage.Opened)
                Run(connection, $"PRAGMA max_page_count = {Volatile.Read(ref pages)}");
        });
        // A failure reopens the writer's connection, which then has the new bound.
        Volatile.Write(ref pages, NoRoom);
        Execute("ALTER TABLE reservation RENAME TO hidden");
        Assert.That(await OpenAsync(ledger, InFlight()), Is.False);
        Execute("ALTER TABLE hidden RENAME TO reservation");
        await FlushedAsync(ledger);

        var opened = 0;
        var exchange = InFlight();
        while (await OpenAsync(ledger, exchange))
        {
            Assert.That(++opened, Is.LessThan(1000), "there is no room for a thousand");
            exchange = InFlight();
        }
        for (var i = 0; i < 100; i++)
            ledger.Append(InFlight()); // of callers without a limit, who are served meanwhile
        Assert.That(_logger.Messages, Has.Some.Contains("full"));
        Volatile.Write(ref pages, Room);
        await FlushedAsync(ledger);
        Assert.That(await OpenAsync(ledger, InFlight()));

        await ledger.DisposeAsync();
        Assert.That(Scalar("SELECT count(*) FROM ledger"), Is.EqualTo(100));
        await using (Open())
            Assert.That(Scalar("SELECT count(*) FROM ledger WHERE kind = 'recovered'"), Is.EqualTo(opened + 1));
        Assert.That(LedgerProof.Of(_folder.OpenDatabase(), null).Broken, Is.Null);
    }

    [Test]
    public async Task ARowThatCannotBeWrittenAtTheEndIsRecoveredByTheNextStart()
    {
        var isBroken = false;
        var ledger = Open((_, stage) =>
        {
            if (stage == WriterStage.Committing && Volatile.Read(ref isBroken))
                throw new IOException("no disk");
        });
        var exchange = await OpenedAsync(ledger);
        Volatile.Write(ref isBroken, true);
        ledger.Append(exchange);
        await ledger.DisposeAsync();
        Assert.That(ledger.Lost, Is.EqualTo(1));

        await using (Open())
            Assert.That(Scalar("SELECT kind || cost_nano_usd FROM ledger"), Is.EqualTo("recovered700"));
    }

    private static Exchange InFlight()
    {
        var exchange = Sample.Exchange(Alice, new NanoUsd(100));
        exchange.Attempts[0].Bound = new NanoUsd(700);
        return exchange;
    }

    private static Task<bool> OpenAsync(SpendLedger ledger, Exchange exchange) =>
        ledger.OpenAsync(exchange, exchange.Attempts[0]).AsTask().WaitAsync(GatewayHost.Patience);

    private static async Task<Exchange> OpenedAsync(SpendLedger ledger)
    {
        var exchange = InFlight();
        Assert.That(await OpenAsync(ledger, exchange));
        return exchange;
    }

    /// <summary>Moves the clock until everything is written and the database known to work.</summary>
    private async Task FlushedAsync(SpendLedger ledger)
    {
        var flushed = ledger.FlushAsync();
        Assert.That(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return flushed.IsCompleted && ledger.IsHealthy;
            },
            Is.True.After((int)GatewayHost.Patience.TotalMilliseconds, 5));
        await flushed;
    }

    private SpendLedger Open(Action<SqliteConnection, WriterStage>? watch = null) =>
        new(_folder.OpenDatabase(), _time, _logger, true, SpendLedger.DefaultCapacity, watch);

    private void Execute(string sql)
    {
        using var connection = _folder.OpenDatabase().Connect();
        Run(connection, sql);
    }

    private object? Scalar(string sql)
    {
        using var connection = _folder.OpenDatabase().Connect();
        return DatabaseTests.Scalar(connection, sql);
    }

    private sealed class Nothing : IGroupInsert<int>
    {
        public void Write(ReadOnlySpan<int> entries)
        {
        }

        public void Dispose()
        {
        }
    }
}
