using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>What a provider would bill for one answer.</summary>
/// <param name="Number">Stands in the usage object of the answer, and so in the ledger.</param>
/// <param name="Exchange">The id of the client's request.</param>
internal sealed record IssuedAnswer(int Number, string Exchange, long Cost, bool IsWhole);

/// <summary>
/// A provider that answers, fails, hangs, cuts and dawdles at random, and keeps the bill. The client's request says its id in its first
/// message. A token costs a nano-dollar in and two out.
/// </summary>
internal sealed class MoneyUpstream(int seed)
{
    /// <summary>The text of each event of a stream.</summary>
    public const string Words = "some words ";

    private readonly Random _random = new(seed);
    private int _numbers;

    public ConcurrentQueue<IssuedAnswer> Issued { get; } = [];

    public async Task AnswerAsync(HttpContext http)
    {
        var body = JsonDocument.Parse(ScriptedUpstream.RequestOf(http).Body).RootElement;
        var how = Next(100);
        if (Next(4) == 0)
            await Task.Delay(Next(8));
        if (how < 10)
            await ScriptedUpstream.SendAsync(http, """{"error":{"message":"no"}}""", how < 5 ? 500 : 429);
        else if (how < 14)
            http.Abort();
        else if (how < 18)
            await Task.WhenAny(Task.Delay(Timeout.Infinite, http.RequestAborted));
        else
            await AnswerAsync(http, body, isCut: how < 24);
    }

    private async Task AnswerAsync(HttpContext http, JsonElement body, bool isCut)
    {
        var text = body.GetProperty("messages")[0].GetProperty("content").GetString()!;
        var choices = body.TryGetProperty("n", out var n) ? n.GetInt64() : 1;
        var most = (body.TryGetProperty("max_completion_tokens", out var cap) ? cap : body.GetProperty("max_tokens")).GetInt64();
        var (input, output) = (1 + Next(text.Length), (1 + Next((int)Math.Min(most, 500))) * choices);
        var number = Interlocked.Increment(ref _numbers);
        var usage = $$"""{"prompt_tokens":{{input}},"completion_tokens":{{output}},"total_tokens":{{input + output}},"number":{{number}}}""";
        var isStream = body.TryGetProperty("stream", out var stream) && stream.GetBoolean();
        if (isStream)
            await StreamAsync(http, usage, isCut);
        else
        {
            await ScriptedUpstream.SendAsync(http, $$$"""
                {"id":"c","object":"chat.completion","model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},
                "finish_reason":"stop"}],"usage":{{{usage}}}}
                """);
            await http.Response.CompleteAsync();
        }
        Issued.Enqueue(new(number, text[..text.IndexOf(' ')], input + 2 * output, !isStream || !isCut));
    }

    private async Task StreamAsync(HttpContext http, string usage, bool isCut)
    {
        http.Response.ContentType = "text/event-stream";
        for (var i = Next(5); i >= 0; i--)
            await EventAsync(http, Wire.Chunk(Words));
        if (isCut)
        {
            http.Abort();
            return;
        }
        await EventAsync(http, Wire.Finish);
        await EventAsync(http, $$"""{"id":"c1","object":"chat.completion.chunk","model":"x","choices":[],"usage":{{usage}}}""");
        await EventAsync(http, "[DONE]");
    }

    private static async Task EventAsync(HttpContext http, string payload)
    {
        await http.Response.WriteAsync($"data: {payload}\n\n");
        await http.Response.Body.FlushAsync();
    }

    private int Next(int most)
    {
        lock (_random)
            return _random.Next(most);
    }
}
