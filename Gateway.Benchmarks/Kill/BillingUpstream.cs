using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Benchmarks.Kill;

/// <summary>An answer that a provider would bill.</summary>
/// <param name="Number">In the usage object of the answer, and so in the ledger.</param>
/// <param name="Exchange">The client's id of its request, the first word of its question.</param>
/// <param name="Cost">In nano-USD: a nano-dollar a token in, two out.</param>
/// <param name="HasUsage">False: the stream was broken off before the usage was sent.</param>
internal sealed record BilledAnswer(int Number, string Exchange, long Cost, bool HasUsage);

/// <summary>A provider on loopback that takes a few milliseconds and remembers what it has answered.</summary>
internal sealed class BillingUpstream : IAsyncDisposable
{
    private readonly WebApplication _web;
    private int _numbers;

    public BillingUpstream()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _web = builder.Build();
        _web.Run(AnswerAsync);
    }

    public ConcurrentQueue<BilledAnswer> Answers { get; } = [];
    public string Url => new Uri(_web.Urls.First()).GetLeftPart(UriPartial.Authority) + "/v1";

    public Task StartAsync() => _web.StartAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var body = (await JsonDocument.ParseAsync(http.Request.Body)).RootElement;
        var question = body.GetProperty("messages")[0].GetProperty("content").GetString()!;
        var most = body.GetProperty("max_tokens").GetInt64();
        var number = Interlocked.Increment(ref _numbers);
        var (input, output) = (1 + number % 20, 1 + number * 7 % most);
        await Task.Delay(number % 15);
        var usage = $$"""{"prompt_tokens":{{input}},"completion_tokens":{{output}},"total_tokens":{{input + output}},"number":{{number}}}""";
        var answer = new BilledAnswer(number, question[..question.IndexOf(' ')], input + 2 * output, HasUsage: true);
        try
        {
            if (body.TryGetProperty("stream", out var stream) && stream.GetBoolean())
                await StreamAsync(http, usage);
            else
            {
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync($$$"""
                    {"id":"c","object":"chat.completion","model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},
                    "finish_reason":"stop"}],"usage":{{{usage}}}}
                    """);
                await http.Response.CompleteAsync();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            answer = answer with { HasUsage = false };
        }
        Answers.Enqueue(answer);
    }

    private static async Task StreamAsync(HttpContext http, string usage)
    {
        http.Response.ContentType = "text/event-stream";
        for (var i = 0; i < 4; i++)
        {
            await EventAsync(http, """{"id":"c","model":"x","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}""");
            await Task.Delay(3, http.RequestAborted);
        }
        await EventAsync(http, """{"id":"c","model":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""");
        await EventAsync(http, $$"""{"id":"c","model":"x","choices":[],"usage":{{usage}}}""");
        await EventAsync(http, "[DONE]");
    }

    private static async Task EventAsync(HttpContext http, string payload)
    {
        await http.Response.WriteAsync($"data: {payload}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
