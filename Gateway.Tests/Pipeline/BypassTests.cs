using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>Ways around a budget: each is refused, or costs no more than there is.</summary>
public sealed class BypassTests
{
    private const long DearModel = 50;

    /// <summary>A nano-dollar a token in and two out; ten times that with priority. The model writes no more than 3,000 tokens.</summary>
    private const string Config = """
        model_list:
          - model_name: m
            litellm_params:
              {model: openai/cheap, api_base: "{upstream}", api_key: k, num_retries: 0, input_cost_per_token: 1e-9, output_cost_per_token: 2e-9,
              input_cost_per_token_priority: 1e-8, output_cost_per_token_priority: 2e-8}
            model_info: {max_output_tokens: 3000}
        general_settings: {master_key: sk-master-1234, budget_wait: 0s}
        user_access:
          - {user_id: alice, api_key: sk-alice-1234, max_budget: BUDGET}

        """;

    private const string Hi = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    private static IEnumerable<TestCaseData> Attempts
    {
        get
        {
            yield return Case("a key twice", $$"""{"model":"m",{{Hi}},"max_tokens":10,"max_tokens":100000}""", 400);
            yield return Case("an escaped key", $$"""{"model":"m",{{Hi}},"max\u005ftokens":100000}""");
            yield return Case("an escaped key beside a plain one", $$"""{"model":"m",{{Hi}},"max_tokens":10,"max\u005ftokens":100000}""", 400);
            yield return Case("both names of the limit", $$"""{"model":"m",{{Hi}},"max_tokens":10,"max_completion_tokens":100000}""");
            yield return Case("a hundred choices", $$"""{"model":"m",{{Hi}},"max_tokens":100,"n":100}""");
            yield return Case("a hundred choices, escaped", $$"""{"model":"m",{{Hi}},"max_tokens":100,"\u006e":100}""");
            yield return Case("choices in extra_body", $$$"""{"model":"m",{{{Hi}}},"max_tokens":100,"extra_body":{"n":100}}""");
            yield return Case("a limit in extra_body", $$$"""{"model":"m",{{{Hi}}},"extra_body":{"max_tokens":100000}}""");
            yield return Case("a limit in the body and in extra_body", $$$"""{"model":"m",{{{Hi}}},"max_tokens":10,"extra_body":{"max_tokens":100000}}""");
            yield return Case("another model in extra_body", $$$"""{"model":"m",{{{Hi}}},"max_tokens":10,"extra_body":{"model":"dear"}}""");
            yield return Case("a dearer service tier", $$"""{"model":"m",{{Hi}},"max_tokens":1000,"service_tier":"priority"}""");
            yield return Case("a dearer service tier in extra_body", $$$"""{"model":"m",{{{Hi}}},"extra_body":{"service_tier":"priority"}}""");
            yield return Case("huge tool schemas", $$"""{"model":"m",{{Hi}},"max_tokens":16,"tools":[{{Tool(20_000)}}]}""");
            yield return Case("pictures by URL", $$$"""{"model":"m","max_tokens":16,"messages":[{"role":"user","content":[{{{Pictures(20)}}}]}]}""");
            foreach (var limit in (string[])["0", "-1", "\"1000\"", "1e308", "1.5", "null", "true", "[5]", "99999999999999999999"])
                yield return Case($"max_tokens {limit}", $$"""{"model":"m",{{Hi}},"max_tokens":{{limit}}}""");
            foreach (var (name, text) in new[] { ("many bytes", "𒀀𒁁ꙮ﷽"), ("control characters", "\\u0001\\u0007\\u001f"), ("line ends", "\\n\\t\\r") })
                yield return Case($"a prompt of {name}", $$"""{"model":"m","max_tokens":16,"messages":[{"role":"user","content":"{{Repeat(text, 600)}}"}]}""");
        }
    }

    private static TestCaseData Case(string name, string body, int? refused = null) => new TestCaseData(body, refused).SetName($"Bypass: {name}");

