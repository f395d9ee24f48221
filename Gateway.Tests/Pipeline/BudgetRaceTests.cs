using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>Many clients at the edge of one budget.</summary>
public sealed class BudgetRaceTests
{
    private const int Clients = 200;

    /// <summary>A nano-dollar a token, as everywhere below: 1 USD per billion.</summary>
    private const string Config = """
        model_list:
          - model_name: m
            litellm_params: {model: openai/x, api_base: "{upstream}", api_key: k, input_cost_per_token: 1e-9, output_cost_per_token: 1e-9, num_retries: 0}
        general_settings: {master_key: sk-master-1234, budget_wait: BUDGET_WAIT}
        user_access:
          - {user_id: alice, api_key: sk-alice-1234, max_budget: BUDGET}

        """;

    private const string Question = """{"model":"m","max_tokens":1000,"messages":[{"role":"user","content":"Hello!"}]}""";

    /// <summary>What one request costs: 20 tokens in and all the output that it asked for.</summary>
    private const long Cost = 1_020;

    private static async Task AnswerAsync(HttpContext http)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(5));
        var most = JsonDocument.Parse(ScriptedUpstream.RequestOf(http).Body).RootElement.GetProperty("max_tokens").GetInt64();
        await ScriptedUpstream.SendAsync(http, $$$"""
            {"id":"c","object":"chat.completion","model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},
            "finish_reason":"length"}],"usage":{"prompt_tokens":20,"completion_tokens":{{{most}}},"total_tokens":{{{20 + most}}}}}
            """);
    }

    [TestCase("30s", Description = "everybody may wait")]
    [TestCase("0s", Description = "nobody may wait")]
    public async Task TwoHundredClientsNeverOvershootABudgetForThirtySeven(string wait)
    {
        const long Budget = 37 * Cost;
        await using var upstream = await ScriptedUpstream.StartAsync(AnswerAsync);
        var yaml = Config.Replace("BUDGET_WAIT", wait).Replace("BUDGET", "0.00003774");
        await using var gateway = await GatewayHost.StartAsync(yaml, upstream);

        var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => gateway.ChatAsync(Question, "sk-alice-1234")));

        var statuses = answers.GroupBy(answer => (int)answer.StatusCode).ToDictionary(group => group.Key, group => group.Count());
        Assert.That(statuses.Keys.Order(), Is.EqualTo(new[] { 200, 429 }));
        if (wait != "0s") // whoever was refused was refused because nothing was left, not because others were in flight
            Assert.That((int)(await gateway.ChatAsync(Question, "sk-alice-1234")).StatusCode, Is.EqualTo(429));
        var rows = await gateway.StopAndReadAsync("SELECT count(*) AS calls, sum(cost_nano_usd) AS spent FROM ledger");
        Assert.That(rows[0]["spent"], Is.LessThanOrEqualTo(Budget));
        Assert.That(rows[0]["calls"], Is.EqualTo((long)statuses[200]));
        if (wait != "0s")
            Assert.That(statuses[200], Is.GreaterThanOrEqualTo(36), "what is left does not pay for another one at its most");
    }
}
