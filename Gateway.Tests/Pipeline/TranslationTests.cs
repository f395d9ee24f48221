using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>Clients of one dialect and providers of another, through the whole gateway.</summary>
public sealed class TranslationTests
{
    private const string Claude = """
        model_list:
          - model_name: claude
            litellm_params:
              model: anthropic/claude-sonnet-4-5
              api_base: "{upstream}"
              api_key: sk-ant-provider
              input_cost_per_token: 0.000003
              output_cost_per_token: 0.000015
        """;

    private const string Gpt = """
        model_list:
          - model_name: gpt
            litellm_params: {model: openai/gpt-4o, api_base: "{upstream}/v1", api_key: sk-provider}

        """;

    private const string Message = """
        {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"The Elbe."}],
        "stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":4}}
        """;

    private const string Chat = """{"model":"claude","messages":[{"role":"user","content":"A river?"}]}""";
    private const string Messages = """{"model":"MODEL","max_tokens":100,"messages":[{"role":"user","content":"A river?"}]}""";

    private static async Task StreamMessageAsync(HttpContext http, bool isWhole)
    {
        http.Response.ContentType = "text/event-stream";
        string[] events =
        [
            """{"type":"message_start","message":{"id":"msg_2","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":10,"output_tokens":1}}}""",
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"The "}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Elbe."}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":4}}""",
            """{"type":"message_stop"}""",
        ];
        foreach (var json in isWhole ? events : events[..4])
        {
            var type = JsonDocument.Parse(json).RootElement.GetProperty("type").GetString();
            await http.Response.WriteAsync($"event: {type}\ndata: {json}\n\n");
            await http.Response.Body.FlushAsync();
        }
    }

    [Test]
    public async Task AnOpenAiClientGetsAnAnswerOfClaudeAndPaysForIt()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Message);
        await using var gateway = await GatewayHost.StartAsync(Claude, upstream);

        using var response = await gateway.ChatAsync(Chat);
        var answer = await response.JsonAsync();

        Assert.That(answer.GetProperty("object").GetString(), Is.EqualTo("chat.completion"));
        Assert.That(answer.GetProperty("model").GetString(), Is.EqualTo("claude"));
        Assert.That(answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), Is.EqualTo("The Elbe."));
        Assert.That(answer.GetProperty("usage").GetProperty("total_tokens").GetInt32(), Is.EqualTo(14));
        Assert.That(response.Header("x-litellm-response-cost"), Is.EqualTo("0.00009"));
        Assert.That(response.Content.Headers.ContentLength, Is.EqualTo((await response.Content.ReadAsByteArrayAsync()).Length));

        var sent = upstream.Request;
        Assert.That(sent.Path, Is.EqualTo("/v1/messages"));
        Assert.That(sent.Headers["x-api-key"], Is.EqualTo("sk-ant-provider"));
        Assert.That(sent.Headers["anthropic-version"], Is.EqualTo("2023-06-01"));
        Assert.That(sent.Headers.ContainsKey("authorization"), Is.False);
        var body = JsonDocument.Parse(sent.Body).RootElement;
        Assert.That(body.GetProperty("model").GetString(), Is.EqualTo("claude-sonnet-4-5"));
        Assert.That(body.GetProperty("max_tokens").GetInt64(), Is.EqualTo(64_000), "the model's own limit, as Anthropic must be told one");

        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That(row["raw_usage"], Is.EqualTo("""{"input_tokens":10,"output_tokens":4}"""));
        Assert.That(row["is_estimated"], Is.EqualTo(0L));
    }

    [Test]
    public async Task AnOpenAiClientGetsAStreamOfClaudeAndItsUsage()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => StreamMessageAsync(http, isWhole: true));
        await using var gateway = await GatewayHost.StartAsync(Claude, upstream);

        using var response = await gateway.ChatAsync(
            """{"model":"claude","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"A river?"}]}""");
        var events = await response.EventsAsync();

        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
        Assert.That(events[^1], Is.EqualTo("[DONE]"));
        var chunks = events[..^1].Select(json => JsonDocument.Parse(json).RootElement).ToList();
        Assert.That(chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32(), Is.EqualTo(4));
        Assert.That(chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString(), Is.EqualTo("stop"));
        Assert.That(string.Concat(chunks.Where(c => c.GetProperty("choices").GetArrayLength() > 0)
            .Select(c => c.GetProperty("choices")[0].GetProperty("delta"))
            .Select(d => d.TryGetProperty("content", out var text) ? text.GetString() : "")), Is.EqualTo("The Elbe."));
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["input_tokens"], row["output_tokens"], row["is_estimated"]), Is.EqualTo((10L, 4L, 0L)));
    }

    [Test]
    public async Task ACutStreamEndsInAnErrorInTheClientsDialect()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => StreamMessageAsync(http, isWhole: false));
        await using var gateway = await GatewayHost.StartAsync(Claude, upstream);

        using var response = await gateway.ChatAsync("""{"model":"claude","stream":true,"messages":[{"role":"user","content":"A river?"}]}""");
        var text = await response.TextAsync();

        Assert.That(text, Does.Not.Contain("[DONE]"));
        Assert.That(text, Does.Contain("data: {\"error\":"));
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That(row["is_estimated"], Is.EqualTo(1L), "the output is counted from what was relayed");
        Assert.That((long)row["output_tokens"]!, Is.GreaterThan(0));
    }

    [Test]
    public async Task AnAnthropicClientGetsAnAnswerOfGptInItsOwnWords()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Gpt, upstream);

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/messages?beta=true", null, Messages.Replace("MODEL", "gpt"));
        var answer = await response.JsonAsync();

        Assert.That(answer.GetProperty("type").GetString(), Is.EqualTo("message"));
        Assert.That(answer.GetProperty("model").GetString(), Is.EqualTo("gpt"));
        Assert.That(answer.GetProperty("content")[0].GetProperty("type").GetString(), Is.EqualTo("text"));
        Assert.That(upstream.Request.Path, Is.EqualTo("/v1/chat/completions"));
        Assert.That(upstream.Request.Headers["authorization"], Is.EqualTo("Bearer sk-provider"));
        Assert.That(upstream.Request.Headers.ContainsKey("anthropic-version"), Is.False);
    }

    [Test]
    public async Task AnAnthropicClientGetsErrorsInAnthropicsEnvelope()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"error":{"message":"Slow down","type":"rate_limit"}}""", 429);
        await using var gateway = await GatewayHost.StartAsync(Gpt + Wire.Keys + "\nrouter_settings: {num_retries: 0}", upstream);

        using var denied = await gateway.SendAsync(HttpMethod.Post, "/v1/messages", null, Messages.Replace("MODEL", "gpt"), ("x-api-key", "sk-wrong-key"));
        using var failed = await gateway.SendAsync(HttpMethod.Post, "/v1/messages", null, Messages.Replace("MODEL", "gpt"), ("x-api-key", Wire.Master));
        using var unknown = await gateway.SendAsync(HttpMethod.Post, "/v1/messages", null, Messages.Replace("MODEL", "none"), ("x-api-key", Wire.Master));

        Assert.That(((int)denied.StatusCode, await TypeOfAsync(denied)), Is.EqualTo((401, "authentication_error")));
        Assert.That(((int)failed.StatusCode, await TypeOfAsync(failed)), Is.EqualTo((429, "rate_limit_error")));
        Assert.That(((int)unknown.StatusCode, await TypeOfAsync(unknown)), Is.EqualTo((400, "invalid_request_error")));
    }

    private static async Task<string?> TypeOfAsync(HttpResponseMessage response)
    {
        var body = await response.JsonAsync();
        Assert.That(body.GetProperty("type").GetString(), Is.EqualTo("error"));
        return body.GetProperty("error").GetProperty("type").GetString();
    }

    [Test]
    public async Task WhereBothSpeakAnthropicTheBytesPass()
    {
        const string Body = """
            {"model":"claude","max_tokens":64, "thinking": {"type":"enabled","budget_tokens":32,"display":"omitted"}, "context_management":{"edits":[]},
             "future_field": [1, 2.50],  "messages":[{"role":"user","content":"A river?"}]}
            """;
        await using var upstream = await ScriptedUpstream.AnswersAsync(Message);
        await using var gateway = await GatewayHost.StartAsync(Claude, upstream);

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/messages?beta=true", null, Body,
            ("anthropic-version", "2026-10-21"), ("anthropic-beta", "a-2026-01-01,b-2026-02-02"), ("x-evil", "1"));

        Assert.That(await response.TextAsync(), Is.EqualTo(Message.Replace("\"claude-sonnet-4-5\"", "\"claude\"")));
        var sent = upstream.Request;
        Assert.That(sent.Body, Is.EqualTo(Body.Replace("\"claude\"", "\"claude-sonnet-4-5\"")));
        Assert.That(sent.Headers["anthropic-version"], Is.EqualTo("2026-10-21"));
        Assert.That(sent.Headers["anthropic-beta"], Is.EqualTo("a-2026-01-01,b-2026-02-02"));
        Assert.That(sent.Headers.ContainsKey("x-evil"), Is.False);
    }

    [Test]
    public async Task WhatAProviderCannotCarryIsRefusedByNameOrDroppedAloud()
    {
        const string Body = """{"model":"claude","seed":7,"logit_bias":{"50":1},"messages":[{"role":"user","content":"A river?"}]}""";
        await using var upstream = await ScriptedUpstream.AnswersAsync(Message);
        await using var strict = await GatewayHost.StartAsync(Claude, upstream);
        await using var lax = await GatewayHost.StartAsync(Claude + "\nlitellm_settings: {drop_params: true}", upstream);

        using var refused = await strict.ChatAsync(Body);
        using var dropped = await lax.ChatAsync(Body);
        using var asked = await strict.ChatAsync(Body.Replace("\"seed\"", "\"drop_params\":true,\"seed\""));

        Assert.That((int)refused.StatusCode, Is.EqualTo(400));
        var message = (await refused.JsonAsync()).GetProperty("error").GetProperty("message").GetString();
        Assert.That(message, Does.Contain("anthropic does not support parameters: ['seed', 'logit_bias']"));
        foreach (var response in (HttpResponseMessage[])[dropped, asked])
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            Assert.That(response.Header("x-gateway-dropped-params"), Is.EqualTo("seed, logit_bias"));
        }
        Assert.That(upstream.Requests.All(request => !request.Body.Contains("seed") && !request.Body.Contains("logit_bias")));
    }

    [Test]
    public async Task AFallbackMaySpeakAnotherDialect()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => http.Request.Path == "/v1/messages"
            ? ScriptedUpstream.SendAsync(http, Message)
            : ScriptedUpstream.SendAsync(http, """{"error":{"message":"down"}}""", 500));
        await using var gateway = await GatewayHost.StartAsync(Claude + """

              - model_name: gpt
                litellm_params: {model: openai/gpt-4o, api_base: "{upstream}/v1", api_key: sk-provider}
            router_settings: {num_retries: 0, fallbacks: [{gpt: [claude]}]}
            """, upstream);

        using var response = await gateway.ChatAsync(Chat.Replace("\"claude\"", "\"gpt\""));

        Assert.That((await response.JsonAsync()).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(),
            Is.EqualTo("The Elbe."));
        Assert.That(response.Header("x-litellm-attempted-fallbacks"), Is.EqualTo("1"));
    }

    [Test]
    public async Task ALegacyCompletionIsAnsweredByAModelThatOnlyChats()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Message);
        await using var gateway = await GatewayHost.StartAsync(Claude, upstream);

        using var response = await gateway.ChatAsync("""{"model":"claude","prompt":"A river is","max_tokens":20}""", path: "/v1/completions");
        var answer = await response.JsonAsync();

        Assert.That(answer.GetProperty("object").GetString(), Is.EqualTo("text_completion"));
        Assert.That(answer.GetProperty("choices")[0].GetProperty("text").GetString(), Is.EqualTo("The Elbe."));
        Assert.That(JsonDocument.Parse(upstream.Request.Body).RootElement.GetProperty("max_tokens").GetInt32(), Is.EqualTo(20));
    }

    [Test]
    public async Task ABudgetLowersTheLimitOfTokensInTheProvidersDialect()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Message);
        await using var gateway = await GatewayHost.StartAsync(
            Claude + "\nuser_access:\n  - {user_id: u, api_keys: [sk-user-key-1], max_budget: 0.02}", upstream);

        using var response = await gateway.ChatAsync(Chat, "sk-user-key-1");

        Assert.That((int)response.StatusCode, Is.EqualTo(200), await response.TextAsync());
        var lowered = response.Header("x-gateway-max-tokens-lowered-to");
        Assert.That(lowered, Is.Not.Null);
        Assert.That(JsonDocument.Parse(upstream.Request.Body).RootElement.GetProperty("max_tokens").GetRawText(), Is.EqualTo(lowered));
    }

    [Test]
    public async Task AMockAnswersInEveryDialect()
    {
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: demo
                litellm_params: {model: anthropic/claude-sonnet-4-5, mock_response: "Hello there."}
            """);

        using var message = await gateway.SendAsync(HttpMethod.Post, "/v1/messages", null, Messages.Replace("MODEL", "demo"));
        using var stream = await gateway.SendAsync(
            HttpMethod.Post, "/v1/messages", null, Messages.Replace("MODEL", "demo").Replace("{\"model\"", "{\"stream\":true,\"model\""));

        Assert.That((await message.JsonAsync()).GetProperty("content")[0].GetProperty("text").GetString(), Is.EqualTo("Hello there."));
        var text = await stream.TextAsync();
        Assert.That(text, Does.StartWith("event: message_start\n"));
        Assert.That(text, Does.EndWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
    }
}
