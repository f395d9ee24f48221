using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Ledger;

public sealed class ArchiveTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 10, 20, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset November = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1", TeamId = "red" };
    private static readonly Caller Bob = new() { UserId = "bob", KeyId = "k2" };

    private readonly LedgerFixture _ledger = new(Now);

    [TearDown]
    public async Task RemoveLedger() => await _ledger.DisposeAsync();

    [Test]
    public async Task WholeOldMonthsMoveToTheirFilesAndTheChainGoesThroughThem()
    {
        await Fill();
        var before = LedgerProof.Of(_ledger.Database, null);
        MoveAll();
        var after = LedgerProof.Of(_ledger.Database, before.Head);
        Assert.Multiple(() =>
        {
            Assert.That((after.Broken, after.Head, after.IsExpectedFound), Is.EqualTo(((string?)null, before.Head, (bool?)true)));
            Assert.That(RowsOf("gateway-2026-08.db"), Is.EqualTo("1 3"));
            Assert.That(RowsOf("gateway-2026-10.db"), Is.EqualTo("4 8"), "a row of August that was written in October with those of then");
            Assert.That(RowsOf("gateway.db"), Is.EqualTo("9 12"), "and one of October that was written in November stays");
            Assert.That(Directory.GetFiles(_ledger.Folder, "gateway-*.db"), Has.Length.EqualTo(2));
        });
    }

    [Test]
    public async Task WhatFollowsGoesOnWithTheChainAndTheNextMonthMovesLater()
    {
        await Fill();
        MoveAll();
        await _ledger.BookAsync(Alice, 5, Now);
        Assert.That(LedgerProof.Of(_ledger.Database, null) is { Broken: null, Head.Count: 13 });
        MoveAll(new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero));
        await _ledger.BookAsync(Alice, 5, Now.AddDays(10));
        Assert.That(LedgerProof.Of(_ledger.Database, null) is { Broken: null, Head.Count: 14 });
        Assert.That(RowsOf("gateway-2026-11.db"), Is.EqualTo("9 13"));
    }

    [Test]
    public async Task EarlierHeadsAreFoundInArchives()
    {
        await _ledger.BookAsync(Alice, 5, November.AddDays(-90));
        var noted = LedgerHead.Read(_ledger.Database);
        await Fill();
        MoveAll();
        Assert.That(LedgerProof.Of(_ledger.Database, noted).IsExpectedFound, Is.True);
        Assert.That(LedgerProof.Of(_ledger.Database, noted with { Count = 2 }).IsExpectedFound, Is.False);
    }

    [Test]
    public async Task AMissingArchiveIsNamedAndTheRestIsWalked()
    {
        await Fill();
        MoveAll();
        File.Move(_ledger.File("gateway-2026-08.db"), _ledger.File("elsewhere"));
        var proof = LedgerProof.Of(_ledger.Database, null);
        Assert.That(proof.Broken, Is.EqualTo("The archive gateway-2026-08.db with rows 1 to 3 is missing."));
        Assert.That(proof.Head, Is.EqualTo(LedgerHead.Read(_ledger.Database)));
        Assert.That(LedgerProof.OfDatabase(_ledger.Database).Broken, Is.Null, "a copy of the database alone holds");
        Assert.That(
            () => SpendReport.Read(_ledger.Database, SpendGrouping.User, November.AddDays(-90)),
            Throws.TypeOf<StorageException>().With.Message.Contains("gateway-2026-08.db: is missing; rows 1 to 3"));
        var recent = SpendReport.Read(_ledger.Database, SpendGrouping.User, November.AddDays(-20));
        Assert.That(recent, Is.Not.Empty, "which needs October alone");
    }

    [TestCase("UPDATE ledger SET cost_nano_usd = 1 WHERE id = 2", "In the archive gateway-2026-08.db: Row 2 is not as it was written")]
    [TestCase("DELETE FROM ledger WHERE id = 2", "In the archive gateway-2026-08.db: Row 2 is missing")]
    [TestCase("DELETE FROM ledger WHERE id = 3", "The archive gateway-2026-08.db ends at row 2 after 2 rows, but was kept to end after 3.")]
    public async Task AChangedArchiveIsNamed(string sql, string named)
    {
        await Fill();
        MoveAll();
        Run(_ledger.File("gateway-2026-08.db"), sql);
        Assert.That(LedgerProof.Of(_ledger.Database, null).Broken, Does.StartWith(named));
    }

    [TestCase("UPDATE archived_balance SET nano_usd = 1 WHERE kind = 'user' AND id = 'bob'", "The archives' part of the balance of user 'bob'")]
    [TestCase("DELETE FROM archived_balance WHERE id = 'red'", "The archives' part of the balance of team 'red'")]
    public async Task WhatIsKeptOfArchivesMustBeWhatTheyAddUpTo(string sql, string named)
    {
        await Fill();
        MoveAll();
        Run(_ledger.Database.Path, sql);
        Assert.That(LedgerProof.Of(_ledger.Database, null).Broken, Does.StartWith(named));
    }

    [Test]
    public async Task OnlyWhatWasMovedMayBeRemoved()
    {
        await Fill();
        MoveAll();
        Refuses("DELETE FROM ledger WHERE id = 9", "append-only");
        Refuses("DELETE FROM archive", "stay archived");
        Refuses("UPDATE archive SET last_id = 2", "stay archived");

        void Refuses(string sql, string why) =>
            Assert.That(() => Run(_ledger.Database.Path, sql), Throws.Exception.With.Message.Contains(why));
    }

    [Test]
    public async Task ReportsAndExportsReadArchives()
    {
        await Fill();
        var (users, days, tags) = (Report(SpendGrouping.User), Report(SpendGrouping.Day), Report(SpendGrouping.Tag));
        var (csv, json, recent) = (Export(true, null), Export(false, null), Export(true, November));
        var usage = BookedUsage.Read(_ledger.Database, new LedgerFilter()).ToList();
        MoveAll();
        Assert.Multiple(() =>
        {
            Assert.That(Report(SpendGrouping.User), Is.EqualTo(users));
            Assert.That(Report(SpendGrouping.Day), Is.EqualTo(days));
            Assert.That(Report(SpendGrouping.Tag), Is.EqualTo(tags));
            Assert.That(Export(true, null), Is.EqualTo(csv).And.Contains("alice"));
            Assert.That(Export(false, null), Is.EqualTo(json));
            Assert.That(Export(true, November), Is.EqualTo(recent));
            Assert.That(BookedUsage.Read(_ledger.Database, new LedgerFilter()), Is.EqualTo(usage));
        });
    }

    [Test]
    public async Task AnArchiveOfAVersionWithoutPricesIsReadAndGoneOnWith()
    {
        for (var i = 0; i < 600; i++)
            _ledger.Ledger.Append(Exchange(Alice, November.AddDays(-60)));
        await _ledger.Ledger.FlushAsync().WaitAsync(GatewayHost.Patience);
        var (head, csv) = (LedgerHead.Read(_ledger.Database), Export(true, null));
        Assert.That(new ArchiveWriter(_ledger.Database).MoveSome(November), Is.InRange(1, 599));
        using (var archive = new SqliteConnection($"Data Source={_ledger.File("gateway-2026-09.db")};Pooling=False"))
        {
            archive.Open();
            Database.Run(archive, "ALTER TABLE ledger DROP COLUMN price");
        }
        Assert.That((LedgerProof.Of(_ledger.Database, head).Broken, Export(true, null)), Is.EqualTo((null as string, csv)));
        MoveAll();
        Assert.That((LedgerProof.Of(_ledger.Database, head).Broken, Export(true, null)), Is.EqualTo((null as string, csv)));
    }

    [Test]
    public async Task AnArchivedRowIsNotSettledAnyMore()
    {
        await Fill();
        MoveAll();
        Assert.That(_ledger.Clerk.Settle(2, NanoUsd.Zero, out _), Does.StartWith("Row 2 lies in the archive gateway-2026-08.db"));
        Assert.That(_ledger.Clerk.Settle(99, NanoUsd.Zero, out _), Does.StartWith("There is no row 99"));
    }

    [Test]
    public async Task ACopyThatWasCutOffIsMadeAnew()
    {
        await Fill();
        // As a kill between the copy and the removal leaves it: rows in both places, and more in the file than were noted.
        MoveAll();
        File.Copy(_ledger.File("gateway-2026-08.db"), _ledger.File("copy"));
        await using var other = new LedgerFixture(Now);
        File.Copy(_ledger.File("copy"), other.File("gateway-2026-08.db"));
        Assert.That(await Moved(other), Does.Contain("is no part of this ledger"), "rows of another ledger are not overwritten");

        await using var cut = new LedgerFixture(Now);
        await Fill(cut);
        Run(cut.Database.Path, $"""
            ATTACH '{cut.File("gateway-2026-08.db")}' AS m;
            CREATE TABLE m.ledger AS SELECT * FROM ledger WHERE id <= 2;
            """);
        Assert.That(await Moved(cut), Is.Empty);
        Assert.That(LedgerProof.Of(cut.Database, null).Broken, Is.Null);
    }

    [Test]
    public async Task RowsBehindTheLastThatWasNotedAreReplaced()
    {
        for (var i = 0; i < 600; i++)
            _ledger.Ledger.Append(Sample.Exchange(Alice, new NanoUsd(i), at: November.AddDays(-60)));
        await _ledger.Ledger.FlushAsync().WaitAsync(GatewayHost.Patience);
        var writer = new ArchiveWriter(_ledger.Database);
        Assert.That(writer.MoveSome(November), Is.GreaterThan(0).And.LessThan(600));
        using (var connection = _ledger.Database.Connect())
        using (var attach = new PreparedStatement(connection, "ATTACH ?1 AS m"))
        {
            attach.Bind(_ledger.File("gateway-2026-09.db")).Execute();
            Database.Run(connection, $"""
                INSERT INTO m.ledger ({LedgerTable.Columns}, hash) SELECT {LedgerTable.Columns}, hash FROM main.ledger;
                UPDATE m.ledger SET cost_nano_usd = 7 WHERE id = 599;
                """);
        }
        Assert.That(LedgerProof.Of(_ledger.Database, null) is { Broken: null, Head.Count: 600 }, "what is not noted does not count");
        while (writer.MoveSome(November) > 0)
        {
        }
        Assert.That(LedgerProof.Of(_ledger.Database, null) is { Broken: null, Head.Count: 600 });
        Assert.That(RowsOf("gateway.db"), Is.EqualTo(" "));
    }

    [Test]
    public async Task ACopyThatWasCutOffInTheMiddleOfItsTransactionIsUndone()
    {
        for (var i = 0; i < 600; i++)
            _ledger.Ledger.Append(Sample.Exchange(Alice, new NanoUsd(i), at: November.AddDays(-60)));
        await _ledger.Ledger.FlushAsync().WaitAsync(GatewayHost.Patience);
        var writer = new ArchiveWriter(_ledger.Database);
        writer.MoveSome(November);
        var (file, journal) = (_ledger.File("gateway-2026-09.db"), _ledger.File("gateway-2026-09.db-journal"));
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            // A cache of one page writes to the file before the commit.
            Database.Run(connection, "PRAGMA cache_size = 1; BEGIN; UPDATE ledger SET cost_nano_usd = 1");
            File.Copy(file, file + ".cut");
            File.Copy(journal, journal + ".cut");
            Database.Run(connection, "ROLLBACK");
        }
        File.Move(file + ".cut", file, overwrite: true);
        File.Move(journal + ".cut", journal, overwrite: true);
        var reader = Database.OpenExisting(_ledger.Database.Path, readOnly: true);
        Assert.That(LedgerProof.Of(reader, null) is { Broken: null, Head.Count: 600 });
    }

    [Test]
    public async Task ItMovesInTheBackgroundWhileTheGatewayWritesAndLooksAgain()
    {
        await Fill();
        var cut = November.AddMonths(-2);
        await using var retention = new LedgerRetention(
            _ledger.Database, () => cut, () => TimeSpan.FromDays(1), _ledger.Time, NullLogger<LedgerRetention>.Instance);
        Assert.That(() => Advance(TimeSpan.FromMilliseconds(100), "gateway-2026-08.db"), Is.EqualTo("1 3").After(60_000, 20));
        cut = November;
        await _ledger.BookAsync(Bob, 4, Now);
        Assert.That(() => Advance(TimeSpan.FromHours(1), "gateway-2026-10.db"), Is.EqualTo("4 8").After(60_000, 20));
        await retention.DisposeAsync();
        Assert.That(LedgerProof.Of(_ledger.Database, null) is { Broken: null, Head.Count: 13 });

        string Advance(TimeSpan by, string file)
        {
            _ledger.Time.Advance(by);
            return File.Exists(_ledger.File(file)) ? RowsOf(file) : "";
        }
    }

    private async Task Fill() => await Fill(_ledger);

    /// <summary>Rows of August, October and November; in October one that began in August, in November one that began in October.</summary>
    private static async Task Fill(LedgerFixture ledger)
    {
        var (august, october) = (November.AddMonths(-3), November.AddMonths(-1));
        foreach (var (caller, at) in (ReadOnlySpan<(Caller, DateTimeOffset)>)[
            (Alice, august), (Bob, august.AddDays(30)), (Alice, august.AddDays(30)),
            (Alice, october), (Bob, august.AddDays(2)), (Alice, october.AddDays(1)), (Bob, october.AddDays(2)),
            (Alice, November.AddMilliseconds(-1)),
            (Alice, November), (Bob, October(3)), (Alice, Now), (Bob, Now)])
            ledger.Ledger.Append(Exchange(caller, at));
        await ledger.Ledger.FlushAsync().WaitAsync(GatewayHost.Patience);
    }

    private static DateTimeOffset October(int day) => November.AddMonths(-1).AddDays(day);

    private static Exchange Exchange(Caller caller, DateTimeOffset at)
    {
        var exchange = Sample.Exchange(caller, new NanoUsd(at.ToUnixTimeMilliseconds() % 1000 + 17), at: at);
        exchange.Tags = ["x", "y"];
        exchange.Attempts[0].IsEstimated = true;
        return exchange;
    }

    private void MoveAll(DateTimeOffset? before = null)
    {
        var writer = new ArchiveWriter(_ledger.Database);
        while (writer.MoveSome(before ?? November) > 0)
        {
        }
    }

    /// <returns>Why the rows of a ledger could not be moved; empty when they were.</returns>
    private static async Task<string> Moved(LedgerFixture ledger)
    {
        if (LedgerHead.Read(ledger.Database).Count == 0)
            await ledger.BookAsync(Bob, 5, November.AddMonths(-3));
        try
        {
            while (new ArchiveWriter(ledger.Database).MoveSome(November) > 0)
            {
            }
            return "";
        }
        catch (StorageException e)
        {
            return e.Message;
        }
    }

    private string RowsOf(string file)
    {
        using var connection = new SqliteConnection($"Data Source={_ledger.File(file)};Mode=ReadOnly;Pooling=False");
        connection.Open();
        return DatabaseTests.Scalar(connection, "SELECT coalesce(min(id), '') || ' ' || coalesce(max(id), '') FROM ledger")!.ToString()!;
    }

    private IReadOnlyList<SpendLine> Report(SpendGrouping by) => SpendReport.Read(_ledger.Database, by, November.AddYears(-1));

    private string Export(bool isCsv, DateTimeOffset? since)
    {
        using var output = new StringWriter();
        if (isCsv)
            LedgerExport.WriteCsv(_ledger.Database, new LedgerFilter(since), output);
        else
            LedgerExport.WriteJsonLines(_ledger.Database, new LedgerFilter(since), output);
        return output.ToString();
    }

    private static void Run(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Database.Run(connection, sql);
    }
}
