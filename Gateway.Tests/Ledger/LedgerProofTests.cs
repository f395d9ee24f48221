using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Ledger;

public sealed class LedgerProofTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1", KeyAlias = "laptop", TeamId = "red" };

    private readonly TempFolder _folder = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task WhatTheWriterWroteHolds()
    {
        await Write(1000);
        var proof = Prove();
        Assert.That(proof.Broken, Is.Null);
        Assert.That(proof.Head.Count, Is.EqualTo(1000));
        Assert.That(proof.Head, Is.EqualTo(LedgerHead.Read(_folder.OpenDatabase())));
    }

    [Test]
    public void AnEmptyLedgerHolds()
    {
        _folder.OpenDatabase();
        Assert.That(Prove(), Is.EqualTo(new LedgerProof(new LedgerHead(0, new string('0', 64)), null, null)));
    }

    [Test]
    public async Task ARestartGoesOnWithTheSameChain()
    {
        await Write(3);
        var before = Prove().Head;
        await Write(4);
        var proof = Prove(before);
        Assert.That((proof.Broken, proof.Head.Count, proof.IsExpectedFound), Is.EqualTo(((string?)null, 7L, (bool?)true)));
    }

    [TestCase("cost_nano_usd = 1")]
    [TestCase("user_id = 'bob'")]
    [TestCase("end_user = ''")]
    [TestCase("key_alias = NULL")]
    [TestCase("time_ms = time_ms + 1")]
    [TestCase("tags = cast(x'ff' AS TEXT)")]
    [TestCase("booked_ms = 0")]
    [TestCase("price = '{}'")]
    [TestCase("hash = NULL")]
    [TestCase("hash = zeroblob(32)")]
    public async Task AChangedRowIsNamed(string change) =>
        Assert.That((await Tamper($"UPDATE ledger SET {change} WHERE id = 5")).Broken, Does.StartWith("Row 5 is not as it was written"));

    [Test]
    public async Task AMissingRowIsNamed() =>
        Assert.That((await Tamper("DELETE FROM ledger WHERE id = 5")).Broken, Does.StartWith("Row 5 is missing; the next row, 6"));

    [Test]
    public async Task RowsMissingAtTheEndAreNamed() => Assert.That(
        (await Tamper("DELETE FROM ledger WHERE id > 8")).Broken,
        Does.StartWith("Row 9 is missing, and all rows after it: there were 10 rows, and there are 8"));

    [Test]
    public async Task ARowMissingAtTheStartIsNamed() =>
        Assert.That((await Tamper("DELETE FROM ledger WHERE id = 1")).Broken, Does.StartWith("Row 1 is missing; the next row, 2"));

    [Test]
    public async Task SwappedRowsAreNamed() => Assert.That(
        (await Tamper("UPDATE ledger SET id = -1 WHERE id = 5; UPDATE ledger SET id = 5 WHERE id = 6; UPDATE ledger SET id = 6 WHERE id = -1"))
            .Broken,
        Does.StartWith("Row 5 is not as it was written"));

    [Test]
    public async Task AnInsertedRowIsNamed()
    {
        const string Copy = "CREATE TEMP TABLE x AS SELECT {0} FROM ledger WHERE id = 4; UPDATE x SET id = {1};"
            + " INSERT INTO ledger ({0}) SELECT {0} FROM x";
        var atTheEnd = await Tamper(string.Format(null, Copy, LedgerTable.Columns + ", hash", 11));
        Assert.That(atTheEnd.Broken, Does.StartWith("Row 11 is not as it was written"));
    }

    [Test]
    public async Task AChainThatWasMadeAnewDoesNotHoldTheEarlierHead()
    {
        await Write(10);
        var noted = Prove().Head;
        // Somebody who may write the file, and knows how, changes a row and chains everything again.
        var proof = await Tamper("UPDATE ledger SET cost_nano_usd = 99 WHERE id = 3", rows: 0, chainAgain: true, expected: noted);
        Assert.That((proof.Broken, proof.IsExpectedFound), Is.EqualTo(((string?)null, (bool?)false)));
    }

    [TestCase("UPDATE balance SET spent_nano_usd = 1 WHERE kind = 'user'", "The balance of user 'alice' is 0.000000001 USD")]
    [TestCase("DELETE FROM balance WHERE kind = 'team'", "The balance of team 'red' is missing")]
    [TestCase("INSERT INTO balance VALUES ('user', 'mallory', -5, 0)", "The balance of user 'mallory' is -0.000000005 USD")]
    public async Task ABalanceThatIsNotTheSumOfItsRowsIsNamed(string sql, string named) =>
        Assert.That((await Tamper(sql)).Broken, Does.StartWith(named));

    [Test]
    public async Task WhatWasSpentWithoutRowsIsNoError()
    {
        await Write(3);
        await Write(3, keepRows: false);
        await Write(3);
        Assert.That((Prove().Broken, Prove().Head.Count), Is.EqualTo(((string?)null, 6L)));
    }

    [Test]
    public async Task AnEarlierHeadIsFoundWithAndWithoutItsCount()
    {
        await Write(3);
        var noted = Prove().Head;
        await Write(3);
        Assert.Multiple(() =>
        {
            Assert.That(Prove(noted).IsExpectedFound, Is.True);
            Assert.That(Prove(noted with { Count = -1 }).IsExpectedFound, Is.True);
            Assert.That(Prove(noted with { Count = 2 }).IsExpectedFound, Is.False);
            Assert.That(Prove(new LedgerHead(0, new string('0', 64))).IsExpectedFound, Is.True);
            Assert.That(Prove(new LedgerHead(-1, new string('a', 64))).IsExpectedFound, Is.False);
        });
    }

    [Test]
    public async Task TheRowsOfAnOlderDatabaseAreChainedWhenItIsMigrated()
    {
        var path = _folder.File("gateway.db");
        using (var old = Database.Open(path, false, [.. Migration.All.Take(2)]).Connect())
        {
            for (var i = 0; i < 20; i++)
                Database.Run(old, $"""
                    INSERT INTO ledger (time_ms, exchange_id, attempt, kind, key_id, user_id, team_id, route, model_group, deployment_id,
                      provider, model, status, input_tokens, cached_read_tokens, cache_write_tokens, cache_write_hour_tokens,
                      input_audio_tokens, output_tokens, reasoning_tokens, output_audio_tokens, cost_nano_usd, latency_ms, is_estimated,
                      is_stream, end_user)
                    VALUES ({i}, 'x{i}', 1, 'first', '', 'u{i % 3}', 'red', '/', 'm', 'd', 'p', 'p/m', 200, 1, 0, 0, 0, 0, 1, 0, 0, {i}, 5,
                      0, 0, 'ü')
                    """);
            Database.Run(old, """
                INSERT INTO balance SELECT 'user', user_id, sum(cost_nano_usd) FROM ledger GROUP BY 2;
                INSERT INTO balance VALUES ('team', 'red', 1000)
                """);
        }

        var database = _folder.OpenDatabase();
        await Write(1);
        var proof = Prove();
        Assert.Multiple(() =>
        {
            Assert.That((proof.Broken, proof.Head.Count), Is.EqualTo(((string?)null, 21L)));
            Assert.That(File.Exists(path + ".backup-v2"));
            using var connection = database.Connect();
            // 1000, of which the rows made 190.
            Assert.That(DatabaseTests.Scalar(connection, "SELECT unlogged_nano_usd FROM balance WHERE kind = 'team'"), Is.EqualTo(810));
            Assert.That(() => Database.Run(connection, "UPDATE ledger SET cost_nano_usd = 0"), Throws.Exception);
        });
    }

    [Test]
    public async Task ItCanBeProvedWhileRowsAreWritten()
    {
        var database = _folder.OpenDatabase();
        await using var ledger = new SpendLedger(database, TimeProvider.System, NullLogger<SpendLedger>.Instance);
        var beside = Database.OpenExisting(database.Path, readOnly: true);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                for (var i = 0; i < 20; i++)
                    ledger.Append(Sample.Exchange(Alice, new NanoUsd(i)));
                await ledger.FlushAsync();
            }
        });
        LedgerHead? last = null;
        for (var i = 0; i < 20 || last!.Count == 0; i++)
        {
            var proof = LedgerProof.Of(beside, last);
            Assert.That((proof.Broken, proof.IsExpectedFound ?? true), Is.EqualTo(((string?)null, true)));
            last = proof.Head;
        }
        await stop.CancelAsync();
        await writing;
    }

    [Test]
    public async Task TheHeadIsLoggedAtTheStartAndOnceADay()
    {
        await Write(3);
        var time = new FakeTimeProvider();
        var logger = new RecordingLogger<HeadLog>();
        using var log = new HeadLog(_folder.OpenDatabase(), time, logger);
        await Write(2);
        time.Advance(TimeSpan.FromDays(1));
        Assert.That(logger.Messages, Has.Count.EqualTo(2));
        Assert.That(logger.Messages[0], Does.Contain("ends at 3:"));
        Assert.That(logger.Messages[1], Does.EndWith($"ends at {Prove().Head}"));
    }

    private async Task Write(int rows, bool keepRows = true)
    {
        await using var ledger = new SpendLedger(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance, keepRows);
        for (var i = 0; i < rows; i++)
            ledger.Append(Sample.Exchange(Alice, new NanoUsd(100 + i)));
    }

    private LedgerProof Prove(LedgerHead? expected = null) =>
        LedgerProof.Of(Database.OpenExisting(_folder.File("gateway.db"), readOnly: true), expected);

    /// <summary>Writes rows, then does to the file what the triggers forbid.</summary>
    private async Task<LedgerProof> Tamper(string sql, int rows = 10, bool chainAgain = false, LedgerHead? expected = null)
    {
        await Write(rows);
        using (var connection = _folder.OpenDatabase().Connect())
        {
            Database.Run(connection, "DROP TRIGGER ledger_no_update; DROP TRIGGER ledger_no_delete");
            Database.Run(connection, sql);
            if (chainAgain)
            {
                Database.Run(connection, "DELETE FROM ledger_head");
                LedgerTable.ChainAll(connection);
            }
        }
        return Prove(expected);
    }
}
