using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Clients;

/// <summary>What an upstream speaks.</summary>
public enum Spoken
{
    OpenAi,
    Responses,
    Anthropic,
    Gemini,
}

/// <summary>A provider of one wire format: what it answers, where it is called, and what it makes of a request.</summary>
internal abstract class ProviderScript
{
    /// <summary>The name by which clients know the model, the caller's key and the provider's.</summary>
    public const string Model = "river", CallerKey = "sk-ann-12345678", ProviderKey = "sk-provider-secret";

    /// <summary>The tokens of every answer.</summary>
    public const int InputTokens = 12, OutputTokens = 7;

    /// <summary>The first text of a stream that goes no further.</summary>
    public const string Beginning = "The Elbe";

    /// <summary>The model's <c>litellm_params</c> and <c>model_info</c>, each on its line.</summary>
    protected abstract string Entry { get; }

    public static ProviderScript Of(Spoken format) => format switch
    {
        Spoken.OpenAi => new OpenAiScript(),
        Spoken.Responses => new ResponsesScript(),
        Spoken.Anthropic => new AnthropicScript(),
        _ => new GeminiScript(),
    };

    /// <summary>One model with one provider that is asked once, and one caller.</summary>
    public string Yaml => $$"""
        model_list:
          - model_name: {{Model}}
            {{Entry}}
        router_settings: {num_retries: 0, disable_cooldowns: true}
        user_access: [{user_id: ann, api_key: {{CallerKey}}}]
        """;

    /// <summary>Holds that the provider was asked at the right place, with its own key and in no other's name.</summary>
    protected abstract void AssertCalled(UpstreamRequest request, bool isStream);

    /// <summary>What the provider understands of a body.</summary>
    protected abstract UnderstoodRequest Read(JsonElement body);

    /// <summary>A whole answer.</summary>
    protected abstract JsonNode Whole(ScriptedTurn turn);

    /// <summary>The same answer as a stream: the event's name (null: none) and its data.</summary>
    protected abstract IEnumerable<(string? Event, string Data)> Events(ScriptedTurn turn);

    /// <summary>A refusal in the provider's envelope.</summary>
    protected abstract JsonNode Error(int status, string message);

    protected abstract bool AsksForStream(UpstreamRequest request);

    /// <summary>An upstream that gives each request its turn, streamed where that is asked for.</summary>
    public async Task<ScriptedUpstream> StartAsync(params ScriptedTurn[] turns)
    {
        var next = -1;
        return await ScriptedUpstream.StartAsync(async http =>
        {
            var turn = turns[Interlocked.Increment(ref next)];
            if (AsksForStream(ScriptedUpstream.RequestOf(http)))
            {
                foreach (var one in Events(turn))
                    await SendEventAsync(http, one);
            }
            else
            {
                await ScriptedUpstream.SendAsync(http, Whole(turn).ToJsonString());
            }
        });
    }

    /// <summary>A gateway in front of that upstream.</summary>
    public Task<GatewayHost> StartGatewayAsync(ScriptedUpstream upstream) => GatewayHost.StartAsync(Yaml, upstream);

    /// <summary>What the provider understood of the only request, which it checks.</summary>
    public UnderstoodRequest Understood(ScriptedUpstream upstream, bool isStream = false) => Understood(upstream.Request, isStream);

    public UnderstoodRequest Understood(UpstreamRequest request, bool isStream)
    {
        AssertCalled(request, isStream);
        return Read(JsonElement.Parse(request.Body));
    }

    /// <summary>An upstream that refuses each request with the next of these statuses.</summary>
    public async Task<ScriptedUpstream> RefuseAsync(string message, params int[] statuses)
    {
        var next = -1;
        return await ScriptedUpstream.StartAsync(http =>
        {
            var status = statuses[Interlocked.Increment(ref next)];
            return ScriptedUpstream.SendAsync(http, Error(status, message).ToJsonString(), status);
        });
    }

    /// <summary>An upstream that sends a stream's beginning, its first text with it, and breaks off when that was read.</summary>
    public Task<ScriptedUpstream> BreakOffAsync(Task isRead) => ScriptedUpstream.StartAsync(async http =>
    {
        await BeginAsync(http);
        await isRead.WaitAsync(GatewayHost.Patience);
        http.Abort();
    });

    /// <summary>An upstream that sends nothing, or a stream's beginning, and then nothing until it is hung up on.</summary>
    /// <param name="hungUp">Completes then.</param>
    public Task<ScriptedUpstream> HangAsync(TaskCompletionSource hungUp) => ScriptedUpstream.StartAsync(async http =>
    {
        using var _ = http.RequestAborted.Register(hungUp.SetResult);
        if (AsksForStream(ScriptedUpstream.RequestOf(http)))
            await BeginAsync(http);
        await hungUp.Task.WaitAsync(GatewayHost.Patience);
    });

    private async Task BeginAsync(HttpContext http)
    {
        foreach (var one in Events(new() { Text = [Beginning, " flows."] }))
        {
            await SendEventAsync(http, one);
            if (one.Data.Contains(Beginning))
                return;
        }
    }

    private static async Task SendEventAsync(HttpContext http, (string? Event, string Data) one)
    {
        http.Response.ContentType ??= "text/event-stream";
        await http.Response.WriteAsync(one.Event is null ? $"data: {one.Data}\n\n" : $"event: {one.Event}\ndata: {one.Data}\n\n");
        await http.Response.Body.FlushAsync();
    }

    /// <summary>The events of a format that repeats an event's name in its data.</summary>
    protected static IEnumerable<(string? Event, string Data)> Named(IEnumerable<JsonObject> events) =>
        events.Select(static json => ((string?)json["type"], json.ToJsonString()));

    protected static void AssertHeaders(UpstreamRequest request, string header, string value)
    {
        Assert.That(request.Headers.GetValueOrDefault(header), Is.EqualTo(value));
        Assert.That(request.Headers.Values.Concat([request.Path, request.Body]), Has.None.Contains(CallerKey));
    }

    protected static bool IsStream(UpstreamRequest request) =>
        JsonElement.Parse(request.Body).TryGetProperty("stream", out var stream) && stream.GetBoolean();
}