    private static string Repeat(string text, int times) => new StringBuilder().Insert(0, text, times).ToString();

    private static string Tool(int bytes) =>
        """{"type":"function","function":{"name":"f","description":"WORDS","parameters":{"type":"object"}}}""".Replace("WORDS", Repeat("word ", bytes / 5));

    private static string Pictures(int count) =>
        string.Join(',', Enumerable.Repeat("""{"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"high"}}""", count));

    [TestCaseSource(nameof(Attempts))]
    public async Task NoTrickSpendsMoreThanThereIs(string body, int? refused)
    {
        foreach (var (budget, usd) in new[] { (6_000L, "0.000006"), (400_000L, "0.0004") })
        {
            var billed = 0L;
            await using var upstream = await ScriptedUpstream.StartAsync(http => BillAsync(http, cost => Interlocked.Add(ref billed, cost)));
            await using var gateway = await GatewayHost.StartAsync(Config.Replace("BUDGET", usd), upstream);

            var statuses = new List<int>();
            for (var round = 0; round < 3; round++)
            {
                var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => gateway.ChatAsync(body, "sk-alice-1234")));
                statuses.AddRange(answers.Select(answer => (int)answer.StatusCode));
            }

            Assert.That(billed, Is.LessThanOrEqualTo(budget));
            Assert.That(statuses, refused is { } status ? Is.All.EqualTo(status) : Is.All.AnyOf(200, 400, 429));
            var rows = await gateway.StopAndReadAsync("SELECT coalesce(sum(cost_nano_usd), 0) AS spent FROM ledger");
            Assert.That(rows[0]["spent"], Is.EqualTo(billed));
        }
    }

    /// <summary>Bills as a provider does that takes all it can get: every byte a token, all output that was not forbidden.</summary>
    private static async Task BillAsync(HttpContext http, Action<long> bill)
    {
        var body = ScriptedUpstream.RequestOf(http).Body;
        var json = JsonDocument.Parse(body).RootElement;
        var input = Input(json);
        var output = Math.Max(Limit(json, "max_tokens"), Limit(json, "max_completion_tokens")) is > 0 and var limit ? Math.Min(limit, 3_000) : 3_000;
        var choices = json.TryGetProperty("n", out var n) && n.TryGetInt64(out var count) ? count : 1;
        var tier = json.TryGetProperty("service_tier", out var service) && service.GetString() == "priority" ? "priority" : "default";
        var rate = (json.GetProperty("model").GetString() == "cheap" ? 1 : DearModel) * (tier == "priority" ? 10 : 1);
        bill((input + 2 * output * choices) * rate);
        await ScriptedUpstream.SendAsync(http, $$$"""
            {"id":"c","object":"chat.completion","model":"cheap","service_tier":"{{{tier}}}","choices":[{"index":0,"message":{"role":"assistant",
            "content":"Hi"},"finish_reason":"length"}],
            "usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output * choices}}},"total_tokens":{{{input + output * choices}}}}}
            """);
    }

    private static long Limit(JsonElement json, string name) =>
        json.TryGetProperty(name, out var limit) && limit.ValueKind == JsonValueKind.Number && limit.TryGetInt64(out var most) ? most : 0;

    /// <summary>The bytes of all texts and four for each message; 1,445 tokens a picture, as gpt-4o counts one in full detail at most.</summary>
    private static long Input(JsonElement json)
    {
        var tokens = json.TryGetProperty("tools", out var tools) ? Encoding.UTF8.GetByteCount(tools.GetRawText()) : 0L;
        foreach (var message in json.GetProperty("messages").EnumerateArray())
        {
            var content = message.GetProperty("content");
            tokens += 4 + (content.ValueKind == JsonValueKind.String
                ? Encoding.UTF8.GetByteCount(content.GetString()!)
                : content.GetArrayLength() * 1_445);
        }
        return tokens + 3;
    }
}
