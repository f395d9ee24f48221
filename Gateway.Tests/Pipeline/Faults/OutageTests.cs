namespace Gateway.Tests.Pipeline.Faults;

/// <summary>All deployments of a group fail for a while, and are well again.</summary>
public sealed class OutageTests
{
    /// <summary>A failure of <c>b</c> is not followed by a retry, so that no request has to wait for one.</summary>
    private const string Config = """
        model_list:
          - model_name: pair
            litellm_params: &all
              {model: openai/gpt-4o-2024, api_base: "{faulty}/a", api_key: k, num_retries: 1, weight: 1000000000,
               input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}
            model_info: {id: a}
          - model_name: pair
            litellm_params: {<<: *all, api_base: "{faulty}/b", num_retries: 0, weight: 1}
            model_info: {id: b}
        litellm_settings: {callbacks: [prometheus]}

        """;

    /// <summary>LiteLLM's DEFAULT_COOLDOWN_TIME_SECONDS.</summary>
    private static readonly TimeSpan CooldownTime = TimeSpan.FromSeconds(5);

    private bool _isDown = true;

    private Task<FaultyGateway> StartAsync(Func<RawConnection, Task> fault) =>
        FaultyGateway.StartAsync(up => _isDown ? fault(up) : FaultyGateway.AnswerAsync(up), timePasses: false, config: Config);

    private static IEnumerable<TestCaseData> PassingFaults()
    {
        yield return Row(503, "ServiceUnavailableError", up => up.SendAsync(503, "application/json", """{"error":{"message":"down"}}"""));
        yield return Row(500, "InternalServerError", up => up.SendAsync(500, "application/json", """{"error":{"message":"down"}}"""));
        yield return Row(502, "BadGatewayError", up => up.SendAsync(502, "text/html", "<html>down</html>"));
        yield return Row(500, "APIConnectionError", up => up.CutAsync(), upstream: 0);
    }

    private static TestCaseData Row(int status, string @class, Func<RawConnection, Task> fault, int? upstream = null) =>
        new TestCaseData(status, @class, upstream ?? status, fault).SetName($"The first request after an outage of {@class} is served");

    [TestCaseSource(nameof(PassingFaults))]
    public async Task TheFirstRequestAfterAnOutageIsServedAtOnce(int status, string @class, int upstream, object fault)
    {
        const int Requests = 8; // a cools down with the fifth failure; b, the last that is left, never does
        await using var gateway = await StartAsync((Func<RawConnection, Task>)fault);

        for (var i = 0; i < Requests; i++)
        {
            using var during = await gateway.AskAsync("pair", isStream: i % 2 == 1);
            Assert.That(((int)during.StatusCode, during.Header("retry-after")), Is.EqualTo((status, status == 503 ? "1" : null)));
            Assert.That((await during.ErrorAsync()).Message, Does.StartWith($"litellm.{@class}: {@class}: OpenAIException - "));
        }
        string[] calls = [.. Enumerable.Repeat<string[]>(["a 0", "b 0"], 5).SelectMany(pair => pair), "b 0", "b 0", "b 0"];
        Assert.That(gateway.Calls, Is.EqualTo(calls));
        _isDown = false;
        using var after = await gateway.AskAsync("pair", isStream: false);
        gateway.Time.Advance(CooldownTime);
        using var later = await gateway.AskAsync("pair", isStream: false);

        Assert.That(((int)after.StatusCode, after.Header("x-litellm-attempted-retries")), Is.EqualTo((200, "0")));
        Assert.That(((int)later.StatusCode, later.Header("x-litellm-attempted-retries")), Is.EqualTo((200, "0")));
        Assert.That(gateway.Calls, Is.EqualTo((string[])[.. calls, "b 0", "a 5"]));
        var (failures, cooledDown) = await gateway.MetricsAsync();
        Assert.That(failures, Is.EqualTo(new[] { $"a {upstream} {@class} 5", $"b {upstream} {@class} 8" }));
        Assert.That(cooledDown, Is.EqualTo(new[] { "a 1" }));
        Assert.That(await gateway.AnsweredAsync(), Is.EqualTo(new[] { "a 1 10 5 2E-05", "b 1 10 5 2E-05" }));
        var failed = $"{upstream} {@class} 0 exact";
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo((string[])
        [
            .. Enumerable.Repeat<string[]>([$"a first {failed}", $"b retry {failed}"], 5).SelectMany(pair => pair),
            .. Enumerable.Repeat($"b first {failed}", 3), "b first 200 - 20000 exact", "a first 200 - 20000 exact",
        ]));
    }

    [TestCase(429, "RateLimitError")]
    [TestCase(401, "AuthenticationError")]
    public async Task WhileAllCoolDownNothingIsCalledAndAfterwardsTheFirstRequestIsServed(int status, string @class)
    {
        await using var gateway = await StartAsync(up => up.SendAsync(status, "application/json", """{"error":{"message":"no"}}"""));

        using var first = await gateway.AskAsync("pair", isStream: false);
        Assert.That(((int)first.StatusCode, first.Header("retry-after")), Is.EqualTo((status, status == 429 ? "5" : null)));
        Assert.That((await first.ErrorAsync()).Message, Does.StartWith($"litellm.{@class}: {@class}: OpenAIException - no"));
        _isDown = false;
        gateway.Time.Advance(CooldownTime - TimeSpan.FromSeconds(1));
        using var during = await gateway.AskAsync("pair", isStream: true);
        Assert.That(((int)during.StatusCode, during.Header("retry-after")), Is.EqualTo((429, "1")));
        Assert.That((await during.ErrorAsync()).Message, Does.StartWith(
            "No deployments available for selected model, Try again in 1 seconds. Passed model=pair. "
            + "pre-call-checks=False, cooldown_list=['a', 'b']"));
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        using var after = await gateway.AskAsync("pair", isStream: false);

        Assert.That(((int)after.StatusCode, after.Header("x-litellm-attempted-retries")), Is.EqualTo((200, "0")));
        Assert.That(gateway.Calls, Is.EqualTo(new[] { "a 0", "b 0", "a 5" }));
        var (failures, cooledDown) = await gateway.MetricsAsync();
        Assert.That(failures, Is.EqualTo(new[] { $"a {status} {@class} 1", $"b {status} {@class} 1" }));
        Assert.That(cooledDown, Is.EqualTo(new[] { "a 1", "b 1" }));
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[]
        {
            $"a first {status} {@class} 0 exact", $"b retry {status} {@class} 0 exact", "a first 200 - 20000 exact",
        }));
    }
}
