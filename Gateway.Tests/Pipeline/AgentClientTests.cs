using System.Text.Json;

namespace Gateway.Tests.Pipeline;

/// <summary>What SDKs and agents send of their own accord, to providers that speak another dialect, through the whole gateway.</summary>
public sealed class AgentClientTests
{
    private const string Models = """
        model_list:
          - model_name: gemini
            litellm_params: {model: gemini/gemini-3-pro-preview, api_base: "{upstream}", api_key: k}
          - model_name: claude
            litellm_params: {model: anthropic/claude-sonnet-4-5, api_base: "{upstream}", api_key: k}
          - model_name: gpt-4o
            litellm_params: {model: openai/gpt-4o, api_base: "{upstream}/v1", api_key: k}
          - model_name: gpt-5
            litellm_params: {model: openai/gpt-5, api_base: "{upstream}/v1", api_key: k}
          - model_name: responses
            litellm_params: {model: openai/gpt-4.1, api_base: "{upstream}/v1", api_key: k}
            model_info: {mode: responses}

        """;

    private const string GeminiCall = """
        {"candidates":[{"content":{"role":"model","parts":[
        {"functionCall":{"name":"weather","args":{"city":"Dresden"}},"thoughtSignature":"c2VhbA=="}]},"finishReason":"STOP","index":0}],
        "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"totalTokenCount":8},"responseId":"g1"}
        """;

    private const string Weather = """
        "tools":[{"type":"function","name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}]
        """;

    private const string Response = """
        {"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m","output":[
        {"type":"message","id":"msg_1","role":"assistant","status":"completed",
        "content":[{"type":"output_text","text":"The Elbe.","annotations":[]}]}],
        "usage":{"input_tokens":5,"output_tokens":3,"total_tokens":8}}
        """;

    /// <summary>Claude Code's effort and its name for the user, which is longer than OpenAI's may be.</summary>
    private const string ClaudeCode = """
        {"model":"MODEL","max_tokens":32000,"thinking":{"type":"adaptive"},"output_config":{"effort":"high"},
         "metadata":{"user_id":"{\"device_id\":\"0123456789abcdef0123456789abcdef\",\"account_uuid\":\"\",\"session_id\":\"s-1\"}"},
         "messages":[{"role":"user","content":"A river?"}]}
        """;

    [Test]
    public async Task TheVercelSdkRefersToThoughtsAndTheProviderGetsTheirSeals()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(GeminiCall);
        await using var gateway = await GatewayHost.StartAsync(Models, upstream);

        using var first = await gateway.ChatAsync(
            $$"""
            {"model":"gemini","input":[{"role":"user","content":"Rain?"}],{{Weather}} }
            """, path: "/v1/responses");
        var items = (await first.JsonAsync()).GetProperty("output").EnumerateArray().ToArray();
        Assert.That(items.Select(item => item.GetProperty("type").GetString()), Is.EqualTo(["reasoning", "function_call"]));
        var call = items[1].GetProperty("call_id").GetString();
        using var second = await gateway.ChatAsync($$"""
            {"model":"gemini","input":[{"role":"user","content":"Rain?"},
             {"type":"item_reference","id":"{{items[0].GetProperty("id").GetString()}}"},
             {"type":"function_call","call_id":"{{call}}","name":"weather","arguments":"{\"city\":\"Dresden\"}"},
             {"type":"function_call_output","call_id":"{{call}}","output":"yes"}],{{Weather}} }
            """, path: "/v1/responses");

