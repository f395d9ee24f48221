namespace Gateway.Tests.Pipeline.Faults;

/// <summary>Providers that say when to come back: the wait is kept to the second where it fits, and told where it does not.</summary>
public sealed class RetryAfterTests
{
    private const string OneRetry = "\"num_retries\":1,";

    /// <summary>As configured below.</summary>
    private static readonly TimeSpan OwnPause = TimeSpan.FromSeconds(3);

    private const string Pair = """
        model_list:
          - model_name: pair
            litellm_params: {model: openai/gpt-4o-2024, api_base: "{faulty}/a", api_key: k, weight: 1000000000}
            model_info: {id: a}
          - model_name: pair
            litellm_params: {model: openai/gpt-4o-2024, api_base: "{faulty}/b", api_key: k, weight: 1}
            model_info: {id: b}
        router_settings: {retry_after: 3}

        """;

    /// <summary>A provider that asks for a wait at its first call and is well at its second.</summary>
    private static Task<FaultyGateway> StartAsync(int status, string retryAfter)
    {
        var calls = 0;
        return FaultyGateway.StartAsync(
            up => ++calls > 1
                ? FaultyGateway.AnswerAsync(up)
                : up.SendAsync(status, "application/json", """{"error":{"message":"not now"}}""", $"Retry-After: {retryAfter}\r\n"),
            timePasses: false);
    }

    /// <summary>A Retry-After in seconds as it is, or as the date at which they are over.</summary>
    private static string AsSent(string seconds, bool isDate) =>
        isDate ? FaultyGateway.Start.AddSeconds(int.Parse(seconds)).ToString("R") : seconds;

    private static string Class(int status) => status == 429 ? "RateLimitError" : "ServiceUnavailableError";

    [Test]
    public async Task TheOnlyDeploymentIsCalledAgainWhenTheWaitIsOver(
        [Values(429, 503)] int status, [Values("2", "59")] string seconds, [Values] bool isDate, [Values] bool isStream)
    {
        await using var gateway = await StartAsync(status, AsSent(seconds, isDate));

        var asking = gateway.AskAsync("one", isStream, OneRetry);
        await gateway.Time.UntilTimerAsync(TimeSpan.FromSeconds(int.Parse(seconds)));
        gateway.Time.Advance(TimeSpan.FromSeconds(int.Parse(seconds)));
        using var response = await asking;

        Assert.That(await response.TextAsync(), Does.Contain(isStream ? "[DONE]" : "a-secret-answer"));
        Assert.That((response.Header("x-litellm-attempted-retries"), response.Header("retry-after")), Is.EqualTo(("1", (string?)null)));
        Assert.That(gateway.Calls, Is.EqualTo(new[] { "one 0", $"one {seconds}" }));
        var (failures, cooledDown) = await gateway.MetricsAsync();
        Assert.That(failures, Is.EqualTo(new[] { $"one {status} {Class(status)} 1" }));
        Assert.That(cooledDown, Is.EqualTo(new[] { "one 1" }), "nor does anybody else call it meanwhile");
        Assert.That(await gateway.StopAndReadAsync(),
            Is.EqualTo(new[] { $"one first {status} {Class(status)} 0 exact", "one retry 200 - 20000 exact" }));
    }

    [Test]
    public async Task WhatOneProviderAsksForIsNotWaitedForWhereAnotherMayBeCalledAgain([Values(429, 503)] int status)
    {
        var calls = 0;
        await using var gateway = await FaultyGateway.StartAsync(
            up => ++calls switch
            {
                1 => up.SendAsync(500, "application/json", """{"error":{"message":"it broke"}}"""),
                2 => up.SendAsync(status, "application/json", """{"error":{"message":"not now"}}""", "Retry-After: 30\r\n"),
                _ => FaultyGateway.AnswerAsync(up),
            },
            timePasses: false, config: Pair);

        var asking = gateway.AskAsync("pair", isStream: false, "\"num_retries\":2,");
        await gateway.Time.UntilTimerAsync(OwnPause);
        gateway.Time.Advance(OwnPause);
        using var response = await asking;

        Assert.That(((int)response.StatusCode, response.Header("x-litellm-model-id")), Is.EqualTo((200, "a")));
        Assert.That(gateway.Calls, Is.EqualTo(new[] { "a 0", "b 0", "a 3" }));
    }

