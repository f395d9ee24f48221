using Gateway.Benchmarks.Soak;

// soak GATEWAY [SECONDS]: one provider dies and comes back, one is slow, one limits its rate; is every client answered all the same?
// Two thirds of the time all are well, in between one is dead. Exit code 1: a client got an error, or the shares did not come back.

const int Workers = 24;
const double Tolerance = 0.10;                       // of a deployment's share, before and after; one sigma of 1,000 requests is 0.015
var pause = TimeSpan.FromMilliseconds(200);          // of each worker between requests: about 80 requests a second in all
var settling = TimeSpan.FromSeconds(8);              // after the return: the cooldown of 5 s, and what was already on its way
var seconds = args.Length > 1 ? int.Parse(args[1]) : 60;
if (args.Length == 0 || seconds < 40)
{
    Console.Error.WriteLine("soak GATEWAY [SECONDS]: SECONDS is 60, and at least 40");
    return 2;
}
var dies = TimeSpan.FromSeconds(seconds / 3);
var returns = 2 * dies;
var end = TimeSpan.FromSeconds(seconds);

await using var dying = new SoakUpstream("dying") { Thinks = TimeSpan.FromMilliseconds(20) };
await using var slow = new SoakUpstream("slow") { Thinks = TimeSpan.FromMilliseconds(250) };
await using var limited = new SoakUpstream("limited") { Thinks = TimeSpan.FromMilliseconds(20), PerSecond = 15 };
SoakUpstream[] upstreams = [dying, slow, limited];
foreach (var upstream in upstreams)
    await upstream.StartAsync();
// A deployment is left alone after more than three failures within a minute: most retries then come from the first moments of the
// outage, and stay within a retry budget of 20 %.
using var gateway = new GatewayProcess(args[0], $$"""
    model_list:
    {{string.Join('\n', upstreams.Select(upstream => $$"""
      - model_name: soak
        litellm_params: {model: openai/soak, api_base: "{{upstream.Url}}", api_key: sk-soak, timeout: 10, input_cost_per_token: 0.000001}
        model_info: {id: {{upstream.Name}}}
    """))}}
    router_settings: {num_retries: 3, cooldown_time: 5}
    litellm_settings: {callbacks: [prometheus]}

    """);
if (!await gateway.IsReadyAsync())
{
    Console.Error.WriteLine($"The gateway did not start: {gateway.LastLine}");
    return 1;
}

using var load = new SoakLoad(gateway.Url, Workers, pause);
var running = load.RunAsync(end);
await Task.Delay(dies - load.Elapsed);
var died = load.Elapsed;
await dying.DieAsync();
await Task.Delay(returns - load.Elapsed);
await dying.StartAsync();
var results = await running;

(string Name, TimeSpan From, TimeSpan To)[] phases =
[
    ("all well", TimeSpan.Zero, died),
    ("one dead", died, returns),
    ("coming back", returns, returns + settling),
    ("recovered", returns + settling, TimeSpan.MaxValue),
];
Console.WriteLine($"{Workers} workers, plain and streamed in turn, {seconds} s; {results.Count} requests");
Console.WriteLine($"{"",-12} {"requests",9} {"errors",7} {"cut",4} {string.Join(' ', upstreams.Select(upstream => $"{upstream.Name,9}"))}");
foreach (var (name, from, to) in phases)
{
    var part = In(from, to);
    Console.WriteLine($"{name,-12} {part.Count,9} {part.Count(IsError),7} {part.Count(result => result.IsCut),4} "
        + string.Join(' ', upstreams.Select(upstream => $"{Share(part, upstream),9:P0}")));
}

var complaints = new List<string>();
foreach (var error in results.Where(IsError).Take(5))
    complaints.Add($"a client got an error at {error.At.TotalSeconds:0.0} s from {error.Deployment ?? "nobody"}: {error.Error}");
foreach (var upstream in upstreams)
{
    var (before, after) = (Share(In(phases[0].From, phases[0].To), upstream), Share(In(phases[3].From, phases[3].To), upstream));
    if (Math.Abs(before - after) > Tolerance)
        complaints.Add($"the share of {upstream.Name} was {before:P0} and is {after:P0} after the recovery");
}
if (gateway.HasExited)
    complaints.Add($"the gateway ended: {gateway.LastLine}");
else if (await gateway.InFlightAsync() is not "0" and var left)
    complaints.Add($"requests in flight when all were answered: {left}");
foreach (var complaint in complaints)
    Console.WriteLine($"FAIL {complaint}");
Console.WriteLine(complaints.Count == 0 ? "ok: every client was answered, and the shares came back" : "failed");
return complaints.Count == 0 ? 0 : 1;

List<SoakResult> In(TimeSpan from, TimeSpan to) => results.FindAll(result => result.At >= from && result.At < to);

// What a stream that had begun lost when its provider died cannot be mended: it was told of with an error event.
bool IsError(SoakResult result) => result.Error is not null
    && !(result is { IsCut: true, Deployment: "dying" } && result.At >= died && result.At < died + TimeSpan.FromSeconds(2));

static double Share(List<SoakResult> part, SoakUpstream upstream) =>
    part.Count == 0 ? 0 : (double)part.Count(result => result.Deployment == upstream.Name) / part.Count;
