using System.Text;
using System.Text.Json;
using Gateway.Tests.Dialects.Hub;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>Bedrock, Ollama and Cohere through the whole gateway: where they are called, how they are signed, how their streams are framed.</summary>
public sealed class CloudTests
{
    private const string Bedrock = """
        model_list:
          - model_name: claude
            litellm_params:
              model: bedrock/us-east-1/anthropic.claude-sonnet-4-5-20250929-v1:0
              aws_access_key_id: AKIDEXAMPLE
              aws_secret_access_key: a-secret-of-aws
              aws_bedrock_runtime_endpoint: "{upstream}"

        """;

    private const string Events = """
        {"type":"messageStart","payload":{"role":"assistant"}}
        {"type":"contentBlockDelta","payload":{"contentBlockIndex":0,"delta":{"text":"The Elbe."}}}
        {"type":"contentBlockStop","payload":{"contentBlockIndex":0}}
        {"type":"messageStop","payload":{"stopReason":"end_turn"}}
        {"type":"metadata","payload":{"usage":{"inputTokens":10,"outputTokens":4,"totalTokens":14},"metrics":{"latencyMs":5}}}
        """;

    private static async Task SendFramesAsync(HttpContext http, string lines)
    {
        http.Response.ContentType = "application/vnd.amazon.eventstream";
        await http.Response.Body.WriteAsync(StreamFrames.Of(Encoding.UTF8.GetBytes(lines)));
    }

