using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Gateway.Dialects;
using Gateway.Limits;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Pipeline;

/// <summary>Whatever clients and providers do at the same time, no budget is overshot and every nano-dollar is booked once.</summary>
public sealed class MoneyPropertyTests
{
    private const int Workers = 48, RequestsEach = 45;

    /// <summary>What a request is asked with where it names no limit.</summary>
    private const int DefaultOutput = 300;

    private const string Config = """
        model_list:
          - {model_name: m, litellm_params: {model: openai/x, api_base: "{upstream}/a", api_key: k, <<: &price {input_cost_per_token: 1e-9, output_cost_per_token: 2e-9}}}
          - {model_name: m, litellm_params: {model: openai/x, api_base: "{upstream}/b", api_key: k, <<: *price}}
          - {model_name: other, litellm_params: {model: groq/x, api_base: "{upstream}/c", api_key: k, <<: *price}}
        router_settings:
          num_retries: 2
          timeout: 20
          disable_cooldowns: true
          retry_budget: {ratio: 10, floor: 1000}
          fallbacks: [{m: [other]}]
          hedge_after: 300ms
          hedge_max_share: 1
          provider_budget_config: {groq: {budget_limit: 0.00001, time_period: 30s}}
        litellm_settings: {max_budget: 0.0005, budget_duration: 30s}
        general_settings: {master_key: sk-master-1234, budget_wait: 3s, default_max_output_tokens: 300} # DefaultOutput
        teams:
          - {team_id: red, max_budget: 0.0002, budget_duration: 20s, members: [u0, u1]}
        user_access:
          - {user_id: u0, api_key: sk-key-of-u0, max_budget: 0.00005, budget_duration: 10s}
          - {user_id: u1, api_key: sk-key-of-u1, model_max_budget: {m: {budget_limit: 0.00004, time_period: 10s}}}
          - {user_id: u2, api_key: sk-key-of-u2, max_budget: 0.00008, budget_duration: 30s}

        """;

    /// <summary>By call id: the most that a request can cost, and the bytes of text that its client got.</summary>
    private readonly ConcurrentDictionary<string, (long Most, long Received)> _asked = new();

