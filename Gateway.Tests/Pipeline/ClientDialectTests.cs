using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>Clients of Responses and of Google's dialect, and what only they have, through the whole gateway.</summary>
public sealed class ClientDialectTests
{
    private const string TwoKeys = """
        general_settings: {master_key: sk-master-1234}
        user_access:
          - {user_id: alice, api_keys: [sk-alice-1234]}
          - {user_id: bob, api_keys: [sk-bob-12345678]}

        """;

    private const string Kept = """
        model_list:
          - model_name: gpt
            litellm_params: {model: openai/gpt-5, api_base: "{upstream}/v1", api_key: k1}
            model_info: {mode: responses, id: one}
          - model_name: gpt
            litellm_params: {model: openai/gpt-5, api_base: "{upstream}/v1", api_key: k2}
            model_info: {mode: responses, id: two}

        """;

    private const string Chats = """
        model_list:
          - model_name: gpt
            litellm_params: {model: openai/gpt-4o, api_base: "{upstream}/v1", api_key: k}

        """;

    private const string Gemini = """
        model_list:
          - model_name: flash
            litellm_params: {model: gemini/gemini-2.5-flash, api_base: "{upstream}", api_key: g-key}
          - model_name: vectors
            litellm_params: {model: gemini/gemini-embedding-001, api_base: "{upstream}", api_key: g-key}

        """;

    private const string Response = """
        {"id":"resp_abc","object":"response","status":"completed","model":"gpt-5","output":[{"type":"message","id":"msg_1","role":"assistant",
        "status":"completed","content":[{"type":"output_text","text":"The Elbe.","annotations":[]}]}],
        "usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}
        """;