        Assert.That((int)second.StatusCode, Is.EqualTo(200), await second.TextAsync());
        var part = JsonDocument.Parse(upstream.Requests.Last().Body).RootElement.GetProperty("contents")[1].GetProperty("parts")[0];
        Assert.That(part.GetProperty("functionCall").GetProperty("name").GetString(), Is.EqualTo("weather"));
        Assert.That(part.GetProperty("thoughtSignature").GetString(), Is.EqualTo("c2VhbA=="));
    }

    [Test]
    public async Task TheVercelSdkRefersToWhatWasSaidAndTheProviderIsToldIt()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Models, upstream);

        using var first = await gateway.ChatAsync("""{"model":"gpt-4o","input":"Hello"}""", path: "/v1/responses");
        var item = (await first.JsonAsync()).GetProperty("output")[0];
        using var second = await gateway.ChatAsync($$"""
            {"model":"gpt-4o","input":[{"role":"user","content":"Hello"},
             {"type":"item_reference","id":"{{item.GetProperty("id").GetString()}}"},
             {"role":"user","content":"Go on"}]}
            """, path: "/v1/responses");
        using var unknown = await gateway.ChatAsync(
            """{"model":"gpt-4o","input":[{"role":"user","content":"Hello"},{"type":"item_reference","id":"msg_none"}]}""",
            path: "/v1/responses");

        Assert.That((int)second.StatusCode, Is.EqualTo(200), await second.TextAsync());
        var said = JsonDocument.Parse(upstream.Requests.Last().Body).RootElement.GetProperty("messages")[1];
        Assert.That(said.GetProperty("role").GetString(), Is.EqualTo("assistant"));
        Assert.That(said.GetProperty("content").GetString(), Is.EqualTo(item.GetProperty("content")[0].GetProperty("text").GetString()));
        Assert.That((int)unknown.StatusCode, Is.EqualTo(400));
        Assert.That((await unknown.JsonAsync()).GetProperty("error").GetProperty("param").GetString(), Is.EqualTo("input[1]"));
    }

    [Test]
    public async Task CodexsSearchBesideItsFunctionsIsNotSentToGemini()
    {
        const string Body = """
            {"model":"gemini","input":"Rain?","tools":[{"type":"function","name":"weather","parameters":{"type":"object","properties":{}}},
             {"type":"web_search","external_web_access":true}]}
            """;
        await using var upstream = await ScriptedUpstream.AnswersAsync(GeminiCall);
        await using var strict = await GatewayHost.StartAsync(Models, upstream);
        await using var lax = await GatewayHost.StartAsync(Models + "litellm_settings: {drop_params: true}", upstream);

        using var refused = await strict.ChatAsync(Body, path: "/v1/responses");
        using var dropped = await lax.ChatAsync(Body, path: "/v1/responses");

        Assert.That((int)refused.StatusCode, Is.EqualTo(400));
        Assert.That(await refused.TextAsync(), Does.Contain("['tools (web_search)']").And.Contain("cannot be had beside functions"));
        Assert.That(dropped.Header("x-gateway-dropped-params"), Is.EqualTo("tools (web_search)"));
        var tools = JsonDocument.Parse(upstream.Request.Body).RootElement.GetProperty("tools");
        Assert.That(tools.EnumerateArray().Select(tool => tool.EnumerateObject().Single().Name), Is.EqualTo(["functionDeclarations"]));
    }

    [Test]
    public async Task AGeminiClientGetsTheSealOfAThoughtWithItsLastPiece()
    {
        string[] events =
        [
            """{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"usage":{"input_tokens":1}}}""",
            """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"I "}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"think."}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2VhbA=="}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"The Elbe."}}""",
            """{"type":"content_block_stop","index":1}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}""",
            """{"type":"message_stop"}""",
        ];
        await using var upstream = await ScriptedUpstream.StreamsAsync(events);
        await using var gateway = await GatewayHost.StartAsync(Models, upstream);

        using var response = await gateway.ChatAsync(
            """
            {"contents":[{"role":"user","parts":[{"text":"A river?"}]}],
             "generationConfig":{"thinkingConfig":{"includeThoughts":true,"thinkingBudget":2000}}}
            """, path: "/v1beta/models/claude:streamGenerateContent?alt=sse");
        var parts = (await response.TextAsync()).Split("\r\n\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("candidates")[0])
            .SelectMany(candidate => candidate.GetProperty("content").GetProperty("parts").EnumerateArray())
            .Where(part => part.GetProperty("text").GetString() is { Length: > 0 } || part.TryGetProperty("thoughtSignature", out _))
            .Select(part => (part.GetProperty("text").GetString(), IsThought: part.TryGetProperty("thought", out _),
                IsSealed: part.TryGetProperty("thoughtSignature", out _)));

        Assert.That(parts, Is.EqualTo(new[] { ("I ", true, false), ("think.", true, true), ("The Elbe.", false, false) }));
    }

    private static Task<ScriptedUpstream> OpenAiAsync() => ScriptedUpstream.StartAsync(http =>
        ScriptedUpstream.SendAsync(http, http.Request.Path == "/v1/responses" ? Response : Wire.Answer));

    [TestCase("gpt-5", "chat/completions")]
    [TestCase("responses", "responses")]
    public async Task ALongNameOfAUserIsHashedForOpenAi(string model, string path)
    {
        await using var upstream = await OpenAiAsync();
        await using var gateway = await GatewayHost.StartAsync(Models + "litellm_settings: {drop_params: true}", upstream);

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/messages", null, ClaudeCode.Replace("MODEL", model));

        Assert.That(upstream.Request.Path, Is.EqualTo($"/v1/{path}"));
        var user = JsonDocument.Parse(upstream.Request.Body).RootElement.GetProperty("user").GetString();
        Assert.That(user, Does.Match("^[0-9a-f]{64}$"));
    }

    [TestCase("gpt-4o")]
    [TestCase("responses")]
    public async Task AModelThatDoesNotThinkIsNotToldHowMuch(string model)
    {
        await using var upstream = await OpenAiAsync();
        await using var strict = await GatewayHost.StartAsync(Models, upstream);
        await using var lax = await GatewayHost.StartAsync(Models + "litellm_settings: {drop_params: true}", upstream);
        var body = ClaudeCode.Replace("MODEL", model);

        using var refused = await strict.SendAsync(HttpMethod.Post, "/v1/messages", null, body);
        Assert.That((int)refused.StatusCode, Is.EqualTo(400));
        Assert.That(await refused.TextAsync(),
            Does.Contain("['thinking', 'output_config.effort']").And.Contain("this model does not think"));
        using var dropped = await lax.SendAsync(HttpMethod.Post, "/v1/messages", null, body);

        Assert.That(dropped.Header("x-gateway-dropped-params"), Is.EqualTo("thinking, output_config.effort"));
        Assert.That(upstream.Request.Body, Does.Not.Contain("reasoning"));
        using var off = await strict.SendAsync(HttpMethod.Post, "/v1/messages", null, Without(body));
        Assert.That(upstream.Requests, Has.Count.EqualTo(2), "not to think is what it does");
    }

    private static string Without(string body) =>
        body.Replace("\"adaptive\"", "\"disabled\"").Replace("\"output_config\":{\"effort\":\"high\"},", "");

    [TestCase(true, 16384)]
    [TestCase(false, 32000)]
    public async Task ModifyParamsLowersTheLimitToWhatTheModelWrites(bool modifies, int sent)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Models + $"litellm_settings: {{drop_params: true, modify_params: {(modifies ? "true" : "false")}}}", upstream);

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/messages", null, ClaudeCode.Replace("MODEL", "gpt-4o"));

        var body = JsonDocument.Parse(upstream.Requests.Last().Body).RootElement;
        Assert.That(body.GetProperty("max_completion_tokens").GetInt32(), Is.EqualTo(sent));
    }
}
