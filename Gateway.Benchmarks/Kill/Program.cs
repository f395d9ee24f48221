using System.Text;
using System.Text.Json;
using Gateway.Benchmarks.Kill;

// kill GATEWAY [TIMES]: is every answer of the provider's in the ledger exactly once, however often the gateway is killed?
// Exit code 1: something does not hold.

const int Workers = 24;
// Nano-USD. Those of the first users are spent up before the end, so that budgets are tested too; the others last, so that every kill finds
// something in flight.
long[] budgets = [50_000, 50_000, 1_000_000_000, 1_000_000_000];
if (args.Length == 0)
{
    Console.Error.WriteLine("kill GATEWAY [TIMES]: TIMES is 10");
    return 2;
}
var times = args.Length > 1 ? int.Parse(args[1]) : 10;
var random = new Random(1);

await using var upstream = new BillingUpstream();
await upstream.StartAsync();
using var gateway = new KilledGateway(args[0], $$"""
    model_list:
      - model_name: m
        litellm_params: {model: custom_openai/x, api_base: "{{upstream.Url}}", api_key: k, input_cost_per_token: 1e-9, output_cost_per_token: 2e-9}
    router_settings: {disable_cooldowns: true}
    general_settings: {master_key: sk-kill-master, decision_retention: 10000}
    user_access:
    {{string.Join('\n', budgets.Select((budget, user) => $"  - {{user_id: u{user}, api_key: sk-kill-user-{user}, max_budget: {budget}e-9}}"))}}

    """);
using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
using var isOver = new CancellationTokenSource();
var (asked, answered, refused) = (0, 0, 0);
await gateway.StartAsync();
var load = Task.WhenAll(Enumerable.Range(0, Workers).Select(WorkAsync));
for (var i = 0; i < times; i++)
{
    await Task.Delay(random.Next(300, 1200));
    await gateway.KillAsync();
    await gateway.StartAsync();
}
await Task.Delay(1000);
await isOver.CancelAsync();
await load;
await gateway.StopAsync();

var complaints = new List<string>();
var verified = await gateway.RunAsync("ledger", "verify");
if (verified.ExitCode != 0)
    complaints.Add($"ledger verify: {verified.Output}");
var rows = (await gateway.RunAsync("ledger", "export", "--format", "jsonl")).Output
    .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
CheckAnswers();
// What a provider bills. A recovered row holds what its attempt can have cost at most, which is more, until it is settled.
foreach (var user in upstream.Answers.GroupBy(answer => int.Parse(answer.Exchange[1..answer.Exchange.IndexOf('-')]) % budgets.Length))
{
    var spent = user.Sum(answer => answer.Cost);
    if (spent > budgets[user.Key])
        complaints.Add($"the provider bills {spent} nano-USD for u{user.Key}, who may spend {budgets[user.Key]}");
}
await gateway.StartAsync();
await gateway.StopAsync();
var recoveries = gateway.Lines.Count(line => line.Contains("were in flight", StringComparison.Ordinal));
Console.WriteLine($"{times} times killed: {asked} requests, {answered} answered, {refused} refused for their budget; the provider issued "
    + $"{upstream.Answers.Count} answers; {rows.Count} rows, of them {rows.Count(row => KindOf(row) == "recovered")} recovered at "
    + $"{recoveries} starts and {rows.Count(row => row.GetProperty("is_estimated").GetBoolean())} estimated; {verified.Output.Trim()}");
foreach (var complaint in complaints)
    Console.WriteLine($"FAIL {complaint}");
Console.WriteLine(complaints.Count == 0 ? "ok: every answer is in the ledger once, and no budget was overshot" : "failed");
return complaints.Count == 0 ? 0 : 1;

async Task WorkAsync(int worker)
{
    for (var i = 0; !isOver.IsCancellationRequested; i++)
    {
        var id = $"w{worker}-{i}";
        var json = $$"""{"model":"m","max_tokens":{{50 + i % 200}},"stream":{{(i % 2 == 0 ? "true" : "false")}},"messages":[{"role":"user","content":"{{id}} please"}]}""";
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, gateway.Url + "/v1/chat/completions") { Content = body };
        request.Headers.Authorization = new("Bearer", $"sk-kill-user-{worker % budgets.Length}");
        request.Headers.Add("x-litellm-call-id", id);
        Interlocked.Increment(ref asked);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            await response.Content.LoadIntoBufferAsync();
            if (response.IsSuccessStatusCode)
                Interlocked.Increment(ref answered);
            else
            {
                Interlocked.Increment(ref refused);
                await Task.Delay(50);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            await Task.Delay(20); // the gateway was killed, or is not there yet
        }
    }
}

// An answer stands in a row with its number; or the row that its request left when the gateway died, or the stream broke, holds what it
// can have cost.
void CheckAnswers()
{
    var booked = new Dictionary<int, long>();
    foreach (var row in rows)
    {
        if (row.GetProperty("raw_usage") is not { ValueKind: JsonValueKind.Object } usage)
            continue;
        var number = usage.GetProperty("number").GetInt32();
        if (!booked.TryAdd(number, row.GetProperty("cost_nano_usd").GetInt64()))
            complaints.Add($"answer {number} is in two rows");
    }
    var others = rows.Where(row => KindOf(row) == "recovered" || row.GetProperty("is_estimated").GetBoolean())
        .ToLookup(row => row.GetProperty("exchange_id").GetString(), row => row.GetProperty("cost_nano_usd").GetInt64());
    foreach (var answer in upstream.Answers)
    {
        if (booked.TryGetValue(answer.Number, out var cost))
        {
            if (cost != answer.Cost)
                complaints.Add($"answer {answer.Number} cost {answer.Cost} and is booked at {cost} nano-USD");
        }
        else if (!others[answer.Exchange].Any())
            complaints.Add($"answer {answer.Number} to {answer.Exchange} is in no row");
        else if (answer.HasUsage && others[answer.Exchange].Max() < answer.Cost)
            complaints.Add($"answer {answer.Number} cost {answer.Cost}, and {answer.Exchange} is booked at {others[answer.Exchange].Max()} nano-USD");
    }
}

static string KindOf(JsonElement row) => row.GetProperty("kind").GetString()!;
