using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Benchmarks.Soak;

/// <summary>A provider on loopback: at a pace, within a rate, and one that can die and come back at the same port.</summary>
internal sealed class SoakUpstream(string name) : IAsyncDisposable
{
    private const string Head = "\"id\":\"c1\",\"created\":1,\"model\":\"soak\"";

    private const string Answer = "{" + Head
        + ",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},"
        + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}}";

    private static readonly string[] Events =
    [
        Chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null"),
        .. Enumerable.Repeat(Chunk("{\"content\":\"word \"}", "null"), 8),
        Chunk("{}", "\"stop\""),
        "{" + Head + ",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":8,\"total_tokens\":18}}",
        "[DONE]",
    ];

    private readonly Lock _lock = new();
    private readonly HashSet<HttpContext> _running = [];
    private WebApplication? _web;
    private int _port;
    private long _second;
    private int _taken;

    public string Name => name;
    public string Url => $"http://127.0.0.1:{_port}/v1";

    /// <summary>How long it thinks before it answers.</summary>
    public TimeSpan Thinks { get; init; }

    /// <summary>Requests that it takes within a second; others get a 429. Null: any number.</summary>
    public int? PerSecond { get; init; }

    /// <summary>Starts it, or lets it come back where it was.</summary>
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port));
        var web = builder.Build();
        web.Run(AnswerAsync);
        await web.StartAsync();
        _port = new Uri(web.Urls.First()).Port;
        _web = web;
    }

    /// <summary>Closes its port and breaks off whatever runs, as a process does that is killed.</summary>
    public async Task DieAsync()
    {
        var web = _web;
        _web = null;
        if (web is null)
            return;
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        var stopping = web.StopAsync(now.Token);
        lock (_lock)
            foreach (var http in _running)
                http.Abort();
        await stopping;
        await web.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        lock (_lock)
            _running.Add(http);
        try
        {
            using var reader = new StreamReader(http.Request.Body);
            var isStream = (await reader.ReadToEndAsync()).Contains("\"stream\":true", StringComparison.Ordinal);
            if (IsOverLimit())
            {
                http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                http.Response.Headers.RetryAfter = "1";
                await http.Response.WriteAsync("{\"error\":{\"message\":\"Too many requests within a second.\"}}");
                return;
            }
            await Task.Delay(Thinks, http.RequestAborted);
            await (isStream ? StreamAsync(http) : SendAsync(http));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            // It died, or the gateway hung up.
        }
        finally
        {
            lock (_lock)
                _running.Remove(http);
        }
    }

    private bool IsOverLimit()
    {
        if (PerSecond is not { } limit)
            return false;
        lock (_lock)
        {
            var second = Environment.TickCount64 / 1000;
            if (second != _second)
                (_second, _taken) = (second, 0);
            return ++_taken > limit;
        }
    }

    private static Task SendAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(Answer);
    }

    private static async Task StreamAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        foreach (var payload in Events)
        {
            await http.Response.WriteAsync($"data: {payload}\n\n");
            await http.Response.Body.FlushAsync();
            await Task.Delay(5, http.RequestAborted);
        }
    }

    private static string Chunk(string delta, string finish) =>
        "{" + Head + ",\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":" + finish + "}]}";

    public async ValueTask DisposeAsync() => await DieAsync();
}
