using System.CommandLine;
using System.Text.Json;
using Gateway.Cli;
using Gateway.Ledger;
using Gateway.Tests.Ledger;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Cli;

public sealed class SpendCommandTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = new string('a', 64), KeyAlias = "laptop, old" };
    private static readonly Caller Bob = new() { UserId = "bob \"the\" builder", KeyId = new string('b', 64) };

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Sample.Start.AddHours(1));

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task ATableShowsTheDearestFirstAndATotal()
    {
        await Spend();
        Assert.That(Run().Output, Is.EqualTo("""
            user               requests  prompt tokens  completion tokens  cost (USD)
            alice                     2             45                 30   1.5000125
            bob "the" builder         1             15                 10        0.25
            total                     3             60                 40   1.7500125

            """.ReplaceLineEndings()));
    }

    [Test]
    public async Task CsvQuotesWhatNeedsIt()
    {
        await Spend();
        Assert.That(Run("--by", "key", "--format", "csv").Output, Is.EqualTo(
            "key,alias,requests,prompt_tokens,completion_tokens,cost\r\n"
            + "aaaaaaaaaaaa,\"laptop, old\",2,45,30,1.5000125\r\n"
            + "bbbbbbbbbbbb,,1,15,10,0.25\r\n"));
        Assert.That(Run("--format", "csv").Output, Does.Contain("\"bob \"\"the\"\" builder\",1,"));
    }

    [Test]
    public async Task JsonIsAnArrayOfLines()
    {
        await Spend();
        using var json = JsonDocument.Parse(Run("--by", "model", "--format", "json").Output);
        var lines = json.RootElement.EnumerateArray().Select(line =>
            (line.GetProperty("model").GetString(), line.GetProperty("requests").GetInt64(), line.GetProperty("cost").GetDecimal()));
        Assert.That(lines, Is.EqualTo(new[] { ("claude", 2L, 1.25m), ("gpt-4o", 2L, 0.5000125m) }));
    }

    [Test]
    public async Task DaysAreInTheirOrderAndOldOnesLeftOut()
    {
        await using (var ledger = Ledger())
            for (var day = 0; day < 10; day++)
                ledger.Append(Sample.Exchange(Alice, new NanoUsd(1), at: Sample.Start.AddDays(-day)));
        var days = Run("--by", "day", "--since", "2d", "--format", "csv").Output.Split("\r\n")[1..^1].Select(line => line.Split(',')[0]);
        Assert.That(days, Is.EqualTo(new[] { "2026-11-22", "2026-11-23" }));
    }

    [Test]
    public async Task ARequestCountsInEachOfItsTagsAndOneWithoutInNone()
    {
        await using (var ledger = Ledger())
        {
            ledger.Append(Sample.Exchange(Alice, new NanoUsd(1)));
            var tagged = Sample.Exchange(Alice, new NanoUsd(2));
            tagged.Tags = ["night", "batch"];
            ledger.Append(tagged);
        }
        var lines = Run("--by", "tag", "--csv").Output.Split("\r\n")[1..^1];
        Assert.That(lines, Is.EqualTo(new[] { "batch,1,15,10,0.000000002", "night,1,15,10,0.000000002", "(no tag),1,15,10,0.000000001" }));
    }

    [Test]
    public async Task WhatSeveralTagsShareIsNotAddedUp()
    {
        await using (var ledger = Ledger())
        {
            var tagged = Sample.Exchange(Alice, new NanoUsd(2));
            tagged.Tags = ["night", "batch"];
            ledger.Append(tagged);
        }
        Assert.That(Run("--by", "tag").Output, Does.Contain("night").And.Not.Contain("total"));
    }

    [Test]
    public async Task EndUsersAddUpAndThoseWithoutOneAreTogether()
    {
        await using (var ledger = Ledger())
        {
            foreach (var endUser in new[] { "customer-1", "customer-1", null })
            {
                var exchange = Sample.Exchange(Alice, new NanoUsd(2));
                exchange.EndUser = endUser;
                ledger.Append(exchange);
            }
        }
        Assert.That(Run("--by", "end_user", "--csv").Output, Is.EqualTo(
            "end_user,requests,prompt_tokens,completion_tokens,cost\r\n"
            + "customer-1,2,30,20,0.000000004\r\n(no end_user),1,15,10,0.000000002\r\n"));
    }

    [TestCase("user", "alice")]
    [TestCase("team", "(no team)")]
    [TestCase("model", "claude")]
    [TestCase("key", "laptop, old")]
    [TestCase("tag", "(no tag)")]
    [TestCase("day", "2026-11-23")]
    [TestCase("end_user", "(no end_user)")]
    [TestCase("provider", "openai")]
    public async Task EveryGroupingComesInEveryFormat(string by, string shown)
    {
        await Spend();
        var (code, table, _) = Run("--by", by);
        Assert.That((code, table.Split(' ')[0]), Is.EqualTo((0, by)));
        Assert.That(table, Does.Contain(shown));
        using var json = JsonDocument.Parse(Run("--by", by, "--json").Output);
        Assert.That(json.RootElement.EnumerateArray().Sum(line => line.GetProperty("cost").GetDecimal()), Is.EqualTo(1.7500125m));
        Assert.That(json.RootElement[0].TryGetProperty(by, out _));
        var csv = Run("--by", by, "--csv").Output.Split("\r\n");
        Assert.That(csv[0], Does.StartWith(by + ","));
        Assert.That(csv, Has.Length.EqualTo(json.RootElement.GetArrayLength() + 2));
    }

    [Test]
    public async Task TeamsAddUpAndThoseWithoutOneAreTogether()
    {
        await using (var ledger = Ledger())
        {
            foreach (var user in new[] { "alice", "bob" })
                ledger.Append(Sample.Exchange(new Caller { UserId = user, KeyId = "", TeamId = "red" }, new NanoUsd(5)));
            ledger.Append(Sample.Exchange(Bob, new NanoUsd(1)));
        }
        using var json = JsonDocument.Parse(Run("--by", "team", "--json").Output);
        var lines = json.RootElement.EnumerateArray().Select(line =>
            (line.GetProperty("team").GetString(), line.GetProperty("requests").GetInt64(), line.GetProperty("cost").GetDecimal()));
        Assert.That(lines, Is.EqualTo(new[] { ("red", 2L, 0.00000001m), ("(no team)", 1L, 0.000000001m) }));
    }

    [Test]
    public async Task OnlyWhatLiesBetweenTwoDatesCounts()
    {
        await using (var ledger = Ledger())
            for (var day = 0; day < 10; day++)
                ledger.Append(Sample.Exchange(Alice, new NanoUsd(1), at: Sample.Start.AddDays(-day)));
        var days = Run("--by", "day", "--since", "2026-11-18", "--until", "2026-11-20", "--csv").Output.Split("\r\n")[1..^1];
        Assert.That(days.Select(line => line.Split(',')[0]), Is.EqualTo(new[] { "2026-11-18", "2026-11-19" }));
    }

    [Test]
    public async Task AResetIsSaidAndDoesNotMakeWhatWasSpentLess()
    {
        await Spend();
        var before = Run().Output;
        Assert.That(Run("reset", "alice"), Is.EqualTo((0, $"alice starts from zero; 1.5000125 USD were taken back.{Environment.NewLine}", "")));
        Assert.That(Run().Output, Is.EqualTo(before));
        Assert.That(Run("reset", "alice"), Is.EqualTo(
            (1, "", $"gateway spend reset: alice has spent nothing since the last reset.{Environment.NewLine}")));
    }

    [Test]
    public async Task ItWorksBesideARunningGateway()
    {
        await using var ledger = Ledger();
        ledger.Append(Sample.Exchange(Alice, NanoUsd.FromUsd(3m)));
        await ledger.FlushAsync();
        Assert.That(Run("--format", "json").Output, Does.Contain("\"cost\": 3"));
    }

    [Test]
    public void AnEmptyLedgerIsNoError()
    {
        _folder.OpenDatabase();
        Assert.That(Run("--format", "json"), Is.EqualTo((0, "[]" + Environment.NewLine, "")));
    }

    [Test]
    public void WithoutADatabaseThereIsOneLineOnStandardError()
    {
        var (code, output, error) = Run();
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error.TrimEnd(), Does.Contain("there is no such database").And.Not.Contain('\n'));
    }

    [TestCase("90m", 90)]
    [TestCase("24h", 1440)]
    [TestCase("7d", 10_080)]
    [TestCase("2w", 20_160)]
    public void TimesAreReadWithTheirUnit(string text, int minutes)
    {
        Assert.That(SpendCommand.TryReadSince(text, out var since));
        Assert.That(since.TotalMinutes, Is.EqualTo(minutes));
    }

    [TestCase("")]
    [TestCase("d")]
    [TestCase("7")]
    [TestCase("-7d")]
    [TestCase("7y")]
    [TestCase("2000000000d")]
    [TestCase("99999999999999d")]
    public void WhatIsNoTimeIsRefused(string text) => Assert.That(SpendCommand.TryReadSince(text, out _), Is.False);

    [Test]
    public void AWrongTimeIsAnErrorOfTheCommandLine() => Assert.That(Run("--since", "yesterday").Code, Is.Not.Zero);

    /// <summary>Three requests; the second of Alice fell back from gpt-4o to claude.</summary>
    private async Task Spend()
    {
        await using var ledger = Ledger();
        ledger.Append(Sample.Exchange(Alice, NanoUsd.FromUsd(0.5m)));
        var fallback = Sample.Exchange(Alice, new NanoUsd(12_500));
        fallback.Attempts.Add(Sample.Attempt(2, AttemptKind.Fallback, NanoUsd.FromUsd(1m), "claude"));
        ledger.Append(fallback);
        ledger.Append(Sample.Exchange(Bob, NanoUsd.FromUsd(0.25m), "claude"));
    }

    private SpendLedger Ledger() => new(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance);

    private (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var command = SpendCommand.Create(new Dictionary<string, string>(), _time);
        var code = command.Parse([.. arguments, "--db", _folder.File("gateway.db")])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
