using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Pipeline;

/// <summary>A database that cannot be written while requests come.</summary>
public sealed class FailingDiskTests
{
    private const string Config = """
        model_list:
          - {model_name: gpt-4o, litellm_params: {model: openai/x, api_base: "{upstream}", api_key: k, input_cost_per_token: 1e-6, output_cost_per_token: 1e-6}}
          - {model_name: groq, litellm_params: {model: groq/x, api_base: "{upstream}", api_key: k, input_cost_per_token: 1e-6, output_cost_per_token: 1e-6}}
        router_settings: {provider_budget_config: {groq: {budget_limit: 1, time_period: 1d}}}
        general_settings: {master_key: sk-master-1234}
        user_access:
          - {user_id: alice, api_key: sk-alice-1234, max_budget: 1}
          - {user_id: bob, api_key: sk-bob-12345678, rpm_limit: 10}
          - {user_id: carol, api_key: sk-carol-1234}

        """;

    private static void Run(GatewayHost gateway, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={gateway.DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    [Test]
    public async Task WhoHasALimitGets503AndOthersAreServedAndBookedLater()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config, upstream);
        Run(gateway, "ALTER TABLE reservation RENAME TO elsewhere"); // nothing can be journaled

        foreach (var key in (string[])["sk-alice-1234", "sk-bob-12345678"])
        {
            using var refused = await gateway.ChatAsync(Wire.Question, key);
            Assert.That(((int)refused.StatusCode, refused.Header("retry-after")), Is.EqualTo((503, "1")), key);
            Assert.That((await refused.ErrorAsync()).Message, Does.Contain("its ledger cannot be written"));
        }
        using (var refused = await gateway.ChatAsync(Wire.Question.Replace("gpt-4o", "groq"), "sk-carol-1234"))
            Assert.That((int)refused.StatusCode, Is.EqualTo(503), "the provider has a limit");
        Assert.That(upstream.Requests, Is.Empty);
        using (var served = await gateway.ChatAsync(Wire.Question, "sk-carol-1234"))
            Assert.That((int)served.StatusCode, Is.EqualTo(200));

        Run(gateway, "ALTER TABLE elsewhere RENAME TO reservation");
        var rows = await gateway.StopAndReadAsync("SELECT group_concat(user_id) AS who, (SELECT count(*) FROM reservation) AS open FROM ledger");
        Assert.That((rows[0]["who"], rows[0]["open"]), Is.EqualTo(("carol", 0L)));
    }
}
