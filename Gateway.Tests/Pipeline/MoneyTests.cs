namespace Gateway.Tests.Pipeline;

/// <summary>What requests cost, where it is booked and when it is enough.</summary>
public sealed class MoneyTests
{
    private static async Task<int> AskAsync(GatewayHost gateway, string? key)
    {
        using var response = await gateway.ChatAsync(Wire.Question, key);
        await response.TextAsync(); // read to the end, so that the next request finds this one settled
        return (int)response.StatusCode;
    }

    [Test]
    public async Task EveryAttemptIsBookedWithWhoWhatAndHowMuch()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + Wire.Keys, upstream);

        using var response = await gateway.ChatAsync(
            """{"model":"gpt-4o","user":"customer-7","messages":[{"role":"user","content":"a-secret-prompt"}]}""", Wire.Alice);
        var id = response.Header("x-litellm-call-id");

        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That(row["exchange_id"], Is.EqualTo(id));
        Assert.That((row["user_id"], row["end_user"], row["route"]), Is.EqualTo(("alice", "customer-7", "/v1/chat/completions")));
        Assert.That((row["requested_model"], row["model_group"], row["model"], row["provider"], row["deployment_id"]),
            Is.EqualTo(("gpt-4o", "gpt-4o", "openai/gpt-4o-2024", "openai", "deployment-1")));
        Assert.That((row["attempt"], row["kind"], row["status"], row["exception_class"]), Is.EqualTo((1L, "first", 200L, null as string)));
        Assert.That((row["input_tokens"], row["output_tokens"], row["cost_nano_usd"]), Is.EqualTo((10L, 5L, 20_000L)));
        Assert.That((row["is_estimated"], row["is_stream"]), Is.EqualTo((0L, 0L)));
        Assert.That((string)row["raw_usage"]!, Does.StartWith("{\"prompt_tokens\":10"));
        Assert.That((row["price_id"], row["price"]), Is.EqualTo(("custom", """{"input":1,"output":2}""")));
        Assert.That(row["key_id"], Has.Length.EqualTo(64));
        Assert.That(row.Values.Select(value => value?.ToString() ?? ""), Has.None.Contain("secret"));
    }

    [Test]
    public async Task AFailedAttemptIsBookedWithoutCost()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"error":{"message":"no"}}""", 500);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        await AskAsync(gateway, null);

        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["status"], row["exception_class"], row["cost_nano_usd"]), Is.EqualTo((500L, "InternalServerError", 0L)));
    }

    [Test]
    public async Task ARefusedRequestIsNotBooked()
    {
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1") + Wire.Keys);

        await AskAsync(gateway, "sk-wrong-key");

        Assert.That(await gateway.StopAndReadAsync(), Is.Empty);
    }

    [TestCase("", 429)]
    [TestCase("compat_status_codes: legacy, ", 400)]
    public async Task AUserWhoseMoneyIsSpentIsRefusedAndToldNotToRetry(string setting, int status)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.DearAnswer);
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel + Wire.Keys.Replace("master_key", setting + "master_key"), upstream);

        Assert.That(await AskAsync(gateway, Wire.Alice), Is.EqualTo(200));
        using var response = await gateway.ChatAsync(Wire.Question, Wire.Alice);

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        var (message, type, param, code) = await response.ErrorAsync();
        Assert.That(message, Does.StartWith("ExceededBudget: User=alice over budget. Spend=0.00112, Budget=0.0012."));
        Assert.That((type, param, code), Is.EqualTo(("budget_exceeded", null as string, status.ToString())));
        Assert.That(response.Header("x-should-retry"), Is.EqualTo("false"));
        Assert.That(response.Header("x-litellm-key-spend"), Is.EqualTo("0.00112"));
        Assert.That(upstream.Requests, Has.Count.EqualTo(1));
        Assert.That(await AskAsync(gateway, Wire.Master), Is.EqualTo(200));
    }

    [TestCase("", 403)]
    [TestCase("compat_status_codes: legacy, ", 401)]
    public async Task AForbiddenModelHasTheStatusOfItsGeneration(string setting, int status)
    {
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1") + Wire.Keys.Replace("master_key", setting + "master_key"));

        using var response = await gateway.ChatAsync(Wire.Question, Wire.Bob);

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        Assert.That((await response.ErrorAsync()).Code, Is.EqualTo(status.ToString()));
    }

    [Test]
    public async Task SpendSurvivesARestart()
    {
        var config = Wire.OneModel + Wire.Keys;
        var folder = Directory.CreateTempSubdirectory("gateway-test-").FullName;
        try
        {
            await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.DearAnswer);
            await using (var first = await GatewayHost.StartAsync(config, upstream, folder))
            {
                Assert.That(await AskAsync(first, Wire.Alice), Is.EqualTo(200));
                Assert.That(await first.StopAndReadAsync(), Has.Count.EqualTo(1));
            }
            await using var second = await GatewayHost.StartAsync(config, upstream, folder);

            Assert.That(await AskAsync(second, Wire.Alice), Is.EqualTo(429));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task ASecondGatewayOnTheSameDatabaseIsRefused()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var first = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        var refusal = await Assert.ThrowsAsync<StartException>(() => GatewayHost.StartAsync(Wire.OneModel, upstream, first.Folder));

        Assert.That(refusal!.Message, Does.Contain(first.DatabasePath).And.Contain($"pid {Environment.ProcessId}"));
        Assert.That(await AskAsync(first, null), Is.EqualTo(200));
    }

    [Test]
    public async Task AModelOfThePriceBookIsPricedWithoutConfiguration()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer.Replace("gpt-4o-2024", "gpt-4o"));
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: gpt-4o
                litellm_params: {model: openai/gpt-4o, api_base: "{upstream}/v1", api_key: k}
            """, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        // 10 × 2.50 + 5 × 10.00 USD per million, OpenAI's list price of gpt-4o.
        Assert.That(response.Header("x-litellm-response-cost"), Is.EqualTo("0.000075"));
    }

    [Test]
    public async Task AnAnswerWithoutUsageIsEstimatedAndMarked()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(
            """{"model":"gpt-4o-2024","choices":[{"message":{"content":"12345678"},"finish_reason":"stop"}]}""");
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        await AskAsync(gateway, null);

        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["is_estimated"], row["completion_tokens"]), Is.EqualTo((1L, 2L)));
        Assert.That(row["cost_nano_usd"], Is.GreaterThan(0L));
    }

    [Test]
    public async Task CachedTokensAreBookedOnceAndAtTheirPrice()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""
            {"model":"gpt-4o-2024","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":0,"total_tokens":100,
            "prompt_tokens_details":{"cached_tokens":60}}}
            """);
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("num_retries: 0", "num_retries: 0\n      cache_read_input_token_cost: 1e-7"), upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That(response.Header("x-litellm-response-cost"), Is.EqualTo("0.000046"));
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That((row["input_tokens"], row["cached_read_tokens"], row["prompt_tokens"]), Is.EqualTo((40L, 60L, 100L)));
    }

    [Test]
    public async Task TheMockProviderAnswersWithoutNetworkAndCanBePriced()
    {
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: demo
                litellm_params: {model: openai/gpt-4o, mock_response: hello there, input_cost_per_token: 1e-6, output_cost_per_token: 2e-6}
            """);

        using var response = await gateway.ChatAsync("""{"model":"demo","messages":[{"role":"user","content":"hi"}]}""");
        var json = await response.JsonAsync();

        Assert.That(json.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), Is.EqualTo("hello there"));
        Assert.That(json.GetProperty("model").GetString(), Is.EqualTo("demo"));
        Assert.That(response.Header("x-litellm-response-cost"), Is.EqualTo("0.00005"), "10 tokens in, 20 out, as LiteLLM's mocks");
    }

    [TestCase(100, true)]
    [TestCase(9000, false)]
    public async Task AUsageObjectIsKeptUnlessItIsHuge(int padding, bool isKept)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(
            Wire.Answer.Replace("\"usage\":{", $"\"usage\":{{\"x\":\"{new string('a', padding)}\","));
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        await AskAsync(gateway, null);

        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That(row["raw_usage"] is not null, Is.EqualTo(isKept));
        Assert.That(row["cost_nano_usd"], Is.EqualTo(20_000L));
    }

    [Test]
    public async Task AnEmptyHeaderDoesNotHideTheUserOfTheBody()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.SendAsync(
            HttpMethod.Post, "/v1/chat/completions", null, """{"model":"gpt-4o","user":"customer-7","messages":[]}""",
            ("x-litellm-customer-id", ""));

        Assert.That((await gateway.StopAndReadAsync()).Single()["end_user"], Is.EqualTo("customer-7"));
    }
}
