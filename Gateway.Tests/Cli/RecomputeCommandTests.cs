using System.CommandLine;
using Gateway.Cli;
using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Ledger;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Cli;

public sealed class RecomputeCommandTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1" };
    private static readonly Caller Bob = new() { UserId = "bob", KeyId = "k2" };

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Sample.Start.AddHours(1));

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task EachUsersDifferenceIsShownTheLargestFirstAndNothingIsWritten()
    {
        // 10 input, 5 cached, 7 output and 3 reasoning tokens each: 10 × 1 + 5 × 0.5 + 10 × 2 = 32.5 millionths of a dollar.
        await Book((Alice, 30_000), (Alice, 30_000), (Bob, 32_500));
        var before = LedgerHead.Read(_folder.OpenDatabase());

        var (code, output, error) = Run("""
            {"gpt-4o": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06,
              "cache_read_input_token_cost": 5e-07}}
            """);

        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(output, Does.StartWith("""
            user   attempts  booked (USD)  computed (USD)  difference (USD)
            alice         2       0.00006        0.000065          0.000005
            bob           1     0.0000325       0.0000325                 0
            total         3     0.0000925       0.0000975          0.000005
            Nothing was written.
            """.ReplaceLineEndings()));
        Assert.That(LedgerHead.Read(_folder.OpenDatabase()), Is.EqualTo(before));
    }

    [Test]
    public async Task WhatIsNotComputedIsCountedAndStaysAsBooked()
    {
        await using (var ledger = Ledger())
        {
            var failed = Sample.Exchange(Alice, NanoUsd.Zero);
            failed.Attempts[0].Usage = default;
            ledger.Append(failed);
            var custom = Sample.Exchange(Alice, new NanoUsd(7));
            custom.Attempts[0].PriceId = "custom";
            ledger.Append(custom);
            ledger.Append(Sample.Exchange(Alice, new NanoUsd(8), "gpt-5"));
            var estimated = Sample.Exchange(Alice, new NanoUsd(100));
            estimated.Attempts[0].IsEstimated = true;
            ledger.Append(estimated);
        }
        new LedgerClerk(_folder.OpenDatabase(), _time).Settle(4, new NanoUsd(5), out _);

        var output = Run("""{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 1, "output_cost_per_token": 1}}""").Output;

        Assert.Multiple(() =>
        {
            Assert.That(output, Does.Contain("alice         4   0.000000115     0.000000115                 0"));
            Assert.That(output, Does.Contain("1 of the attempts have no tokens"));
            Assert.That(output, Does.Contain("1 of the attempts were priced by their deployment"));
            Assert.That(output, Does.Contain("1 of the attempts were settled by hand"));
            Assert.That(output, Does.Contain("1 of the attempts are of models that prices.json has no price for"));
        });
    }

    [Test]
    public async Task DiscountsOfTheConfigCount()
    {
        await Book((Alice, 1));
        await File.WriteAllTextAsync(_folder.File("config.yaml"), "litellm_settings: { cost_discount_config: { openai: 0.5 } }\n");
        var output = Run(
            """{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2e-06, "output_cost_per_token": 0}}""",
            "-c", _folder.File("config.yaml")).Output;
        // 10 input tokens, and 5 cached ones at the same price.
        Assert.That(output, Does.Contain("alice         1   0.000000001        0.000015       0.000014999"));
    }

    [TestCase("[]")]
    [TestCase("{")]
    public void AFileThatHoldsNoPricesIsOneLine(string json)
    {
        _folder.OpenDatabase();
        var (code, output, error) = Run(json);
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error.TrimEnd(), Does.Contain("prices.json: cannot be read as prices").And.Not.Contain('\n'));
    }

    private async Task Book(params (Caller Caller, long Cost)[] attempts)
    {
        await using var ledger = Ledger();
        foreach (var (caller, cost) in attempts)
            ledger.Append(Sample.Exchange(caller, new NanoUsd(cost)));
    }

    private SpendLedger Ledger() => new(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance);

    private (int Code, string Output, string Error) Run(string prices, params string[] more)
    {
        File.WriteAllText(_folder.File("prices.json"), prices);
        using StringWriter output = new(), error = new();
        var code = LedgerCommand.Create(new Dictionary<string, string>(), _time)
            .Parse(["recompute", "--prices", _folder.File("prices.json"), "--since", "7d", "--db", _folder.File("gateway.db"), .. more])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
