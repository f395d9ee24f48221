using System.CommandLine;
using System.Text.Json;
using Gateway.Cli;
using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Ledger;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Cli;

public sealed class LedgerCommandTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1", KeyAlias = "=HYPERLINK(\"x\")" };
    private static readonly Caller Bob = new() { UserId = "bob", KeyId = "k2", TeamId = "red" };

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Sample.Start.AddHours(1));

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task VerifyPrintsCountAndHeadWhichItKnowsAgain()
    {
        await Spend();
        var (code, output, error) = Run("verify");
        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(output, Does.StartWith("The ledger holds: 3 rows, head 3:"));
        var head = output.Trim().Split(' ')[^1];

        await Spend();

        Assert.That(Run("verify", "--expect", head).Code, Is.Zero);
        Assert.That(Run("verify", "--expect", head.Split(':')[1].ToUpperInvariant()).Code, Is.Zero);
        var (wrong, _, why) = Run("verify", "--expect", "2:" + head.Split(':')[1]);
        Assert.That(wrong, Is.EqualTo(1));
        Assert.That(why, Does.Contain("does not lie on the chain after 2 rows"));
    }

    [Test]
    public async Task ABrokenChainIsTheExitCodeAndNamesTheRow()
    {
        await Spend();
        using (var connection = _folder.OpenDatabase().Connect())
            Database.Run(connection, "DROP TRIGGER ledger_no_update; UPDATE ledger SET cost_nano_usd = 0 WHERE id = 2");
        var (code, output, error) = Run("verify");
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error, Does.Contain("Row 2 is not as it was written").And.Contains("holds for 1 rows"));
    }

    [Test]
    public async Task VerifyWalksArchivesAndNamesOneThatIsMissing()
    {
        await Spend();
        var head = Run("verify").Output.Trim().Split(' ')[^1];
        new ArchiveWriter(_folder.OpenDatabase()).MoveSome(Sample.Start.AddMonths(1));
        await Spend();
        Assert.That(Run("verify", "--expect", head).Code, Is.Zero);
        Assert.That(Run("verify").Output, Does.StartWith("The ledger holds: 6 rows"));

        File.Delete(_folder.File("gateway-2026-11.db"));
        var (code, _, error) = Run("verify");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(error, Does.Contain("The archive gateway-2026-11.db with rows 1 to 3 is missing."));
    }

    [TestCase("abc")]
    [TestCase("x:0000000000000000000000000000000000000000000000000000000000000000")]
    public void WhatIsNoHeadIsRefused(string head) => Assert.That(Run("verify", "--expect", head).Code, Is.Not.Zero);

    [Test]
    public async Task VerifyWorksBesideARunningGatewayUnderLoad()
    {
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: m
                litellm_params: { model: openai/m, mock_response: hello, input_cost_per_token: 0.00001, output_cost_per_token: 0.00001 }
            """);
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
                (await gateway.ChatAsync("""{"model":"m","messages":[{"role":"user","content":"hi"}]}""")).EnsureSuccessStatusCode();
        })).ToArray();
        for (var i = 0; i < 10; i++)
            Assert.That(RunOn(gateway.DatabasePath, "verify").Error, Is.Empty);
        await Task.WhenAll(load);
        await gateway.StopAsync();
        Assert.That(RunOn(gateway.DatabasePath, "verify").Output, Does.Contain(" 100 rows"));
    }

    [Test]
    public async Task CsvHasAllColumnsQuotedAndWithoutFormulas()
    {
        await Spend();
        var lines = Run("export").Output.Split("\r\n");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Has.Length.EqualTo(5)); // the head, three rows, the end of the last line
            Assert.That(lines[0], Does.StartWith("id,time_ms,exchange_id,").And.EndWith(",decision_id,reference,booked_ms,price,hash"));
            Assert.That(lines[1], Does.Contain(",\"'=HYPERLINK(\"\"x\"\")\",alice,").And.Contains("\"[\"\"a\"\",\"\"b\"\"]\""));
            Assert.That(lines[3], Does.Contain(",bob,red,"));
            Assert.That(lines[3], Does.EndWith(LedgerHead.Read(_folder.OpenDatabase()).Hash));
        });
    }

    [Test]
    public async Task JsonLinesHoldTagsAndUsageAsJson()
    {
        await Spend();
        var rows = Run("export", "--format", "jsonl").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using var first = JsonDocument.Parse(rows[0]);
        var row = first.RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(rows, Has.Length.EqualTo(3));
            Assert.That(row.GetProperty("id").GetInt64(), Is.EqualTo(1));
            Assert.That(row.GetProperty("tags").GetRawText(), Is.EqualTo("""["a","b"]"""));
            Assert.That(row.GetProperty("raw_usage").GetProperty("prompt_tokens").GetInt64(), Is.EqualTo(15));
            Assert.That(row.GetProperty("key_alias").GetString(), Is.EqualTo(Alice.KeyAlias));
            Assert.That(row.GetProperty("is_stream").ValueKind, Is.EqualTo(JsonValueKind.False));
            Assert.That(row.GetProperty("team_id").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(row.GetProperty("cost_nano_usd").GetInt64(), Is.EqualTo(500_000_000));
        });
        // Cut off by its provider, and of two lines: text.
        using var second = JsonDocument.Parse(rows[1]);
        Assert.That(second.RootElement.GetProperty("raw_usage").GetString(), Is.EqualTo("{\"prompt_"));
        using var third = JsonDocument.Parse(rows[2]);
        Assert.That(third.RootElement.GetProperty("raw_usage").GetString(), Is.EqualTo("{\n}"));
    }

    [TestCase("--user", "bob", "bob")]
    [TestCase("--since", "2026-11-23T12:00", "alice alice bob")]
    [TestCase("--since", "30m", "")]
    [TestCase("--until", "2026-11-23", "")]
    [TestCase("--until", "2026-11-24", "alice alice bob")]
    public async Task OnlyTheRowsAskedForAreExported(string option, string value, string users)
    {
        await Spend();
        var rows = Run("export", "--format", "jsonl", option, value).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(string.Join(' ', rows.Select(row => JsonDocument.Parse(row).RootElement.GetProperty("user_id"))), Is.EqualTo(users));
    }

    [Test]
    public async Task AnEstimatedRowIsSettledAtWhatItDidCost()
    {
        await using (var ledger = new SpendLedger(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance))
        {
            var exchange = Sample.Exchange(Alice, NanoUsd.FromUsd(0.5m));
            exchange.Attempts[0].IsEstimated = true;
            ledger.Append(exchange);
        }
        Assert.That(Run("settle", "1", "0.125"), Is.EqualTo(
            (0, $"Row 1 is booked at 0.125 USD; the correction is -0.375 USD.{Environment.NewLine}", "")));
        Assert.That(Run("settle", "2", "0").Error, Does.StartWith("gateway ledger settle: Row 2 (correction) is neither"));
        Assert.That(Run("settle", "1", "2000000000").Error, Does.Contain("AMOUNT must be 0 to"));
        Assert.That(Run("verify").Code, Is.Zero);
    }

    [TestCase("7")]
    [TestCase("yesterday")]
    public void WhatIsNoTimeIsRefused(string since) => Assert.That(Run("export", "--since", since).Code, Is.Not.Zero);

    [TestCase("verify")]
    [TestCase("export")]
    public void WithoutADatabaseThereIsOneLineOnStandardError(string verb)
    {
        var (code, output, error) = Run(verb);
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error.TrimEnd(), Does.Contain("there is no such database").And.Not.Contain('\n'));
    }

    private async Task Spend()
    {
        await using var ledger = new SpendLedger(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance);
        foreach (var (caller, usage) in new[] { (Alice, """{"prompt_tokens":15}"""), (Alice, "{\"prompt_"), (Bob, "{\n}") })
        {
            var exchange = Sample.Exchange(caller, NanoUsd.FromUsd(0.5m));
            exchange.Tags = ["a", "b"];
            exchange.Attempts[0].RawUsage = usage;
            ledger.Append(exchange);
        }
    }

    private (int Code, string Output, string Error) Run(params string[] arguments) => RunOn(_folder.File("gateway.db"), arguments);

    private (int Code, string Output, string Error) RunOn(string database, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var command = LedgerCommand.Create(new Dictionary<string, string>(), _time);
        var code = command.Parse([.. arguments, "--db", database])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
