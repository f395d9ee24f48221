using System.Text.Json;

namespace Gateway.Tests.Pipeline;

/// <summary>The request that leaves for the provider.</summary>
public sealed class RequestTests
{
    [Test]
    public async Task TheProviderGetsItsModelItsKeyAndTheRestByteForByte()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        await gateway.ChatAsync("""{ "x_new" : [1.50, "\u00e9"],"model":"gpt-4o",  "messages":[], "metadata":{"a":"b"} }""");

        Assert.That(upstream.Request.Path, Is.EqualTo("/v1/chat/completions"));
        Assert.That(upstream.Request.Headers["Authorization"], Is.EqualTo("Bearer sk-upstream-secret"));
        Assert.That(upstream.Request.Headers["Content-Type"], Does.StartWith("application/json"));
        Assert.That(upstream.Request.Body,
            Is.EqualTo("""{"x_new" : [1.50, "\u00e9"],"model":"gpt-4o-2024",  "messages":[], "metadata":{"a":"b"}}"""));
    }

    [Test]
    public async Task NothingOfTheClientsHeadersReachesTheProvider()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + Wire.Keys, upstream);

        await gateway.SendAsync(HttpMethod.Post, "/v1/chat/completions", null, Wire.Question,
            ("x-litellm-api-key", Wire.Alice), ("Authorization", "Bearer other"), ("Cookie", "a=b"), ("x-custom", "c"));

        Assert.That(upstream.Request.Headers["Authorization"], Is.EqualTo("Bearer sk-upstream-secret"));
        Assert.That(upstream.Request.Headers.Keys, Has.None.AnyOf("Cookie", "x-custom", "x-litellm-api-key").IgnoreCase);
    }

    [Test]
    public async Task DefaultsFillInExtraBodyOverrulesAndHeadersAreAdded()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: gpt-4o
                litellm_params:
                  model: openai/gpt-4o-2024
                  api_base: "{upstream}"
                  api_key: k
                  organization: org-1
                  temperature: 0.5
                  max_tokens: 7
                  extra_body: {top_k: 3, provider: {order: [a]}}
                  extra_headers: {X-Extra: "1"}
                  additional_drop_params: [seed]
            """, upstream);

        await gateway.ChatAsync("""{"model":"gpt-4o","temperature":0.9,"top_k":1,"seed":4,"messages":[]}""");

        var body = JsonDocument.Parse(upstream.Request.Body).RootElement;
        Assert.That(body.EnumerateObject().Select(member => $"{member.Name}={member.Value.GetRawText()}"), Is.EquivalentTo(new[]
        {
            "model=\"gpt-4o-2024\"", "temperature=0.9", "messages=[]", "top_k=3", "provider={\"order\":[\"a\"]}", "max_tokens=7",
        }));
        Assert.That(upstream.Request.Headers["X-Extra"], Is.EqualTo("1"));
        Assert.That(upstream.Request.Headers["OpenAI-Organization"], Is.EqualTo("org-1"));
    }

    [Test]
    public async Task TheClientsExtraBodyIsMergedAndTheGatewaysOwnFieldsStayHere()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        await gateway.ChatAsync(
            """{"model":"gpt-4o","tags":["a"],"messages":[],"extra_body":{"top_k":2},"fallbacks":["x"],"litellm_metadata":{}}""");

        Assert.That(upstream.Request.Body, Is.EqualTo("""{"model":"gpt-4o-2024","messages":[],"top_k":2}"""));
    }

    [TestCase("false", 400)]
    [TestCase("true", 200)]
    public async Task AParameterThatTheProviderDoesNotTakeIsRefusedOrDropped(string drop, int status)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: fast
                litellm_params: {model: groq/llama, api_base: "{upstream}/v1", api_key: k}
            litellm_settings: {drop_params: {{drop}}}
            """, upstream);

        using var response = await gateway.ChatAsync("""{"model":"fast","logprobs":true,"messages":[]}""");

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        if (status == 200)
            Assert.That(upstream.Request.Body, Is.EqualTo("""{"model":"llama","messages":[]}"""));
        else
            Assert.That((await response.ErrorAsync()).Message,
                Does.StartWith("litellm.UnsupportedParamsError: groq does not support").And.Contain("'logprobs'"));
    }

    [TestCase("chat/completions")]
    [TestCase("completions")]
    [TestCase("embeddings")]
    public async Task AzureIsCalledAtItsDeploymentsUrlWithItsOwnHeader(string operation)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: gpt-4o
                litellm_params: {model: azure/my deployment, api_base: "{upstream}/", api_key: azure-key, api_version: 2024-06-01}
            """, upstream);

        await gateway.ChatAsync("""{"model":"gpt-4o","messages":[],"input":"a"}""", path: "/v1/" + operation);

        Assert.That(upstream.Request.Path, Is.EqualTo($"/openai/deployments/my%20deployment/{operation}?api-version=2024-06-01"));
        Assert.That(upstream.Request.Headers["api-key"], Is.EqualTo("azure-key"));
        Assert.That(upstream.Request.Headers.Keys, Does.Not.Contain("Authorization"));
    }

    [Test]
    public async Task AKeyFromTheEnvironmentIsUsedAndAMissingOneIsLeftOut()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: with
                litellm_params: {model: openai/a, api_base: "{upstream}/v1", api_key: os.environ/MY_KEY}
              - model_name: without
                litellm_params: {model: hosted_vllm/b, api_base: "{upstream}/v1"}
            """, upstream, environment: new() { ["MY_KEY"] = "from-environment" });

        await gateway.ChatAsync("""{"model":"with","messages":[]}""");
        await gateway.ChatAsync("""{"model":"without","messages":[]}""");

        Assert.That(upstream.Requests.Select(request => request.Headers.GetValueOrDefault("Authorization")),
            Is.EqualTo(new[] { "Bearer from-environment", null }));
    }

    [Test]
    public async Task AWildcardSendsWhatTheClientNamed()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: openai/*
                litellm_params: {model: openai/*, api_base: "{upstream}/v1", api_key: k}
            """, upstream);

        using var response = await gateway.ChatAsync("""{"model":"openai/gpt-new","messages":[]}""");

        Assert.That(upstream.Request.Body, Is.EqualTo("""{"model":"gpt-new","messages":[]}"""));
        Assert.That((await response.JsonAsync()).GetProperty("model").GetString(), Is.EqualTo("openai/gpt-new"));
    }

    [TestCase("stream_options: {include_usage: true}")]
    [TestCase("extra_body: {stream_options: {include_usage: true}}")]
    [TestCase("temperature: 1")]
    public async Task TheUsageOfAStreamIsAskedForExactlyOnce(string parameter)
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Wire.Chunk("a"), Wire.Finish, Wire.UsageChunk, "[DONE]");
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: gpt-4o
                litellm_params: {model: openai/a, api_base: "{upstream}/v1", api_key: k, {{parameter}}}
            """, upstream);

        await (await gateway.ChatAsync(Wire.StreamQuestion)).TextAsync();

        var asked = JsonDocument.Parse(upstream.Request.Body).RootElement.EnumerateObject()
            .Where(member => member.Name == "stream_options");
        Assert.That(asked.Select(member => member.Value.GetRawText().Replace(" ", "")), Is.EqualTo(new[] { """{"include_usage":true}""" }));
    }

    [TestCase("stream: true")]
    [TestCase("stream_options: {include_usage: true}")]
    [TestCase("extra_body: {stream: true}")]
    public async Task WhetherAnAnswerIsStreamedIsTheClientsChoice(string parameter)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: gpt-4o
                litellm_params: {model: openai/a, api_base: "{upstream}/v1", api_key: k, {{parameter}}}
            """, upstream);

        await gateway.ChatAsync(Wire.Question);

        Assert.That(upstream.Request.Body, Does.Not.Contain("stream"));
    }

    [TestCase("max_completion_tokens", "max_tokens")]
    [TestCase("max_tokens", "max_completion_tokens")]
    public async Task ALimitOfTheClientsIsTheOnlyOneWhateverItsName(string sent, string configured)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: gpt-4o
                litellm_params: {model: openai/a, api_base: "{upstream}/v1", api_key: k, {{configured}}: 9}
            """, upstream);

        await gateway.ChatAsync($$"""{"model":"gpt-4o","{{sent}}":5}""");

        Assert.That(upstream.Request.Body, Is.EqualTo($$"""{"model":"a","{{sent}}":5}"""));
    }

    [Test]
    public async Task TheClientsOtherStreamOptionsAreKept()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Wire.Chunk("a"), Wire.Finish, "[DONE]");
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(
            """{"model":"gpt-4o","stream":true,"stream_options":{"include_obfuscation":false,"include_usage":false},"messages":[]}""");
        await response.TextAsync();

        Assert.That(upstream.Request.Body, Is.EqualTo(
            """{"model":"gpt-4o-2024","stream":true,"stream_options":{"include_obfuscation":false,"include_usage":true},"messages":[]}"""));
    }

    [Test]
    public async Task AModelNameWithQuotesCannotBreakOutOfTheBody()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: "*"
                litellm_params: {model: "openai/*", api_base: "{upstream}/v1", api_key: k}
            """, upstream);

        using var response = await gateway.ChatAsync("""{"model":"a\",\"stream\":true,\"b\":\"c","messages":[]}""");

        Assert.That(JsonDocument.Parse(upstream.Request.Body).RootElement.EnumerateObject().Select(member => member.Name),
            Is.EqualTo(new[] { "model", "messages" }));
        Assert.That((await response.JsonAsync()).GetProperty("model").GetString(), Is.EqualTo("a\",\"stream\":true,\"b\":\"c"));
    }

    [Test]
    public async Task ARequestThatComesWhileTheGatewayStopsIsToldToComeBack()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(System.Net.IPAddress.Loopback, gateway.Http.BaseAddress!.Port);
        var stream = client.GetStream();
        using var reader = new StreamReader(stream);

        // Two requests on one connection: the first is answered, of the second the beginning is there when the gateway stops.
        var request = $"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            + $"Content-Length: {Wire.Question.Length}\r\n\r\n{Wire.Question}";
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(request + request[..20]));
        Assert.That(await reader.ReadLineAsync().WaitAsync(GatewayHost.Patience), Does.Contain(" 200 "));
        var stopping = gateway.StopAsync();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(request[20..]));

        var rest = await reader.ReadToEndAsync().WaitAsync(GatewayHost.Patience);
        await stopping;
        Assert.That(rest, Does.Contain("HTTP/1.1 503 ").And.Contain("Retry-After: 1").And.Contain("it is stopping"));
        Assert.That(upstream.Requests, Has.Count.EqualTo(1));
    }
}
