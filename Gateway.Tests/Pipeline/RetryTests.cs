using System.Collections.Concurrent;
using Gateway.Tests.Config;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>How often a call is made again, and when.</summary>
public sealed class RetryTests
{
    private const string Question = """{"model":"m","messages":[]}""";

    private readonly SafeClock _time = new(DateTimeOffset.UnixEpoch.AddYears(56));

    /// <summary>A model with one deployment.</summary>
    private static string One(string parameters = "", string settings = "") => $$"""
        model_list:
          - model_name: m
            litellm_params: {model: openai/a, api_base: "{upstream}/a", api_key: k{{parameters}}}
            model_info: {id: a}

        """ + settings;

    /// <summary>A model with two, of which the first is asked first.</summary>
    private static string Two(string settings = "") => """
        model_list:
          - model_name: m
            litellm_params: {model: openai/a, api_base: "{upstream}/a", api_key: k, weight: 1000000000}
            model_info: {id: a}
          - model_name: m
            litellm_params: {model: openai/b, api_base: "{upstream}/b", api_key: k, weight: 1}
            model_info: {id: b}

        """ + settings;

    private static Task<ScriptedUpstream> FailsAsync(
        int status, string body = """{"error":{"message":"no"}}""", string? retryAfter = null) =>
        ScriptedUpstream.StartAsync(http =>
        {
            if (retryAfter is not null)
                http.Response.Headers.RetryAfter = retryAfter;
            return ScriptedUpstream.SendAsync(http, body, status);
        });

    /// <summary>Asks while time passes, and counts the calls that the upstream saw.</summary>
    private async Task<(HttpResponseMessage Response, int Calls)> AskAsync(
        string yaml, ScriptedUpstream upstream, string question = Question, params (string, string)[] headers)
    {
        await using var gateway = await GatewayHost.StartAsync(yaml, upstream, time: _time);
        var response = await _time.PassUntilAsync(gateway, gateway.SendAsync(HttpMethod.Post, "/v1/chat/completions", null, question, headers));
        await response.Content.LoadIntoBufferAsync();
        return (response, upstream.Requests.Count);
    }

    // header, body, policy of the group, policy, deployment, router, litellm → retries
    [TestCase(1, 2, 3, 4, 5, 6, 7, 1)]
    [TestCase(null, 2, 3, 4, 5, 6, 7, 2)]
    [TestCase(null, null, 3, 4, 5, 6, 7, 3)]
    [TestCase(null, null, null, 4, 5, 6, 7, 4)]
    [TestCase(null, null, null, null, 5, 6, 7, 5)]
    [TestCase(null, null, null, null, null, 6, 7, 6)]
    [TestCase(null, null, null, null, null, null, 3, 3)]
    [TestCase(null, null, null, null, null, null, null, 2)]
    [TestCase(0, 2, 3, 4, 5, 6, 7, 0)]
    [TestCase(null, null, 0, 4, 5, 6, 7, 0)]
    public async Task TheNearestNumberOfRetriesCounts(
        int? header, int? body, int? groupPolicy, int? policy, int? deployment, int? router, int? lite, int retries)
    {
        await using var upstream = await FailsAsync(500);
        var settings = $"litellm_settings: {{{Entry("num_retries", lite)}}}\nrouter_settings:\n  {Line("num_retries", router)}"
            + (policy is null ? "" : $"\n  retry_policy: {{InternalServerErrorRetries: {policy}}}")
            + (groupPolicy is null ? "" : $"\n  model_group_retry_policy: {{m: {{InternalServerErrorRetries: {groupPolicy}}}}}");

        var (response, calls) = await AskAsync(
            One(deployment is null ? "" : $", num_retries: {deployment}", settings), upstream,
            body is null ? Question : Question.Replace("}", $",\"num_retries\":{body}}}"),
            header is null ? [] : [("x-litellm-num-retries", $"{header}")]);

        Assert.That(calls, Is.EqualTo(1 + retries));
        Assert.That(response.Header("x-litellm-attempted-retries"), Is.EqualTo($"{retries}"));
        Assert.That(response.Header("x-litellm-max-retries"), Is.EqualTo($"{retries}"));
        var (message, _, _, _) = await response.ErrorAsync();
        Assert.That(message, retries == 0
            ? Does.Not.Contain("Retried")
            : Does.EndWith($" LiteLLM Retried: {retries} times, LiteLLM Max Retries: {retries}"));

        static string Entry(string key, int? value) => value is null ? "" : $"{key}: {value}";
        static string Line(string key, int? value) => value is null ? "cooldown_time: 5" : $"{key}: {value}";
    }

