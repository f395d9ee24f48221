using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Ledger;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Api;

public sealed class RetentionTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 10, 20, 0, TimeSpan.Zero);

    [Test]
    public async Task AGatewayThatServesMovesOldMonthsAndKnowsWhatWasSpentInThem()
    {
        const string Yaml = """
            general_settings: { master_key: sk-admin-1, maximum_spend_logs_retention_period: 2mo }
            user_access: [{ user_id: alice, api_key: sk-alice-1, max_budget: 0.0000005 }]
            model_list: [{ model_name: m, litellm_params: { model: openai/m, mock_response: hello } }]
            """;
        var folder = Directory.CreateTempSubdirectory("gateway-test-").FullName;
        try
        {
            var database = Database.Open(Path.Combine(folder, "gateway.db"), syncEveryCommit: false);
            await using (var ledger = new SpendLedger(database, TimeProvider.System, NullLogger<SpendLedger>.Instance))
            {
                var alice = new Caller { UserId = "alice", KeyId = "k1" };
                ledger.Append(Sample.Exchange(alice, new NanoUsd(500), at: Now.AddMonths(-5)));
                ledger.Append(Sample.Exchange(alice, new NanoUsd(1), at: Now));
            }
            var head = LedgerHead.Read(database);

            await using (var gateway = await GatewayHost.StartAsync(Yaml, folder: folder, time: new FakeTimeProvider(Now)))
            {
                var archive = Path.Combine(folder, "gateway-2026-06.db");
                Assert.That(() => File.Exists(archive) && CountRows(database) == 1, Is.True.After(60_000, 20));
            }
            await using (var again = await GatewayHost.StartAsync(Yaml, folder: folder, time: new FakeTimeProvider(Now)))
                Assert.That(again.App.Limiter!.SpentByUser("alice"), Is.EqualTo(new NanoUsd(501)));
            Assert.That(LedgerProof.Of(database, head) is { Broken: null, IsExpectedFound: true });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long CountRows(Database database)
    {
        using var connection = database.Connect();
        return Database.ReadNumber(connection, "SELECT count(*) FROM ledger");
    }
}