    [Test]
    public async Task ADeploymentNamedByItsIdIsWaitedForAlthoughItsGroupHasAnother()
    {
        await using var gateway = await StartAsync(429, "20");

        var asking = gateway.AskAsync("a", isStream: false, OneRetry);
        await gateway.Time.UntilTimerAsync(TimeSpan.FromSeconds(20));
        gateway.Time.Advance(TimeSpan.FromSeconds(20));
        using var response = await asking;

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(gateway.Calls, Is.EqualTo(new[] { "a 0", "a 20" }));
    }

    [TestCase(429, "61", false, "")]
    [TestCase(429, "61", true, "")]
    [TestCase(503, "61", false, "")]
    [TestCase(503, "61", true, "")]
    [TestCase(429, "2", false, "\"timeout\":2,", Description = "the request's time would be over")]
    [TestCase(503, "2", true, "\"timeout\":1,", Description = "the request's time would be over")]
    public async Task AWaitThatDoesNotFitIsToldAndNotWaited(int status, string seconds, bool isDate, string more)
    {
        await using var gateway = await StartAsync(status, AsSent(seconds, isDate));

        using var first = await gateway.AskAsync("one", isStream: false, OneRetry + more);
        using var second = await gateway.AskAsync("one", isStream: false, OneRetry + more);

        Assert.That(((int)first.StatusCode, first.Header("retry-after"), first.Header("x-litellm-attempted-retries")),
            Is.EqualTo((status, seconds, "0")));
        Assert.That((await first.ErrorAsync()).Message, Does.StartWith($"litellm.{Class(status)}: ").And.Not.Contain("Retried"));
        Assert.That(((int)second.StatusCode, second.Header("retry-after")), Is.EqualTo((429, seconds)));
        Assert.That((await second.ErrorAsync()).Message, Does.StartWith(
            $"No deployments available for selected model, Try again in {seconds} seconds. Passed model=one."));
        Assert.That(gateway.Calls, Is.EqualTo(new[] { "one 0" }));
        var (failures, cooledDown) = await gateway.MetricsAsync();
        Assert.That((failures.Single(), cooledDown.Single()), Is.EqualTo(($"one {status} {Class(status)} 1", "one 1")));
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[] { $"one first {status} {Class(status)} 0 exact" }));
    }

    [TestCase("one")]
    [TestCase("pair")]
    public async Task AWaitLongerThanMaxCooldownIsCutToIt(string model)
    {
        const int MaxCooldown = 300; // seconds: the default
        await using var gateway = await StartAsync(429, "86400");
        var isPair = model == "pair";
        var broken = isPair ? "a" : "one";

        using var first = await gateway.AskAsync(model, isStream: false);
        Assert.That(((int)first.StatusCode, first.Header("retry-after")), Is.EqualTo(isPair ? (200, null) : (429, "86400")));
        gateway.Time.Advance(TimeSpan.FromSeconds(MaxCooldown - 0.5));
        using var during = await gateway.AskAsync(model, isStream: false);
        Assert.That(((int)during.StatusCode, during.Header("retry-after")), Is.EqualTo(isPair ? (200, null) : (429, "1")));
        gateway.Time.Advance(TimeSpan.FromSeconds(0.5));
        using var after = await gateway.AskAsync(model, isStream: false);

        Assert.That(((int)after.StatusCode, after.Header("x-litellm-model-id")), Is.EqualTo((200, broken)));
        Assert.That(gateway.Calls, Is.EqualTo(isPair ? ["a 0", "b 0", "b 299.5", "a 300"] : new[] { "one 0", "one 300" }));
        var (failures, cooledDown) = await gateway.MetricsAsync();
        Assert.That((failures.Single(), cooledDown.Single()), Is.EqualTo(($"{broken} 429 RateLimitError 1", $"{broken} 1")));
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(isPair
            ? ["a first 429 RateLimitError 0 exact", "b retry 200 - 20000 exact", "b first 200 - 20000 exact", "a first 200 - 20000 exact"]
            : new[] { "one first 429 RateLimitError 0 exact", "one first 200 - 20000 exact" }));
    }
}