    [TestCase("z", 1)]
    [TestCase("id", 2)]
    [TestCase("m", 3)]
    [TestCase("y", 3)]
    public async Task TheRetryPolicyIsThatOfTheNameThatWasAskedForElseOfItsGroup(string model, int retries)
    {
        await using var upstream = await FailsAsync(500);
        var settings = """
            router_settings:
              model_group_alias: {z: m, y: m}
              model_group_retry_policy:
                z: {InternalServerErrorRetries: 1}
                id: {InternalServerErrorRetries: 2}
                m: {InternalServerErrorRetries: 3}
            """;

        var (_, calls) = await AskAsync(
            One(settings: settings).Replace("{id: a}", "{id: id}"), upstream, Question.Replace("\"m\"", $"\"{model}\""));

        Assert.That(calls, Is.EqualTo(1 + retries));
    }

    [TestCase(429, "RateLimitErrorRetries: 1", 1)]
    [TestCase(429, "RateLimitErrorRetries: 1, DefaultRetries: 3", 1)]
    [TestCase(429, "DefaultRetries: 3", 3)]
    [TestCase(429, "TimeoutErrorRetries: 3", 2)]
    [TestCase(408, "TimeoutErrorRetries: 3", 3)]
    [TestCase(503, "ServiceUnavailableErrorRetries: 3, InternalServerErrorRetries: 1", 3)]
    [TestCase(400, "BadRequestErrorRetries: 3", 0)]
    [TestCase(422, "DefaultRetries: 3", 0)]
    public async Task APolicyCountsByKindOfFailureAndNeverForTheClientsMistakes(int status, string policy, int retries)
    {
        await using var upstream = await FailsAsync(status);

        var (_, calls) = await AskAsync(One(settings: $"router_settings: {{retry_policy: {{{policy}}}}}"), upstream);

        Assert.That(calls, Is.EqualTo(1 + retries));
    }

    [TestCase("""{"error":{"message":"too long","code":"context_length_exceeded"}}""")]
    [TestCase("""{"error":{"message":"blocked","code":"content_filter"}}""")]
    public async Task WhatIsTooLongOrForbiddenIsNotSentAgain(string body)
    {
        await using var upstream = await FailsAsync(400, body);

        var (_, calls) = await AskAsync(
            Two("router_settings: {retry_policy: {BadRequestErrorRetries: 3, ContentPolicyViolationErrorRetries: 3, DefaultRetries: 3}}"),
            upstream);

        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public async Task WhenEveryDeploymentCoolsDownForLongNothingIsWaitedFor()
    {
        await using var upstream = await FailsAsync(429);
        await using var gateway = await GatewayHost.StartAsync(
            Two("router_settings: {num_retries: 5, cooldown_time: 30}"), upstream, time: _time);

        using var response = await gateway.ChatAsync(Question);

        Assert.That(upstream.Requests, Has.Count.EqualTo(2), "one call to each, and no time had to pass");
        Assert.That(response.Header("x-litellm-attempted-retries"), Is.EqualTo("1"));
        Assert.That((int)response.StatusCode, Is.EqualTo(429));
    }

    [Test]
    public async Task ARetryWaitsAsLongAsTheProviderAsks()
    {
        var times = new ConcurrentQueue<DateTimeOffset>();
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            times.Enqueue(_time.GetUtcNow());
            http.Response.Headers.RetryAfter = "20";
            return ScriptedUpstream.SendAsync(http, times.Count == 1 ? "{}" : Wire.Answer, times.Count == 1 ? 503 : 200);
        });

