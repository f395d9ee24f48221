using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Alerts;

/// <summary>A receiver of webhooks on a real port, which answers with these statuses one after the other, then with 200.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<int> _statuses;
    private readonly Channel<UpstreamRequest> _calls = Channel.CreateUnbounded<UpstreamRequest>();
    private ScriptedUpstream _server = null!;

    private WebhookReceiver(int[] statuses) => _statuses = new(statuses);

    public string Url => _server.Url + "/services/secret-path";
    public int Count => _server.Requests.Count;

    /// <summary>Sent with each answer. Null: not.</summary>
    public string? RetryAfter { get; set; }

    /// <summary>What the answers wait for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public static async Task<WebhookReceiver> StartAsync(params int[] statuses)
    {
        var receiver = new WebhookReceiver(statuses);
        receiver._server = await ScriptedUpstream.StartAsync(receiver.AnswerAsync);
        return receiver;
    }

    /// <summary>The next call.</summary>
    public async Task<UpstreamRequest> NextAsync() => await _calls.Reader.ReadAsync().AsTask().WaitAsync(GatewayHost.Patience);

    private async Task AnswerAsync(HttpContext http)
    {
        http.Response.StatusCode = _statuses.TryDequeue(out var status) ? status : 200;
        if (RetryAfter is not null)
            http.Response.Headers.RetryAfter = RetryAfter;
        _calls.Writer.TryWrite(_server.Requests.Last());
        await Gate;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