    [Test]
    public async Task ConverseIsSignedAndItsFramesBecomeChunks()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => SendFramesAsync(http, Events));
        await using var gateway = await GatewayHost.StartAsync(Bedrock, upstream);

        using var response = await gateway.ChatAsync("""{"model":"claude","stream":true,"messages":[{"role":"user","content":"A river?"}]}""");
        var events = await response.EventsAsync();

        Assert.That(events[^1], Is.EqualTo("[DONE]"));
        Assert.That(string.Concat(events), Does.Contain("\"content\":\"The Elbe.\""));
        Assert.That(upstream.Request.Path, Is.EqualTo("/model/anthropic.claude-sonnet-4-5-20250929-v1:0/converse-stream")
            .Or.EqualTo("/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream"));
        Assert.That(upstream.Request.Headers["authorization"],
            Does.StartWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/").And.Contain("/us-east-1/bedrock/aws4_request"));
        Assert.That(upstream.Request.Headers["authorization"], Does.Not.Contain("a-secret-of-aws"));
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["provider"], row["input_tokens"], row["output_tokens"], row["is_estimated"]), Is.EqualTo(("bedrock", 10L, 4L, 0L)));
    }

    [Test]
    public async Task AnAnthropicClientGetsClaudesOwnEventsOutOfBedrocksFrames()
    {
        string[] events =
        [
            """{"type":"message_start","message":{"id":"msg_2","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":10,"output_tokens":1}}}""",
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"The Elbe."}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}""",
            """{"type":"message_stop"}""",
        ];
        var lines = string.Join('\n', events.Select(json =>
            $$$"""{"type":"chunk","payload":{"bytes":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(json))}}}"}}"""));
        await using var upstream = await ScriptedUpstream.StartAsync(http => SendFramesAsync(http, lines));
        await using var gateway = await GatewayHost.StartAsync(Bedrock, upstream);

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/messages", null,
            """{"model":"claude","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"A river?"}]}""",
            ("anthropic-beta", "some-beta"), ("anthropic-version", "2023-06-01"));
        var text = await response.TextAsync();

        Assert.That(text, Does.StartWith("event: message_start\n"));
        Assert.That(text, Does.Contain("\"text\":\"The Elbe.\""));
        Assert.That(text.TrimEnd(), Does.EndWith("data: {\"type\":\"message_stop\"}"));
        Assert.That(upstream.Request.Path, Does.EndWith("/invoke-with-response-stream"));
        var body = JsonDocument.Parse(upstream.Request.Body).RootElement;
        Assert.That(body.GetProperty("anthropic_version").GetString(), Is.EqualTo("bedrock-2023-05-31"));
        Assert.That(body.GetProperty("anthropic_beta")[0].GetString(), Is.EqualTo("some-beta"));
        Assert.That((body.TryGetProperty("model", out _), body.TryGetProperty("stream", out _)), Is.EqualTo((false, false)));
        Assert.That(upstream.Request.Headers.ContainsKey("anthropic-version"), Is.False);
    }

    [Test]
    public async Task OllamaIsSpokenToInItsOwnLines()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "application/x-ndjson";
            await http.Response.WriteAsync("""
                {"model":"llama3","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"The Elbe."},"done":false}
                {"model":"llama3","created_at":"2026-01-01T00:00:01Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":7,"eval_count":3}

                """);
        });
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: local
                litellm_params: {model: ollama_chat/llama3, api_base: "{upstream}/v1", num_ctx: 4096}
            """, upstream);

        using var response = await gateway.ChatAsync(
            """{"model":"local","stream":true,"max_tokens":20,"messages":[{"role":"user","content":"A river?"}]}""");
        var events = await response.EventsAsync();

        Assert.That(events[^1], Is.EqualTo("[DONE]"));
        Assert.That(upstream.Request.Path, Is.EqualTo("/api/chat"));
        var options = JsonDocument.Parse(upstream.Request.Body).RootElement.GetProperty("options");
        Assert.That((options.GetProperty("num_ctx").GetInt32(), options.GetProperty("num_predict").GetInt32()), Is.EqualTo((4096, 20)));
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["input_tokens"], row["output_tokens"]), Is.EqualTo((7L, 3L)));
    }

    [TestCase("/v1/chat/completions", """{"model":"granite","max_tokens":20,"messages":[{"role":"user","content":"A river?"}]}""")]
    [TestCase("/v1/messages", """{"model":"granite","max_tokens":20,"messages":[{"role":"user","content":"A river?"}]}""")]
    public async Task WatsonxGetsItsOwnNamesAndATokenForTheKey(string path, string body)
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => http.Request.Path.StartsWithSegments("/identity")
            ? ScriptedUpstream.SendAsync(http, """{"access_token":"ibm-token","expires_in":3600,"token_type":"Bearer"}""")
            : ScriptedUpstream.SendAsync(http, Wire.Answer));
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: granite
                litellm_params: {model: watsonx/ibm/granite-3-8b-instruct, api_base: "{upstream}", api_key: ibm-key, project_id: p-1}
            """, upstream, environment: new() { ["WATSONX_IAM_URL"] = upstream.Url + "/identity/token" });

        using var response = await gateway.ChatAsync(body, path: path);

        Assert.That((int)response.StatusCode, Is.EqualTo(200), await response.TextAsync());
        var call = upstream.Requests.Last();
        Assert.That(call.Path, Does.StartWith("/ml/v1/text/chat?version="));
        Assert.That(call.Headers["authorization"], Is.EqualTo("Bearer ibm-token"));
        var sent = JsonDocument.Parse(call.Body).RootElement;
        Assert.That((sent.GetProperty("model_id").GetString(), sent.GetProperty("project_id").GetString()), Is.EqualTo(("ibm/granite-3-8b-instruct", "p-1")));
        Assert.That((sent.TryGetProperty("model", out _), sent.TryGetProperty("stream", out _)), Is.EqualTo((false, false)));
    }

    [Test]
    public async Task CohereAnswersAnOpenAiClient()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""
            {"id":"c-1","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"The Elbe."}]},
            "usage":{"billed_units":{"input_tokens":5,"output_tokens":3},"tokens":{"input_tokens":60,"output_tokens":3}}}
            """);
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: command
                litellm_params: {model: cohere/command-a-03-2025, api_base: "{upstream}", api_key: c-key}
            """, upstream);

        using var response = await gateway.ChatAsync("""{"model":"command","messages":[{"role":"user","content":"A river?"}]}""");

        Assert.That((await response.JsonAsync()).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(),
            Is.EqualTo("The Elbe."));
        Assert.That(upstream.Request.Path, Is.EqualTo("/v2/chat"));
        Assert.That(upstream.Request.Headers["authorization"], Is.EqualTo("Bearer c-key"));
    }

    [Test]
    public async Task VertexTellsProjectAndPlaceInTheUrlAndNeedsAToken()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => http.Request.Path.StartsWithSegments("/token")
            ? ScriptedUpstream.SendAsync(http, """{"access_token":"ya29.token","expires_in":3600,"token_type":"Bearer"}""")
            : ScriptedUpstream.SendAsync(http, """
                {"candidates":[{"content":{"role":"model","parts":[{"text":"The Elbe."}]},"finishReason":"STOP"}],
                "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"totalTokenCount":8}}
                """));
        using var rsa = System.Security.Cryptography.RSA.Create(2048);
        var credentials = JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["type"] = "service_account",
            ["project_id"] = "project-1",
            ["private_key_id"] = "k",
            ["private_key"] = rsa.ExportPkcs8PrivateKeyPem(),
            ["client_email"] = "gateway@project-1.iam.gserviceaccount.com",
            ["token_uri"] = upstream.Url + "/token",
        });
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: flash
                litellm_params:
                  model: vertex_ai/gemini-2.5-flash
                  api_base: "{upstream}"
                  vertex_location: europe-west4
                  vertex_credentials: {{JsonSerializer.Serialize(credentials)}}
            """, upstream);

        using var response = await gateway.ChatAsync("""{"model":"flash","messages":[{"role":"user","content":"A river?"}]}""");

        Assert.That((int)response.StatusCode, Is.EqualTo(200), await response.TextAsync());
        var call = upstream.Requests.Last();
        Assert.That(call.Path,
            Is.EqualTo("/v1/projects/project-1/locations/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent"));
        Assert.That(call.Headers["authorization"], Is.EqualTo("Bearer ya29.token"));
    }
}
