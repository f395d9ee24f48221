using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests;

/// <summary>A provider on a real port that answers as a test says.</summary>
internal sealed class ScriptedUpstream : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly Func<HttpContext, Task> _answer;
    private readonly TaskCompletionSource _isAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ScriptedUpstream(WebApplication web, Func<HttpContext, Task> answer)
    {
        _web = web;
        _answer = answer;
    }

    /// <summary>What was asked, in order of arrival.</summary>
    public ConcurrentQueue<UpstreamRequest> Requests { get; } = new();

    public string Url => _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>The only request that came.</summary>
    public UpstreamRequest Request => Requests.Single();

    public static async Task<ScriptedUpstream> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var web = builder.Build();
        var upstream = new ScriptedUpstream(web, answer);
        web.Run(upstream.HandleAsync);
        await web.StartAsync();
        return upstream;
    }

    /// <summary>An upstream that gives every request this JSON.</summary>
    public static Task<ScriptedUpstream> AnswersAsync(string json, int status = 200) => StartAsync(http => SendAsync(http, json, status));

    /// <summary>An upstream that streams these payloads as events, flushed one by one.</summary>
    public static Task<ScriptedUpstream> StreamsAsync(params string[] payloads) => StartAsync(async http =>
    {
        http.Response.ContentType = "text/event-stream";
        foreach (var payload in payloads)
        {
            await http.Response.WriteAsync($"data: {payload}\n\n");
            await http.Response.Body.FlushAsync();
        }
    });

    /// <summary>What was asked with the request that is being answered.</summary>
    public static UpstreamRequest RequestOf(HttpContext http) => (UpstreamRequest)http.Items[typeof(UpstreamRequest)]!;

    public static async Task SendAsync(HttpContext http, string json, int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(json);
    }

    /// <summary>Completes when the first request has come.</summary>
    public Task IsAskedAsync() => _isAsked.Task.WaitAsync(GatewayHost.Patience);

    private async Task HandleAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var request = new UpstreamRequest(
            http.Request.Path + http.Request.QueryString,
            http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            Encoding.UTF8.GetString(body.ToArray()));
        http.Items[typeof(UpstreamRequest)] = request;
        Requests.Enqueue(request);
        _isAsked.TrySetResult();
        await _answer(http);
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}

internal sealed record UpstreamRequest(string Path, IReadOnlyDictionary<string, string> Headers, string Body);
