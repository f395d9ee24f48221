using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>Retries, fallbacks, cooldowns and what clients are told when nothing helps.</summary>
public sealed class RoutingTests
{
    /// <summary>A group of two deployments at /a and /b of the upstream, and a group that falls back to another at /c.</summary>
    private const string Groups = """
        model_list:
          - model_name: pair
            litellm_params: {model: openai/model-a, api_base: "{upstream}/a", api_key: key-a, weight: 1000000000}
            model_info: {id: a}
          - model_name: pair
            litellm_params: {model: openai/model-b, api_base: "{upstream}/b", api_key: key-b, weight: 1}
            model_info: {id: b}
          - model_name: first
            litellm_params: {model: openai/model-x, api_base: "{upstream}/x", api_key: key-x, num_retries: 0}
            model_info: {id: x}
          - model_name: second
            litellm_params: {model: openai/gpt-4o-2024, api_base: "{upstream}/c", api_key: key-c, num_retries: 0}
            model_info: {id: c}
        router_settings:
          num_retries: 1
          fallbacks: [{first: [second]}]

        """;

    /// <summary>An upstream where the calls to some paths fail.</summary>
    private static Task<ScriptedUpstream> FailsAtAsync(
        string path, int status, string body = """{"error":{"message":"no"}}""", string? retryAfter = null) =>
        ScriptedUpstream.StartAsync(http =>
        {
            var fails = http.Request.Path.StartsWithSegments(path);
            if (fails && retryAfter is not null)
                http.Response.Headers.RetryAfter = retryAfter;
            return ScriptedUpstream.SendAsync(http, fails ? body : Wire.Answer, fails ? status : 200);
        });

    private static string Ask(string model) => $$"""{"model":"{{model}}","messages":[]}""";

    private static IEnumerable<string> Paths(ScriptedUpstream upstream) => upstream.Requests.Select(request => request.Path[..2]);

    [TestCase(500)]
    [TestCase(503)]
    [TestCase(429)]
    [TestCase(408)]
    [TestCase(401)]
    public async Task AFailedCallIsMadeAgainAtAnotherDeployment(int status)
    {
        await using var upstream = await FailsAtAsync("/a", status);
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        using var response = await gateway.ChatAsync(Ask("pair"));

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(response.Header("x-litellm-attempted-retries"), Is.EqualTo("1"));
        Assert.That(response.Header("x-litellm-model-id"), Is.EqualTo("b"));
        Assert.That(await response.TextAsync(), Is.EqualTo(Wire.Restamped(Wire.Answer, "pair")));
        Assert.That(Paths(upstream), Is.EqualTo(new[] { "/a", "/b" }));
        Assert.That(upstream.Requests.Last().Headers["Authorization"], Is.EqualTo("Bearer key-b"));
    }

