using System.Globalization;
using Gateway.Config;
using Gateway.Decisions;
using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Ledger;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Gateway.Tests.Storage.DatabaseTests;

namespace Gateway.Tests.Decisions;

public sealed class DecisionLogTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1" };

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Sample.Start);

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task DecisionsOlderThanTheirAgeAreDeletedAlsoWhereNothingNewComes()
    {
        var database = _folder.OpenDatabase();
        await using var ledger = LedgerOf(database);
        await using var log = LogOf(database, ledger, new(TimeSpan.FromDays(7), 100));
        var old = Append(log);
        _time.Advance(TimeSpan.FromDays(6));
        var young = Append(log);
        Assert.That(await log.FindAsync(old), Is.Not.Null);

        _time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));
        Assert.That(await log.FindAsync(old), Is.Null, "it is not shown even before it is deleted");
        Assert.That(
            () =>
            {
                _time.Advance(TimeSpan.FromMinutes(1));
                return Count(database);
            },
            Is.EqualTo(1).After(10_000, 20));
        Assert.That(await log.FindAsync(young), Is.Not.Null);
    }

    [Test]
    public async Task NoMoreThanTheirNumberAreKeptAndTheOldestGo()
    {
        var database = _folder.OpenDatabase();
        await using var ledger = LedgerOf(database);
        await using var log = LogOf(database, ledger, new(TimeSpan.FromDays(7), 100));
        var ids = Enumerable.Range(0, 1_000).Select(_ => Append(log)).ToList();

        Assert.That(await log.FindAsync(ids[^1]), Is.Not.Null);
        Assert.That(Count(database), Is.EqualTo(100));
        Assert.That(await log.FindAsync(ids[900]), Is.Not.Null);
        Assert.That(await log.FindAsync(ids[899]), Is.Null);
    }

    [Test]
    public async Task AShorterRetentionDeletesWhatIsThere()
    {
        var database = _folder.OpenDatabase();
        await using (var ledger = LedgerOf(database))
        await using (var log = LogOf(database, ledger, DecisionRetention.Default))
            for (var i = 0; i < 10; i++)
                Append(log);
        Assert.That(Count(database), Is.EqualTo(10));

        await using (var ledger = LedgerOf(database))
        await using (LogOf(database, ledger, DecisionRetention.None))
            Assert.That(Count(database), Is.EqualTo(10));
        Assert.That(Count(database), Is.Zero);
    }

    [Test]
    public async Task AFailingTableDropsDecisionsAndNoLedgerRow()
    {
        var database = _folder.OpenDatabase();
        await using var ledger = LedgerOf(database);
        await using var log = LogOf(database, ledger, DecisionRetention.Default);
        using var other = database.Connect();
        Run(other, "ALTER TABLE decisions RENAME TO hidden");

        var exchange = Sample.Exchange(Alice, new NanoUsd(1), decisionId: DecisionLog.NewId(_time.GetUtcNow()));
        ledger.Append(exchange);
        log.Append(exchange, _ => null);
        await ledger.FlushAsync();

        Assert.That(Scalar(other, "SELECT count(*) FROM ledger"), Is.EqualTo(1));
        Assert.That(log.Dropped, Is.GreaterThanOrEqualTo(1));
        Assert.That(ledger.IsHealthy);
    }

    [Test]
    public async Task StrangersCannotPushDecisionsOut()
    {
        var database = _folder.OpenDatabase();
        await using var ledger = LedgerOf(database);
        await using var log = LogOf(database, ledger, DecisionRetention.Default);
        for (var second = 0; second < 3; second++)
        {
            for (var i = 0; i < 100; i++)
                Append(log, caller: null);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        var last = Append(log);

        Assert.That(await log.FindAsync(last), Is.Not.Null);
        Assert.That(Count(database), Is.EqualTo(3 * 10 + 1));
    }

    [Test]
    public async Task StrangersPushOutOnlyStrangers()
    {
        var database = _folder.OpenDatabase();
        await using var ledger = LedgerOf(database);
        await using var log = LogOf(database, ledger, new(TimeSpan.FromDays(7), 50));
        var mine = Append(log);
        var strangers = new List<string>();
        for (var second = 0; second < 10; second++)
        {
            strangers.AddRange(Enumerable.Range(0, 10).Select(_ => Append(log, caller: null)));
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.That(await log.FindAsync(strangers[^1]), Is.Not.Null);
        Assert.That(await log.FindAsync(mine), Is.Not.Null);
        Assert.That(Count(database), Is.EqualTo(1 + 50), "as many strangers as others may be kept");
        Assert.That(await log.FindAsync(strangers[49]), Is.Null, "the oldest go");

        var others = Enumerable.Range(0, 50).Select(_ => Append(log)).ToList();
        Assert.That(await log.FindAsync(others[0]), Is.Not.Null);
        Assert.That((await log.FindAsync(mine), Count(database)), Is.EqualTo(((Decision?)null, 50 + 50)));
    }

    [Test]
    public async Task AThousandStrangersAreKeptAtMostAlsoAfterARestart()
    {
        var database = _folder.OpenDatabase();
        for (var start = 0; start < 2; start++)
        {
            await using var ledger = LedgerOf(database);
            await using var log = LogOf(database, ledger, DecisionRetention.Default);
            var mine = Append(log);
            for (var second = 0; second < 70; second++)
            {
                for (var i = 0; i < 10; i++)
                    Append(log, caller: null);
                _time.Advance(TimeSpan.FromSeconds(1));
            }
            Assert.That(await log.FindAsync(mine), Is.Not.Null);
            await ledger.FlushAsync();
        }
        Assert.That(Count(database), Is.EqualTo(2 + 1_000));
    }

    [Test]
    public async Task AnyTextCanBeWrittenAndExplained()
    {
        var database = _folder.OpenDatabase();
        await using var ledger = LedgerOf(database);
        await using var log = LogOf(database, ledger, DecisionRetention.Default);
        var exchange = Sample.Exchange(Alice, new NanoUsd(1), decisionId: DecisionLog.NewId(_time.GetUtcNow()));
        exchange.EndUser = "\ud800 \"'\u001b[31m\n \U0001F600";
        exchange.Attempts[0].Latency = TimeSpan.MaxValue;
        exchange.AddRoute(new()
        {
            ModelGroup = "g",
            Strategy = "s",
            Candidates =
            [
                .. Enum.GetValues<RouteVerdict>().Select(verdict => new CandidateRecord("d", verdict, double.PositiveInfinity, TimeSpan.Zero)),
            ],
        });
        log.Append(exchange, _ => "\ud800");

        var found = await log.FindAsync(exchange.DecisionId);
        using var document = System.Text.Json.JsonDocument.Parse(found!.Document);
        var words = DecisionWords.Of(document.RootElement);
        Assert.That(string.Concat(words), Does.Contain("\ufffd \"'?[31m? \U0001F600"));
        var reasons = words.Where(line => line.StartsWith("  Not ", StringComparison.Ordinal)).ToList();
        Assert.That(reasons, Has.Count.EqualTo(Enum.GetValues<RouteVerdict>().Length - 1));
        Assert.That(reasons.Select(line => line[line.IndexOf(':')..].Replace("max_parallel_requests", "")), Has.All.Not.Contain("_"));
    }

    [Test]
    public void IdsRiseWithTimeAndDiffer()
    {
        var ids = Enumerable.Range(0, 1_000).Select(i => DecisionLog.NewId(Sample.Start.AddMilliseconds(i))).ToList();
        Assert.That(ids, Is.Ordered.Using<string>(string.CompareOrdinal).And.Unique);
        Assert.That(ids, Has.All.Match("^[0-9a-f]{32}$"));
    }

    private string Append(DecisionLog log) => Append(log, Alice);

    private string Append(DecisionLog log, Caller? caller)
    {
        var now = _time.GetUtcNow();
        var id = DecisionLog.NewId(now);
        var exchange = new Exchange { Id = "c", DecisionId = id, StartedAt = now, Route = "/r", Caller = caller, Status = 200 };
        log.Append(exchange, _ => null);
        return exchange.DecisionId;
    }

    private static int Count(Database database)
    {
        using var connection = database.Connect();
        return Convert.ToInt32(Scalar(connection, "SELECT count(*) FROM decisions"), CultureInfo.InvariantCulture);
    }

    private SpendLedger LedgerOf(Database database) => new(database, _time, NullLogger<SpendLedger>.Instance);

    private DecisionLog LogOf(Database database, SpendLedger ledger, DecisionRetention retention) =>
        new(database, ledger.Writer, _time, () => retention);
}