    [Test]
    public async Task WhereBothSpeakResponsesTheBytesPassAndIdsBelongToTheKey()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Response);
        await using var gateway = await GatewayHost.StartAsync(Kept + TwoKeys, upstream);
        const string Body = """{"model":"gpt","input":"A river?","store":true, "include":["reasoning.encrypted_content"],"client_metadata":{"a":1}}""";
        const string Next = """{"model":"gpt","input":"Another?","previous_response_id":"resp_abc"}""";

        using var first = await gateway.ChatAsync(Body, "sk-alice-1234", "/v1/responses");
        Assert.That(await first.TextAsync(), Is.EqualTo(Response.Replace("\"gpt-5\"", "\"gpt\"")));
        Assert.That(upstream.Request.Body, Is.EqualTo(Body.Replace("\"gpt\"", "\"gpt-5\"")));
        Assert.That(upstream.Request.Path, Is.EqualTo("/v1/responses"));

        for (var i = 0; i < 6; i++)
        {
            using var own = await gateway.ChatAsync(Next, "sk-alice-1234", "/v1/responses");
            Assert.That((int)own.StatusCode, Is.EqualTo(200));
        }
        using var others = await gateway.ChatAsync(Next, "sk-bob-12345678", "/v1/responses");
        Assert.That((int)others.StatusCode, Is.EqualTo(400));
        Assert.That((await others.JsonAsync()).GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("previous_response_not_found"));
        Assert.That(upstream.Requests.Select(request => request.Headers["authorization"]).Distinct().Count(), Is.EqualTo(1),
            "only the deployment that answered knows the id");
    }

    [TestCase("\"conversation\":\"conv_1\"", "conversation")]
    [TestCase("\"background\":true", "background")]
    public async Task WhatNobodyWouldKnowTheOwnerOrThePriceOfIsRefused(string member, string named)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Response);
        await using var gateway = await GatewayHost.StartAsync(Kept, upstream);

        using var response = await gateway.ChatAsync($$"""{"model":"gpt","input":"Hi",{{member}}}""", path: "/v1/responses");

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.JsonAsync()).GetProperty("error").GetProperty("message").GetString(), Does.Contain(named));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [TestCase("/v1/responses", """{"model":"gpt","input":"Hi","max_output_tokens":20,"additional_drop_params":["max_output_tokens"]}""")]
    [TestCase("/v1/messages",
        """{"model":"gpt","max_tokens":20,"messages":[{"role":"user","content":"Hi"}],"additional_drop_params":["max_tokens"]}""")]
    public async Task NoClientDropsTheLimitThatItsBudgetIsCountedBy(string path, string body)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Chats, upstream);

        using var response = await gateway.ChatAsync(body, path: path);

        Assert.That((int)response.StatusCode, Is.EqualTo(200), await response.TextAsync());
        Assert.That(upstream.Request.Body, Does.Contain("_tokens\":20"));
    }

    [Test]
    public async Task NorDoesGooglesClientWhereItsBytesPass()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""
            {"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}],
            "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"totalTokenCount":8}}
            """);
        await using var gateway = await GatewayHost.StartAsync(Gemini, upstream);

        using var response = await gateway.ChatAsync("""
            {"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":20},
            "additional_drop_params":["generationConfig","generationConfig.maxOutputTokens"]}
            """, path: "/v1beta/models/flash:generateContent");

        Assert.That((int)response.StatusCode, Is.EqualTo(200), await response.TextAsync());
        Assert.That(upstream.Request.Body, Does.Contain("\"maxOutputTokens\":20"));
    }

    [Test]
    public async Task AResponseOfAModelThatOnlyChatsCanBeGoneOnFrom()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Chats + TwoKeys, upstream);

        using var first = await gateway.ChatAsync("""{"model":"gpt","input":"My name is Ada."}""", "sk-alice-1234", "/v1/responses");
        var id = (await first.JsonAsync()).GetProperty("id").GetString()!;
        var next = $$"""{"model":"gpt","input":"And mine?","previous_response_id":"{{id}}"}""";
        using var own = await gateway.ChatAsync(next, "sk-alice-1234", "/v1/responses");
        using var others = await gateway.ChatAsync(next, "sk-bob-12345678", "/v1/responses");

        Assert.That(id, Does.StartWith("resp_"));
        Assert.That((int)own.StatusCode, Is.EqualTo(200), await own.TextAsync());
        Assert.That((int)others.StatusCode, Is.EqualTo(400));
        var sent = JsonDocument.Parse(upstream.Requests.Last().Body).RootElement.GetProperty("messages");
        Assert.That(sent.EnumerateArray().Select(m => m.GetProperty("role").GetString()), Is.EqualTo(new[] { "user", "assistant", "user" }));
        Assert.That(sent[0].GetProperty("content").GetString(), Is.EqualTo("My name is Ada."));
    }

    [Test]
    public async Task AStreamOfResponsesIsMadeOfAStreamOfChunks()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Wire.Chunk("one"), Wire.Finish, "[DONE]");
        await using var gateway = await GatewayHost.StartAsync(Chats, upstream);

        using var response = await gateway.ChatAsync("""{"model":"gpt","input":"Count.","stream":true}""", path: "/v1/responses");
        var text = await response.TextAsync();

        Assert.That(text, Does.StartWith("event: response.created\n"));
        Assert.That(text, Does.Contain("event: response.output_text.delta\n"));
        Assert.That(text.TrimEnd().Split("\n\n")[^1], Does.StartWith("event: response.completed\n"));
        Assert.That(text, Does.Not.Contain("[DONE]"));
    }

    [TestCase("?alt=sse", "text/event-stream", "data: {")]
    [TestCase("", "application/json", "[{")]
    public async Task GooglesClientsGetTheirStreamInTheirFraming(string query, string mediaType, string start)
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Wire.Chunk("one"), Wire.Finish, "[DONE]");
        await using var gateway = await GatewayHost.StartAsync(Chats + TwoKeys, upstream);

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1beta/models/gpt:streamGenerateContent" + query, null,
            """{"contents":[{"role":"user","parts":[{"text":"Count."}]}]}""", ("x-goog-api-key", "sk-alice-1234"));
        var text = await response.TextAsync();

        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo(mediaType));
        Assert.That(text, Does.StartWith(start));
        Assert.That(text, Does.Contain("\"text\":\"one\""));
        Assert.That(JsonDocument.Parse(upstream.Request.Body).RootElement.GetProperty("stream").GetBoolean());
    }

    [Test]
    public async Task GooglesClientsGetGooglesErrors()
    {
        await using var gateway = await GatewayHost.StartAsync(TwoKeys);

        using var denied = await gateway.SendAsync(HttpMethod.Post, "/v1beta/models/gpt:generateContent", null, "{}", ("x-goog-api-key", "sk-nobody-00"));

        var error = (await denied.JsonAsync()).GetProperty("error");
        Assert.That((error.GetProperty("code").GetInt32(), error.GetProperty("status").GetString()), Is.EqualTo((401, "UNAUTHENTICATED")));
    }

    [Test]
    public async Task AnOpenAiClientAsksGeminiInItsOwnDialect()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""
            {"candidates":[{"content":{"role":"model","parts":[{"text":"The Elbe."}]},"finishReason":"STOP"}],
            "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"totalTokenCount":8}}
            """);
        await using var gateway = await GatewayHost.StartAsync(Gemini, upstream);

        using var response = await gateway.ChatAsync("""{"model":"flash","messages":[{"role":"user","content":"A river?"}]}""");

        Assert.That((await response.JsonAsync()).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(),
            Is.EqualTo("The Elbe."));
        Assert.That(upstream.Request.Path, Is.EqualTo("/v1beta/models/gemini-2.5-flash:generateContent"));
        Assert.That(upstream.Request.Headers["x-goog-api-key"], Is.EqualTo("g-key"));
    }

    [Test]
    public async Task EmbeddingsOfGeminiComeInTheFormThatTheClientAsksFor()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"embeddings":[{"values":[0.5,-1]},{"values":[0.25,2]}]}""");
        await using var gateway = await GatewayHost.StartAsync(Gemini, upstream);

        using var floats = await gateway.ChatAsync("""{"model":"vectors","input":["a","b"],"encoding_format":"float"}""", path: "/v1/embeddings");
        using var base64 = await gateway.ChatAsync("""{"model":"vectors","input":["a","b"],"encoding_format":"base64"}""", path: "/v1/embeddings");

        Assert.That((await floats.JsonAsync()).GetProperty("data")[1].GetProperty("embedding")[1].GetSingle(), Is.EqualTo(2f));
        var bytes = (await base64.JsonAsync()).GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Assert.That((BitConverter.ToSingle(bytes, 0), BitConverter.ToSingle(bytes, 4)), Is.EqualTo((0.5f, -1f)));
        Assert.That(upstream.Requests.First().Path, Is.EqualTo("/v1beta/models/gemini-embedding-001:batchEmbedContents"));
    }

    [TestCase("/v1/messages/count_tokens", """{"model":"gpt","messages":[{"role":"user","content":"How many tokens?"}]}""", "input_tokens")]
    [TestCase("/v1beta/models/gpt:countTokens", """{"contents":[{"role":"user","parts":[{"text":"How many tokens?"}]}]}""", "totalTokens")]
    public async Task TokensAreCountedWithoutAProvider(string path, string body, string name)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("{}");
        await using var gateway = await GatewayHost.StartAsync(Chats + TwoKeys, upstream);

        using var counted = await gateway.ChatAsync(body, "sk-alice-1234", path);
        using var denied = await gateway.ChatAsync(body, "sk-nobody-0000", path);

        Assert.That((await counted.JsonAsync()).GetProperty(name).GetInt64(), Is.InRange(1, 100));
        Assert.That((int)denied.StatusCode, Is.EqualTo(401));
        Assert.That(upstream.Requests, Is.Empty);
    }
}