    [TestCase(400)]
    [TestCase(422)]
    [TestCase(404)]
    public async Task AMistakeOfTheClientsIsNotTriedAgain(int status)
    {
        await using var upstream = await FailsAtAsync(
            "/a", status, """{"error":{"message":"bad thing","type":"t","param":"p","code":"c"}}""");
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        using var response = await gateway.ChatAsync(Ask("pair"));

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        var (message, type, param, code) = await response.ErrorAsync();
        Assert.That(message, Does.StartWith("litellm.").And.Contain("OpenAIException - bad thing"));
        Assert.That((type, param, code), Is.EqualTo(("t", "p", "c")));
        Assert.That(upstream.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task AFallbackAnswersUnderItsOwnName()
    {
        await using var upstream = await FailsAtAsync("/x", 500);
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        using var response = await gateway.ChatAsync(Ask("first"));

        Assert.That(await response.TextAsync(), Is.EqualTo(Wire.Restamped(Wire.Answer, "second")));
        Assert.That(response.Header("x-litellm-attempted-fallbacks"), Is.EqualTo("1"));
        Assert.That(response.Header("x-litellm-model-group"), Is.EqualTo("second"));
        Assert.That(response.Header("x-litellm-model-id"), Is.EqualTo("c"));
        var rows = await gateway.StopAndReadAsync();
        Assert.That(rows.Select(row => (row["kind"], row["deployment_id"], row["requested_model"], row["model_group"], row["status"])),
            Is.EqualTo(new[] { ("first", "x", "first", "first", 500L), ("fallback", "c", "first", "second", 200L) }));
        Assert.That(rows.Select(row => row["exchange_id"]).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task WhenEverythingFailsTheClientHearsOfTheFirstFailure()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => ScriptedUpstream.SendAsync(
            http, $$$"""{"error":{"message":"at {{{http.Request.Path}}}"}}""", http.Request.Path.StartsWithSegments("/x") ? 503 : 500));
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        using var response = await gateway.ChatAsync(Ask("first"));

        Assert.That((int)response.StatusCode, Is.EqualTo(503));
        Assert.That((await response.ErrorAsync()).Message,
            Is.EqualTo("litellm.ServiceUnavailableError: ServiceUnavailableError: OpenAIException - at /x/chat/completions"
                + ". Received Model Group=first\nAvailable Model Group Fallbacks=['second']"
                + "\nError doing the fallback: litellm.InternalServerError: InternalServerError: OpenAIException - at /c/chat/completions"));
        Assert.That(response.Header("x-litellm-response-cost"), Is.EqualTo("0"));
        Assert.That(response.Header("x-litellm-attempted-fallbacks"), Is.EqualTo("1"));
    }

    [Test]
    public async Task ADeploymentThatAsksToBeLeftAloneIsAndTheClientIsToldHowLong()
    {
        await using var upstream = await FailsAtAsync("/c", 429, retryAfter: "120");
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        using var first = await gateway.ChatAsync(Ask("second"));
        await first.TextAsync();
        using var second = await gateway.ChatAsync(Ask("second"));

        Assert.That(first.Header("retry-after"), Is.EqualTo("120"));
        Assert.That((int)second.StatusCode, Is.EqualTo(429));
        Assert.That(int.Parse(second.Header("retry-after")!), Is.InRange(1, 120));
        Assert.That((await second.ErrorAsync()).Message, Does.StartWith("No deployments available for selected model, Try again in"));
        Assert.That(upstream.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task WhileADeploymentCoolsDownTheOtherIsAsked()
    {
        await using var upstream = await FailsAtAsync("/a", 429, retryAfter: "120");
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        await (await gateway.ChatAsync(Ask("pair"))).TextAsync();
        await (await gateway.ChatAsync(Ask("pair"))).TextAsync();

        Assert.That(Paths(upstream), Is.EqualTo(new[] { "/a", "/b", "/b" }));
    }

    [Test]
    public async Task AProviderThatDoesNotAnswerIsATimeout()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("num_retries: 0", "num_retries: 0\n      timeout: 0.2"), upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)response.StatusCode, Is.EqualTo(408));
        var (message, type, _, code) = await response.ErrorAsync();
        Assert.That(message, Does.StartWith("litellm.Timeout: Timeout: OpenAIException - no answer within 0.2 s"));
        Assert.That((type, code), Is.EqualTo(("timeout_error", "408")));
    }

    [Test]
    public async Task AProviderThatCannotBeReachedIsAConnectionError()
    {
        string closed;
        await using (var upstream = await ScriptedUpstream.AnswersAsync(""))
            closed = upstream.Url;
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel.Replace("{upstream}", closed));

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)response.StatusCode, Is.EqualTo(500));
        Assert.That((await response.ErrorAsync()).Message, Does.StartWith("litellm.APIConnectionError: APIConnectionError: OpenAI"));
        Assert.That((await gateway.StopAndReadAsync()).Single()["status"], Is.EqualTo(0L));
    }

    [Test]
    public async Task AnAnswerThatStopsInTheMiddleIsATimeout()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync("{");
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("num_retries: 0", "num_retries: 0\n      timeout: 0.2"), upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)response.StatusCode, Is.EqualTo(408));
    }

    [Test]
    public async Task AnAnswerThatIsCutInTheMiddleIsAConnectionError()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentLength = 1000;
            await http.Response.WriteAsync("{");
            await http.Response.Body.FlushAsync();
            http.Abort();
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)response.StatusCode, Is.EqualTo(500));
        Assert.That((await response.ErrorAsync()).Message, Does.StartWith("litellm.APIConnectionError"));
    }

    [Test]
    public async Task AStreamFallsBackToo()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => http.Request.Path.StartsWithSegments("/x")
            ? ScriptedUpstream.SendAsync(http, "{}", 500)
            : http.Response.WriteAsync($"data: {Wire.Finish}\n\ndata: [DONE]\n\n"));
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        using var response = await gateway.ChatAsync("""{"model":"first","stream":true,"messages":[]}""");

        Assert.That(await response.EventsAsync(), Is.EqualTo(new[] { Wire.Restamped(Wire.Finish, "second"), "[DONE]" }));
        Assert.That(response.Header("x-litellm-attempted-fallbacks"), Is.EqualTo("1"));
    }

    [Test]
    public async Task TheCheaperDeploymentIsAskedWhereCostDecides()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: m
                litellm_params: {model: openai/a, api_base: "{upstream}/a", api_key: k, input_cost_per_token: 2e-6}
              - model_name: m
                litellm_params: {model: openai/b, api_base: "{upstream}/b", api_key: k, input_cost_per_token: 1e-6}
            router_settings: {routing_strategy: cost-based}
            """, upstream);

        for (var i = 0; i < 3; i++)
            await (await gateway.ChatAsync(Ask("m"))).TextAsync();

        Assert.That(Paths(upstream), Is.EqualTo(new[] { "/b", "/b", "/b" }));
    }

    [Test]
    public async Task TheDeploymentWithFewerTokensIsAskedWhereUsageDecides()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Groups.Replace("num_retries: 1", "routing_strategy: usage-based"), upstream);

        for (var i = 0; i < 4; i++)
            await (await gateway.ChatAsync(Ask("pair"))).TextAsync();

        Assert.That(Paths(upstream).Order(), Is.EqualTo(new[] { "/a", "/a", "/b", "/b" }));
    }

    [TestCase("<html>hello</html>")]
    [TestCase("")]
    [TestCase("[1,2]")]
    [TestCase("""{"choices":[""")]
    public async Task NonsenseWithA200IsABadGateway(string nonsense)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(nonsense);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)response.StatusCode, Is.EqualTo(502));
        Assert.That((await response.ErrorAsync()).Message, Does.StartWith("litellm.BadGatewayError"));
    }

    [Test]
    public async Task AnErrorThatHidesInA200IsAnError()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"error":{"message":"no credits","code":402}}""");
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)response.StatusCode, Is.EqualTo(402));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("no credits"));
    }

    [Test]
    public async Task AProviderThatIsNotBuiltIsNamed()
    {
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: claude
                litellm_params: {model: replicate/meta-llama}
            """);

        using var response = await gateway.ChatAsync(Ask("claude"));

        Assert.That((int)response.StatusCode, Is.EqualTo(501));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("'replicate'"));
    }

    [TestCase("replicate/meta-llama", "", TestName = "A provider that is not built is passed over where another can be called")]
    [TestCase("groq/llama", "", TestName = "One that does not take a parameter is passed over where another does")]
    [TestCase("groq/llama", "fallbacks: [{m: [n]}]", TestName = "A group that does not take a parameter goes on with its fallback")]
    public async Task WhatOneDeploymentCannotBeSentGoesToOneThatCan(string model, string fallbacks)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: m
                litellm_params: {model: {{model}}, api_base: "{upstream}/a", api_key: k, weight: 1000000000}
                model_info: {id: a}
              - model_name: {{(fallbacks.Length == 0 ? "m" : "n")}}
                litellm_params: {model: openai/b, api_base: "{upstream}/b", api_key: k, weight: 1}
                model_info: {id: b}
            router_settings: { {{fallbacks}} }
            """, upstream);
        const string Question = """{"model":"m","logprobs":true,"messages":[]}""";

        using var response = await gateway.ChatAsync(Question);
        using var dry = await gateway.SendAsync(HttpMethod.Post, "/explain?format=text", null, Question);
        using var real = await gateway.GetAsync($"/explain/{response.Header("x-gateway-decision")}?format=text");

        Assert.That((int)response.StatusCode, Is.EqualTo(200), await response.TextAsync());
        Assert.That((response.Header("x-litellm-model-id"), response.Header("x-litellm-attempted-retries")), Is.EqualTo(("b", "0")));
        Assert.That(upstream.Request.Path, Does.StartWith("/b/"));
        Assert.That(await real.TextAsync(), Does.Contain("a was not called: ").And.Contain("took openai/b (b)"));
        Assert.That(await dry.TextAsync(), Does.Contain("a was not called: ").And.Contain("would take openai/b (b)"));
        var rows = await gateway.StopAndReadAsync();
        Assert.That(rows.Single()["deployment_id"], Is.EqualTo("b"));
    }

    [Test]
    public async Task AProvidersTextNeverShowsItsKey()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(
            """{"error":{"message":"Incorrect API key provided: sk-upstream-secret."}}""", 401);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)response.StatusCode, Is.EqualTo(401));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("Incorrect API key provided: ***."));
        await gateway.StopAsync();
        Assert.That(gateway.Log, Does.Not.Contain("sk-upstream-secret"));
    }

    [TestCase("""{"error":{"message":"too long","code":"context_length_exceeded"}}""", "ContextWindowExceededError")]
    [TestCase("""{"error":{"message":"blocked","code":"content_filter"}}""", "ContentPolicyViolationError")]
    [TestCase("""{"error":{"message":"odd"}}""", "BadRequestError")]
    public async Task A400IsNamedByWhatItSays(string body, string exceptionClass)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(body, 400);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((await response.ErrorAsync()).Message, Does.StartWith($"litellm.{exceptionClass}: "));
    }

    [Test]
    public async Task ARedirectIsNotFollowed()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            http.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)response.StatusCode, Is.EqualTo(502));
        Assert.That(upstream.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task AModelThatIsUnknownIsA400ThatNamesIt()
    {
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1"));

        using var response = await gateway.ChatAsync(Ask("gpt-99"), path: "/chat/completions");

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        var (message, type, param, code) = await response.ErrorAsync();
        Assert.That(message, Is.EqualTo(
            "/chat/completions: Invalid model name passed in model=gpt-99. Call `/v1/models` to view available models for your key."));
        Assert.That((type, param, code), Is.EqualTo(("invalid_request_error", "model", "model_not_found")));
    }

    [TestCase("general_settings: {completion_model: second}", "/v1/chat/completions")]
    [TestCase("general_settings: {embedding_model: second}", "/v1/embeddings")]
    public async Task TheConfigMaySendEveryCallToOneModel(string settings, string path)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Groups + settings, upstream);

        await gateway.ChatAsync("""{"model":"anything","input":"a","messages":[]}""", path: path);

        Assert.That(Paths(upstream), Is.EqualTo(new[] { "/c" }));
    }

    [Test]
    public async Task AnErrorTellsHowOftenItWasTried()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"error":{"message":"no"}}""", 500);
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        using var response = await gateway.ChatAsync(Ask("pair"));

        Assert.That((await response.ErrorAsync()).Message, Does.EndWith(
            " - no. Received Model Group=pair\nAvailable Model Group Fallbacks=None LiteLLM Retried: 1 times, LiteLLM Max Retries: 1"));
        Assert.That(response.Header("x-litellm-attempted-retries"), Is.EqualTo("1"));
    }

    [Test]
    public async Task ARequestThatIsLargerThanADeploymentsTokensGoesElsewhere()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Groups.Replace("num_retries: 1", "routing_strategy: usage-based").Replace("weight: 1000000000", "tpm: 5"), upstream);

        for (var i = 0; i < 4; i++)
            await (await gateway.ChatAsync(Ask("pair"))).TextAsync();

        Assert.That(Paths(upstream), Is.EqualTo(new[] { "/b", "/b", "/b", "/b" }));
    }

    [TestCase("""{"type":"image_url","image_url":{"url":"data:image/png;base64,MEDIA"}}""", 200)]
    [TestCase("""{"type":"text","text":"MEDIA"}""", 400)]
    public async Task APictureIsNotCountedAsTextOfItsLength(string part, int status)
    {
        const string WithoutUsage = """{"object":"chat.completion","model":"m","choices":[{"index":0,"message":{"content":"a"}}]}""";
        await using var upstream = await ScriptedUpstream.AnswersAsync(WithoutUsage);
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("{id: deployment-1}", "{max_input_tokens: 2000}") + "router_settings: {enable_pre_call_checks: true}",
            upstream);

        var question = Wire.Question.Replace("\"a-secret-prompt\"", $"[{part}]").Replace("MEDIA", new string('A', 100_000));
        using var response = await gateway.ChatAsync(question);

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        Assert.That(upstream.Requests, Has.Count.EqualTo(status == 200 ? 1 : 0));
        foreach (var row in await gateway.StopAndReadAsync("SELECT input_tokens FROM ledger WHERE is_estimated = 1"))
            Assert.That(row["input_tokens"], Is.InRange(1_000L, 1_100L));
    }

    [Test]
    public async Task ADeploymentNamedByItsIdIsAskedWhileItCoolsDown()
    {
        await using var upstream = await FailsAtAsync("/c", 429, retryAfter: "120");
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        foreach (var model in (string[])["second", "second", "c"])
            await (await gateway.ChatAsync(Ask(model))).TextAsync();

        Assert.That(upstream.Requests, Has.Count.EqualTo(2), "the second request for the group finds it cooling down");
    }

    [Test]
    public async Task AGatewayThatStopsDoesNotWaitForARetry()
    {
        var isAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            isAsked.SetResult();
            http.Response.Headers.RetryAfter = "50";
            return ScriptedUpstream.SendAsync(http, """{"error":{"message":"no"}}""", 503);
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel.Replace("num_retries: 0", "num_retries: 1"), upstream);

        var asking = gateway.ChatAsync(Wire.Question);
        await isAsked.Task.WaitAsync(GatewayHost.Patience);
        await gateway.StopAsync();

        using var response = await asking;
        Assert.That((int)response.StatusCode, Is.EqualTo(503));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("OpenAIException - no").And.Not.Contain("Retried"));
    }
}
