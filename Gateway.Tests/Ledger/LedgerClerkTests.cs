using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Ledger;

public sealed class LedgerClerkTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1", KeyAlias = "laptop", TeamId = "red" };
    private static readonly Subject User = new(SubjectKind.User, "alice");
    private static readonly Subject Key = new(SubjectKind.Key, "k1");

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Sample.Start.AddDays(40));

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task ASettledRowIsCorrectedByARowThatCountsWhereTheFirstDid()
    {
        await Book(300, isEstimated: true);
        var refusal = Clerk().Settle(1, new NanoUsd(120), out var difference);

        Assert.That((refusal, difference), Is.EqualTo(((string?)null, new NanoUsd(-180))));
        Assert.Multiple(() =>
        {
            Assert.That(Scalar("SELECT kind || reference || cost_nano_usd || user_id || team_id || model_group FROM ledger WHERE id = 2"),
                Is.EqualTo("correction1-180aliceredgpt-4o"));
            Assert.That(Scalar("SELECT prompt_tokens + completion_tokens + is_estimated + latency_ms FROM ledger WHERE id = 2"), Is.Zero);
            Assert.That(Scalar("SELECT booked_ms - time_ms FROM ledger WHERE id = 2"), Is.EqualTo(TimeSpan.FromDays(40).TotalMilliseconds));
            Assert.That(Balances()[User], Is.EqualTo(new NanoUsd(120)));
            Assert.That(Balances()[Key], Is.EqualTo(new NanoUsd(120)));
            Assert.That(Proof().Broken, Is.Null);
        });
    }

    [Test]
    public async Task ASecondSettlementCountsFromTheFirst()
    {
        await Book(300, isEstimated: true);
        Clerk().Settle(1, new NanoUsd(120), out _);
        Assert.That(Clerk().Settle(1, new NanoUsd(120), out _), Does.Contain("booked at 0.00000012 USD already"));
        Assert.That(Clerk().Settle(1, new NanoUsd(500), out var difference), Is.Null);
        Assert.That((difference, Balances()[User]), Is.EqualTo((new NanoUsd(380), new NanoUsd(500))));
        Assert.That((Proof().Broken, Proof().Head.Count), Is.EqualTo(((string?)null, 3L)));
    }

    [Test]
    public async Task WhatTheProviderReportedIsNotSettled()
    {
        await Book(300, isEstimated: false);
        Assert.That(Clerk().Settle(1, NanoUsd.Zero, out _), Does.Contain("Row 1 (first) is neither estimated nor recovered"));
        Assert.That(Clerk().Settle(7, NanoUsd.Zero, out _), Does.Contain("no row 7"));
        Assert.That(Proof().Head.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task AResetTakesBackTheUsersBalanceAlone()
    {
        await Book(300, isEstimated: false);
        Assert.That(Clerk().Reset("alice", out var amount), Is.Null);
        Assert.Multiple(() =>
        {
            Assert.That((amount, Balances()[User], Balances()[Key]), Is.EqualTo((new NanoUsd(300), NanoUsd.Zero, new NanoUsd(300))));
            Assert.That(Scalar("SELECT kind || reference || cost_nano_usd FROM ledger WHERE id = 2"), Is.EqualTo("reset1-300"));
            Assert.That(Proof().Broken, Is.Null);
            Assert.That(Clerk().Reset("alice", out _), Does.Contain("nothing since the last reset"));
            Assert.That(Clerk().Reset("bob", out _), Does.Contain("no user 'bob'"));
        });
    }

    [Test]
    public async Task AWriterGoesOnFromRowsThatAnotherProcessWrote()
    {
        await using var ledger = Ledger();
        for (var i = 0; i < 10; i++)
        {
            Append(ledger, 10, isEstimated: true);
            await ledger.FlushAsync();
            Assert.That(Clerk().Settle(1 + 2 * i, NanoUsd.Zero, out _), Is.Null);
        }
        Assert.That((Proof().Broken, Proof().Head.Count), Is.EqualTo(((string?)null, 20L)));
        Assert.That(Balances()[User], Is.EqualTo(NanoUsd.Zero));
    }

    [Test]
    public async Task ARunningGatewayIsToldOfEachCorrectionOnce()
    {
        await Book(300, isEstimated: true);
        Clerk().Settle(1, new NanoUsd(100), out _);
        await using var ledger = Ledger();
        ledger.LoadBalances();
        var told = new List<string>();
        using var watch = new CorrectionWatch(
            _folder.OpenDatabase(), ledger.LastCorrectionLoaded,
            c => told.Add($"{c.Id} {string.Join(',', c.Subjects.Select(s => s.Kind))} {c.ModelGroup} {c.Amount.Value} {c.Time:MM-dd}"),
            _time, NullLogger<CorrectionWatch>.Instance);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(told, Is.Empty);
        Clerk().Settle(1, new NanoUsd(150), out _);
        Clerk().Reset("alice", out _);
        for (var i = 0; i < 3; i++)
            _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(told, Is.EqualTo(new[] { "3 User,Gateway,Key,Team,Provider,Tag gpt-4o 50 11-23", "4 User  -150 01-02" }));
    }

    [Test]
    public async Task AResetLetsARefusedUserInWithinASecondAndTheChainHolds()
    {
        var time = new FakeTimeProvider(Sample.Start);
        await using var gateway = await GatewayHost.StartAsync("""
            general_settings: { master_key: sk-admin }
            user_access: [{ user_id: alice, api_key: sk-alice, max_budget: 0.03 }]
            model_list:
              - model_name: m
                litellm_params: { model: openai/m, mock_response: hello, input_cost_per_token: 0.000000001, output_cost_per_token: 0.001 }
            """, time: time);
        const string Chat = """{"model":"m","max_tokens":20,"messages":[{"role":"user","content":"hi"}]}""";
        Assert.That((int)(await gateway.ChatAsync(Chat, "sk-alice")).StatusCode, Is.EqualTo(200));
        Assert.That((int)(await gateway.ChatAsync(Chat, "sk-alice")).StatusCode, Is.EqualTo(429));
        var beside = new LedgerClerk(Database.OpenExisting(gateway.DatabasePath, readOnly: false), time);
        // The row is written within the group's 10 ms of the gateway's clock.
        Assert.That(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(10));
                return beside.Reset("alice", out _);
            },
            Is.Null.After(10_000, 5));

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.That((int)(await gateway.ChatAsync(Chat, "sk-alice")).StatusCode, Is.EqualTo(200));
        await gateway.StopAsync();
        Assert.That(LedgerProof.Of(Database.OpenExisting(gateway.DatabasePath, readOnly: true), null).Broken, Is.Null);
    }

    private async Task Book(long cost, bool isEstimated)
    {
        await using var ledger = Ledger();
        Append(ledger, cost, isEstimated);
    }

    private static void Append(SpendLedger ledger, long cost, bool isEstimated)
    {
        var exchange = Sample.Exchange(Alice, new NanoUsd(cost));
        exchange.Attempts[0].IsEstimated = isEstimated;
        exchange.Attempts[0].RawUsage = "{}";
        exchange.Tags = ["t"];
        ledger.Append(exchange);
    }

    private SpendLedger Ledger() => new(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance);

    private LedgerClerk Clerk() => new(Database.OpenExisting(_folder.File("gateway.db"), readOnly: false), _time);

    private IReadOnlyDictionary<Subject, NanoUsd> Balances() => Gateway.Ledger.Balances.Load(_folder.OpenDatabase(), out _);

    private LedgerProof Proof() => LedgerProof.Of(_folder.OpenDatabase(), null);

    private object? Scalar(string sql)
    {
        using var connection = _folder.OpenDatabase().Connect();
        return DatabaseTests.Scalar(connection, sql);
    }
}
