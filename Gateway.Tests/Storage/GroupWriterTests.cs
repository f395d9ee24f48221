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
        optional.Append(2);
        await optional.FlushAsync();
        Assert.That(Scalar(other, "SELECT count(*) FROM optional"), Is.EqualTo(1));
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

    private sealed class Insert(SqliteConnection connection, string table) : IGroupInsert<int>
    {
        private readonly PreparedStatement _row = new(connection, $"INSERT INTO {table} VALUES (?1)");

        public void Write(ReadOnlySpan<int> entries)
        {
            foreach (var entry in entries)
                _row.Bind(entry).Execute();
        }

        public void Dispose() => _row.Dispose();
    }
}