    [TestCase(1)]
    [TestCase(2)]
    public async Task NoBudgetIsOvershotAndEveryAnswerIsBookedOnce(int seed)
    {
        var time = new SafeClock(new(2026, 11, 24, 10, 0, 0, TimeSpan.Zero));
        var provider = new MoneyUpstream(seed);
        await using var upstream = await ScriptedUpstream.StartAsync(provider.AnswerAsync);
        await using var gateway = await GatewayHost.StartAsync(Config, upstream, time: time);
        using var isOver = new CancellationTokenSource();

        var watching = WatchAsync(gateway, isOver.Token);
        var passing = PassTimeAsync(gateway, time, isOver.Token);
        var statuses = await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => WorkAsync(gateway, seed * 1000 + worker)));
        await isOver.CancelAsync();
        await passing;
        Assert.That(await watching, Is.GreaterThan(100), "looks at the invariant");

        var rows = await gateway.StopAndReadAsync();
        Assert.That(statuses.SelectMany(status => status).Distinct(), Is.SupersetOf(new[] { 200, 429 }));
        CheckBooks(rows, provider);
        CheckEstimates(rows);
        CheckBudgets(rows);
    }

    /// <summary>Requests of all sizes, some of which hang up; 0 for those.</summary>
    private async Task<List<int>> WorkAsync(GatewayHost gateway, int seed)
    {
        var random = new Random(seed);
        var statuses = new List<int>();
        for (var i = 0; i < RequestsEach; i++)
        {
            var id = $"{seed}-{i}";
            var text = id + " " + new string((char)random.Next(32, 0x2000), random.Next(200)).Replace("\"", "").Replace("\\", "");
            int? limit = random.Next(2) == 0 ? random.Next(1, 600) : null;
            var choices = random.Next(4) == 0 ? 3 : 1;
            var members = (limit is null ? "" : $",\"max_tokens\":{limit}")
                + (choices == 3 ? ",\"n\":3" : "") + (random.Next(2) == 0 ? ",\"stream\":true" : "");
            var json = $"{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":\"{JsonEncodedText.Encode(text)}\"}}]{members}}}";
            var output = choices * Math.Min(limit ?? DefaultOutput, DefaultOutput);
            _asked[id] = (Encoding.UTF8.GetByteCount(json) + InputBound.ConversationAtMost + 2 * output, 0);
            statuses.Add(await AskAsync(gateway, json, id, $"sk-key-of-u{random.Next(3)}", random.Next(8) == 0 ? random.Next(12) : null));
        }
        return statuses;
    }

    private async Task<int> AskAsync(GatewayHost gateway, string json, string id, string key, int? hangsUpAfter)
    {
        using var hangUp = new CancellationTokenSource();
        if (hangsUpAfter is { } milliseconds)
            hangUp.CancelAfter(milliseconds);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(json) };
        request.Headers.Authorization = new("Bearer", key);
        request.Headers.Add("x-litellm-call-id", id);
        try
        {
            using var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hangUp.Token);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(hangUp.Token));
            while (await reader.ReadLineAsync(hangUp.Token) is { } line)
            {
                if (line.Contains(MoneyUpstream.Words))
                    _asked[id] = _asked[id] with { Received = _asked[id].Received + MoneyUpstream.Words.Length };
            }
            return (int)response.StatusCode;
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            return 0;
        }
    }

    /// <summary>Looks at all accounts again and again.</summary>
    private static async Task<int> WatchAsync(GatewayHost gateway, CancellationToken isOver)
    {
        var looks = 0;
        for (; !isOver.IsCancellationRequested; looks++)
        {
            foreach (var facts in gateway.App.Limiter!.Facts())
            {
                if (facts.Limit is { } limit)
                    Assert.That(facts.Spent.Value + facts.Reserved.Value, Is.InRange(0, limit.Value), facts.ToString());
            }
            await Task.Yield();
        }
        return looks;
    }

    /// <summary>Time passes as fast as the gateway gets on.</summary>
    private static async Task PassTimeAsync(GatewayHost gateway, FakeTimeProvider time, CancellationToken isOver)
    {
        while (!isOver.IsCancellationRequested)
        {
            (await gateway.GetAsync("/health/liveliness")).Dispose();
            await Task.Delay(1, CancellationToken.None);
            time.Advance(TimeSpan.FromMilliseconds(50));
        }
    }

    /// <summary>Each row that is not estimated is an answer of the provider's, to the nano-dollar, and no answer is in two rows.</summary>
    private static void CheckBooks(List<Dictionary<string, object?>> rows, MoneyUpstream provider)
    {
        var issued = provider.Issued.ToDictionary(answer => answer.Number);
        var booked = new HashSet<int>();
        foreach (var row in rows.Where(row => row["raw_usage"] is not null))
        {
            var number = JsonDocument.Parse((string)row["raw_usage"]!).RootElement.GetProperty("number").GetInt32();
            Assert.That(booked.Add(number), Is.True, $"answer {number} is booked twice");
            Assert.That(row["is_estimated"], Is.EqualTo(0L));
            if (issued.TryGetValue(number, out var answer)) // else the client hung up while its last bytes were sent
                Assert.That((row["cost_nano_usd"], row["exchange_id"]), Is.EqualTo((answer.Cost, answer.Exchange)));
        }
        Assert.That(
            rows.Where(row => row["raw_usage"] is null && (long)row["cost_nano_usd"]! > 0).Select(row => row["is_estimated"]), Is.All.EqualTo(1L));
        var estimated = rows.Where(row => (long)row["is_estimated"]! == 1).Select(row => row["exchange_id"]).ToHashSet();
        Assert.That(issued.Values.Where(answer => answer.IsWhole && !booked.Contains(answer.Number) && !estimated.Contains(answer.Exchange)), Is.Empty);
        Assert.That(booked, Has.Count.GreaterThan(100));
        Assert.That(rows.Select(row => row["kind"]).Distinct(), Is.SupersetOf(new[] { "first", "retry", "fallback" }));
    }

    /// <summary>What was estimated is never more than the request could cost, and never less than what its client got.</summary>
    private void CheckEstimates(List<Dictionary<string, object?>> rows)
    {
        foreach (var exchange in rows.GroupBy(row => (string)row["exchange_id"]!))
        {
            var (most, received) = _asked[exchange.Key];
            foreach (var row in exchange.Where(row => (long)row["is_estimated"]! == 1))
                Assert.That(row["cost_nano_usd"], Is.InRange(0L, most), exchange.Key);
            if (received > 0 && exchange.All(row => row["raw_usage"] is null))
            {
                var tokens = InputEstimate.TokensOf(received);
                Assert.That(exchange.Max(row => (long)row["completion_tokens"]!), Is.GreaterThanOrEqualTo(tokens), exchange.Key);
                Assert.That(exchange.Max(row => (long)row["cost_nano_usd"]!), Is.GreaterThan(2 * tokens), exchange.Key);
            }
        }
        Assert.That(rows.Count(row => (long)row["is_estimated"]! == 1 && _asked[(string)row["exchange_id"]!].Received > 0), Is.Positive);
    }

    /// <summary>By the ledger alone: what began in a period of a budget is within it.</summary>
    private static void CheckBudgets(List<Dictionary<string, object?>> rows)
    {
        Check("everybody", 500_000, 30, _ => true);
        Check("team red", 200_000, 20, row => row["team_id"] as string == "red");
        Check("u0", 50_000, 10, row => row["user_id"] as string == "u0");
        Check("u1 with m", 40_000, 10, row => row["user_id"] as string == "u1" && row["model_group"] as string == "m");
        Check("u2", 80_000, 30, row => row["user_id"] as string == "u2");
        Check("groq", 10_000, 30, row => row["provider"] as string == "groq");

        void Check(string whose, long budget, int seconds, Func<Dictionary<string, object?>, bool> isMeant)
        {
            var sums = rows.Where(isMeant).GroupBy(row => (long)row["time_ms"]! / (seconds * 1000))
                .Select(period => period.Sum(row => (long)row["cost_nano_usd"]!)).ToArray();
            Assert.That(sums, Is.All.LessThanOrEqualTo(budget), whose);
            Assert.That(sums.Max(), Is.Positive, $"{whose} spends");
        }
    }
}