        var (response, _) = await AskAsync(One(), upstream);

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That((times.Last() - times.First()).TotalSeconds, Is.InRange(20, 23));
    }

    [TestCase("timeout", 19.0, 1)]
    [TestCase("timeout", 30.0, 2)]
    public async Task ARetryThatDoesNotFitTheTimeIsNotWaitedFor(string name, double seconds, int expected)
    {
        await using var upstream = await FailsAsync(503, retryAfter: "20");

        var (response, calls) = await AskAsync(
            One(settings: "router_settings: {num_retries: 1}"), upstream, Question.Replace("}", $",\"{name}\":{seconds}}}"));

        Assert.That(calls, Is.EqualTo(expected));
        Assert.That((int)response.StatusCode, Is.EqualTo(503), "the first failure is told");
    }

    [TestCase("rpm: 5", 0, 0.4)]
    [TestCase("rpm: 0", 0.5, 2.3, Description = "the other one is over its limit and can take nothing")]
    public async Task ARetryWaitsWhereNoOtherDeploymentCanTakeIt(string limit, double least, double most)
    {
        var times = new ConcurrentQueue<DateTimeOffset>();
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            times.Enqueue(_time.GetUtcNow());
            return ScriptedUpstream.SendAsync(http, "{}", 500);
        });

        await AskAsync(
            Two("router_settings: {num_retries: 1, optional_pre_call_checks: [enforce_model_rate_limits]}")
                .Replace("weight: 1}", $"weight: 1, {limit}}}"),
            upstream);

        Assert.That((times.Last() - times.First()).TotalSeconds, Is.InRange(least, most));
        Assert.That(times, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task WaitsBetweenRetriesGrow()
    {
        var times = new ConcurrentQueue<DateTimeOffset>();
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            times.Enqueue(_time.GetUtcNow());
            return ScriptedUpstream.SendAsync(http, "{}", 500);
        });

        await AskAsync(One(settings: "router_settings: {num_retries: 3}"), upstream);

        var waits = times.Zip(times.Skip(1), (before, after) => (after - before).TotalSeconds).ToArray();
        Assert.That(waits, Has.Length.EqualTo(3));
        Assert.That(waits[0], Is.InRange(0.5, 2.3));
        Assert.That(waits[1], Is.InRange(1.0, 2.8));
        Assert.That(waits[2], Is.InRange(2.0, 4.0));
    }

    [TestCase(1)]
    [TestCase(2)]
    public async Task AnOutageOverAThousandRequestsShowsTheUpstreamAFifthMoreAndTen(int deployments)
    {
        await using var upstream = await FailsAsync(500);
        var yaml = deployments == 1 ? One(settings: "router_settings: {num_retries: 3}") : Two("router_settings: {num_retries: 3}");
        await using var gateway = await GatewayHost.StartAsync(yaml, upstream, time: _time);

        var asking = Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => gateway.ChatAsync(Question)));
        while (upstream.Requests.Count < 1000)
            await Task.WhenAny(asking, Task.Delay(20));
        for (var seconds = 0; seconds < 8 && !asking.IsCompleted; seconds += 2) // the waits, and less than the ten seconds that count
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            await Task.WhenAny(asking, Task.Delay(TimeSpan.FromSeconds(5)));
        }
        var statuses = (await asking.WaitAsync(GatewayHost.Patience)).Select(response => (int)response.StatusCode).Distinct();

        Assert.That(statuses, Is.EqualTo(new[] { 500 }));
        Assert.That(upstream.Requests, Has.Count.InRange(1100, 1210));
    }

    [TestCase("x-litellm-num-retries", "11", "from 0 to 10, not '11'")]
    [TestCase("x-litellm-timeout", "soon", "above 0 and up to 6000, not 'soon'")]
    [TestCase("x-litellm-stream-timeout", "0", "not '0'")]
    public async Task AHeaderThatCannotBeMeantIsRefusedByName(string header, string value, string reason)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);

        var (response, calls) = await AskAsync(One(), upstream, Question, (header, value));

        Assert.That(((int)response.StatusCode, calls), Is.EqualTo((400, 0)));
        var (message, _, param, _) = await response.ErrorAsync();
        Assert.That(param, Is.EqualTo(header));
        Assert.That(message, Does.Contain(reason));
    }

    [Test]
    public async Task TagsAndTimesStayHereAndMetadataIsPassedOn()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);

        await AskAsync(One(), upstream, """
            {"model":"m","tags":["a"],"timeout":5,"stream_timeout":5,"num_retries":1,"metadata":{"tags":["b"]},
            "litellm_metadata":{"tags":["c"]}}
            """, ("x-litellm-tags", "d, e"));

        Assert.That(upstream.Request.Body, Is.EqualTo("""{"model":"a","metadata":{"tags":["b"]}}"""));
    }

    [TestCase("{ratio: 0, floor: 1}", 4)]
    [TestCase("{ratio: 1, floor: 0}", 6)]
    [TestCase("{ratio: 0, floor: 0}", 3)]
    public async Task TheRetryBudgetIsAsConfigured(string budget, int calls)
    {
        await using var upstream = await FailsAsync(500);
        await using var gateway = await GatewayHost.StartAsync(
            Two($"router_settings: {{num_retries: 1, retry_budget: {budget}}}"), upstream, time: _time);

        for (var i = 0; i < 3; i++)
            await (await gateway.ChatAsync(Question)).TextAsync();

        Assert.That(upstream.Requests, Has.Count.EqualTo(calls));
    }

    [Test]
    public void AWrongPolicyIsReportedWithItsLine()
    {
        var said = ConfigText.Read("""
            router_settings:
              retry_policy:
                TimeoutErrorRetries: often
                TimeoutErorRetries: 1
              model_group_retry_policy: {m: 3}
              retry_budget: {ratio: -1, flor: 3}
            """).Said();

        Assert.That(said, Has.Some.Contains(
            "test.yaml:3: router_settings.retry_policy.TimeoutErrorRetries: must be a whole number from 0 to 1000, not 'often'"));
        Assert.That(said, Has.Some.Contains(
            "test.yaml:4: router_settings.retry_policy.TimeoutErorRetries: is not a known setting; did you mean 'TimeoutErrorRetries'?"));
        Assert.That(said, Has.Some.Contains("test.yaml:5: router_settings.model_group_retry_policy.m: must be a map"));
        Assert.That(said, Has.Some.Contains("test.yaml:6: router_settings.retry_budget.ratio: must be a number from 0 to 10, not '-1'"));
        Assert.That(said, Has.Some.Contains(
            "test.yaml:6: router_settings.retry_budget.flor: is not a known setting; did you mean 'floor'?"));
    }
}
