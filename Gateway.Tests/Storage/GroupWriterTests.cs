using Gateway.Storage;
using Gateway.Tests.Ledger;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using static Gateway.Tests.Storage.DatabaseTests;

namespace Gateway.Tests.Storage;

public sealed class GroupWriterTests
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLogger<GroupWriter> _logger = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task TwoQueuesAreWrittenInOneTransaction()
    {
        var database = NewDatabase();
        await using var writer = new GroupWriter(database, _time, _logger);
        var (kept, optional) = QueuesOf(writer);
        // One number per transaction that changes the file.
        using var other = database.Connect();
        var before = (long)Scalar(other, "PRAGMA data_version")!;

        kept.Append(1);
        optional.Append(2);
        await optional.FlushAsync();

        Assert.That(Scalar(other, "SELECT count(*) FROM kept"), Is.EqualTo(1));
        Assert.That(Scalar(other, "SELECT count(*) FROM optional"), Is.EqualTo(1));
        Assert.That(Scalar(other, "PRAGMA data_version"), Is.EqualTo(before + 1));
    }

    [Test]
    public async Task WhatMayBeGivenUpDoesNotHoldUpTheRest()
    {
        var database = NewDatabase();
        await using var writer = new GroupWriter(database, _time, _logger);
        var (kept, optional) = QueuesOf(writer);
        using var other = database.Connect();
        Run(other, "ALTER TABLE optional RENAME TO hidden");

        for (var i = 0; i < 3; i++)
        {
            kept.Append(1);
            optional.Append(2);
            await kept.FlushAsync();
            await optional.FlushAsync();
        }

        Assert.That(Scalar(other, "SELECT count(*) FROM kept"), Is.EqualTo(3));
        Assert.That((optional.Dropped, optional.Waiting, kept.Dropped), Is.EqualTo((3, 0, 0)));
        Assert.That(writer.IsHealthy);
        Assert.That(_logger.Messages, Has.Count.EqualTo(1).And.Some.Contains("no such table: optional"));
        Run(other, "ALTER TABLE hidden RENAME TO optional");
        _time.Advance(TimeSpan.FromSeconds(1));
        optional.Append(2);
        await optional.FlushAsync();
        Assert.That(Scalar(other, "SELECT count(*) FROM optional"), Is.EqualTo(1));
    }

    [Test]
    public async Task WhatArrivesWhileATryFailsHoldsUpNothing()
    {
        var database = NewDatabase();
        await using var writer = new GroupWriter(database, _time, _logger);
        var tries = 0;
        WriteQueue<int> kept = new(writer, connection => new Insert(connection, "kept"));
        WriteQueue<int>? optional = null;
        optional = new(writer, FailWithCompany, droppedBeyond: Bound);

        for (var second = 1; second <= 3; second++)
        {
            for (var i = 0; i < 5; i++)
            {
                kept.Append(1);
                optional.Append(2);
                await kept.FlushAsync().WaitAsync(GatewayHost.Patience);
            }
            Assert.That(Volatile.Read(ref tries), Is.EqualTo(second), "one a second, however much arrives");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        using var other = database.Connect();
        Assert.That(Scalar(other, "SELECT count(*) FROM kept"), Is.EqualTo(15));
        Assert.That(writer.IsHealthy);

        IGroupInsert<int> FailWithCompany(SqliteConnection connection)
        {
            Interlocked.Increment(ref tries);
            optional!.Append(2);
            throw new InvalidOperationException("broken");
        }
    }

    [Test]
    public async Task AFailingDatabaseIsToldOfAndLeftAloneForASecondAlsoUnderTraffic()
    {
        var database = NewDatabase();
        await using var writer = new GroupWriter(database, _time, _logger);
        var tries = 0;
        var isBroken = true;
        WriteQueue<int>? kept = null;
        WriteQueue<int> optional = new(writer, connection => new Insert(connection, "optional"), droppedBeyond: Bound);
        kept = new(writer, connection =>
        {
            Interlocked.Increment(ref tries);
            kept!.Append(2);
            optional.Append(2);
            return Volatile.Read(ref isBroken) ? throw new InvalidOperationException("broken") : new Insert(connection, "kept");
        });

        kept.Append(1);
        optional.Append(1);
        await optional.FlushAsync().WaitAsync(GatewayHost.Patience); // given up
        Assert.That(() => writer.IsHealthy, Is.False.After(10_000, 5));
        Assert.That(Volatile.Read(ref tries), Is.EqualTo(2), "with what may be given up, and without");
        Assert.That(_logger.Messages, Has.Count.EqualTo(2).And.Some.Contains("is tried again every second: broken"));
        _time.Advance(TimeSpan.FromSeconds(0.9));
        optional.Append(2);
        Assert.That(Volatile.Read(ref tries), Is.EqualTo(2));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.That(() => Volatile.Read(ref tries), Is.EqualTo(3).After(10_000, 5));

        Volatile.Write(ref isBroken, false);
        await kept.FlushAsync().WaitAsync(GatewayHost.Patience);
        using var other = database.Connect();
        Assert.That(() => writer.IsHealthy, Is.True.After(10_000, 5));
        Assert.That(() => Scalar(other, "SELECT count(*) FROM kept"), Is.EqualTo(1 + Volatile.Read(ref tries)).After(10_000, 5));
    }

    [Test]
    public async Task NothingThatMustBeKeptIsLostOrWrittenTwiceHoweverOftenATryFails()
    {
        var database = NewDatabase();
        using var other = database.Connect();
        await using (var writer = new GroupWriter(database, _time, _logger))
        {
            var random = new Random(1);
            WriteQueue<int> kept = new(writer, connection => new Insert(connection, "kept", () => random.Next(300) == 0));
            WriteQueue<int> optional = new(
                writer, connection => new Insert(connection, "optional", () => random.Next(100) == 0), droppedBeyond: 4_000);
            for (var i = 0; i < 4_000; i++)
            {
                kept.Append(i);
                optional.Append(i);
            }
            Assert.That(
                () =>
                {
                    _time.Advance(TimeSpan.FromMilliseconds(300));
                    return (kept.Waiting, optional.Waiting);
                },
                Is.EqualTo((0L, 0L)).After(30_000, 1));
            Assert.That(Scalar(other, "SELECT count(*) FROM optional"), Is.EqualTo(4_000 - optional.Dropped));
        }

        Assert.That(Scalar(other, "SELECT group_concat(x) FROM kept"), Is.EqualTo(string.Join(',', Enumerable.Range(0, 4_000))));
        Assert.That(_logger.Messages, Has.Some.Contains("Writing the ledger"), "else this test shows nothing");
    }

    [Test]
    public async Task WhatArrivesAfterACommitThatMayHaveTakenPlaceIsNotTakenForWritten()
    {
        var database = NewDatabase();
        var fails = 1;
        await using var writer = new GroupWriter(database, _time, _logger)
        {
            Watch = (_, stage) =>
            {
                if (stage == WriterStage.Committed && Interlocked.Decrement(ref fails) >= 0)
                    throw new IOException("the commit's answer was lost");
            },
        };
        var (kept, optional) = QueuesOf(writer);
        using var other = database.Connect();
        optional.Append(2);
        await optional.FlushAsync().WaitAsync(GatewayHost.Patience);
        Assert.That(Scalar(other, "SELECT count(*) FROM optional"), Is.EqualTo(1), "it took place, though it was given up");

        kept.Append(1);
        await kept.FlushAsync().WaitAsync(GatewayHost.Patience);
        Assert.That(Scalar(other, "SELECT count(*) FROM kept"), Is.EqualTo(1));
    }

    [Test]
    public async Task WhatMustBeKeptIsWrittenWhenTheDatabaseWorksAgain()
    {
        var database = NewDatabase();
        await using var writer = new GroupWriter(database, _time, _logger);
        var (kept, optional) = QueuesOf(writer);
        using var other = database.Connect();
        Run(other, "ALTER TABLE kept RENAME TO hidden");
        kept.Append(1);
        optional.Append(2);
        await optional.FlushAsync(); // given up
        Assert.That(() => writer.IsHealthy, Is.False.After(10_000, 5));
        Run(other, "ALTER TABLE hidden RENAME TO kept");

        await kept.FlushAsync();

        Assert.That(Scalar(other, "SELECT count(*) FROM kept"), Is.EqualTo(1));
        Assert.That((kept.Waiting, optional.Dropped, writer.IsHealthy), Is.EqualTo((0, 1, true)));
    }

    [Test]
    public async Task BeyondItsBoundAQueueDropsWhatMayBeGivenUpAndSaysSoOnce()
    {
        var database = NewDatabase();
        using var other = database.Connect();
        await using (var writer = new GroupWriter(database, _time, _logger)) // whose clock stands still: nothing is written
        {
            var (kept, optional) = QueuesOf(writer);
            for (var i = 0; i < 50; i++)
            {
                kept.Append(i);
                optional.Append(i);
            }
            Assert.That((optional.Waiting, optional.Dropped, kept.Waiting), Is.EqualTo((Bound, 50 - Bound, 50)));
        }

        Assert.That(Scalar(other, "SELECT count(*) FROM optional"), Is.EqualTo(Bound));
        Assert.That(Scalar(other, "SELECT count(*) FROM kept"), Is.EqualTo(50));
        Assert.That(_logger.Messages, Has.Count.EqualTo(1).And.Some.Contains($"more than {Bound} wait"));
    }

    private const int Bound = 10;

    private Database NewDatabase()
    {
        var database = _folder.OpenDatabase();
        using var connection = database.Connect();
        Run(connection, "CREATE TABLE kept (x); CREATE TABLE optional (x)");
        return database;
    }

    private static (WriteQueue<int> Kept, WriteQueue<int> Optional) QueuesOf(GroupWriter writer) => (
        new(writer, connection => new Insert(connection, "kept")),
        new(writer, connection => new Insert(connection, "optional"), droppedBeyond: Bound));

    private sealed class Insert(SqliteConnection connection, string table, Func<bool>? fails = null) : IGroupInsert<int>
    {
        private readonly PreparedStatement _row = new(connection, $"INSERT INTO {table} VALUES (?1)");

        public void Write(ReadOnlySpan<int> entries)
        {
            foreach (var entry in entries)
            {
                if (fails?.Invoke() == true)
                    throw new InvalidOperationException("broken");
                _row.Bind(entry).Execute();
            }
        }

        public void Dispose() => _row.Dispose();
    }
}
