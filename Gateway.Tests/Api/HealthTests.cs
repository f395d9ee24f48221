using System.Net;
using System.Text.Json;
using Gateway.Tests.Pipeline;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Api;

/// <summary><c>/health</c>, which calls every deployment, and what readiness says of them.</summary>
public sealed class HealthTests
{
    [Test]
    public async Task HealthTellsInLiteLlmsShapeWhichDeploymentsAnswer()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
            http.Request.Headers.Authorization == "Bearer sk-upstream-secret"
            ? ScriptedUpstream.SendAsync(http, Wire.Answer)
            : ScriptedUpstream.SendAsync(http, """{"error":{"message":"wrong key sk-second-secret"}}""", 401));
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + """
              - model_name: gpt-4o
                litellm_params: {model: openai/gpt-4o-old, api_base: "{upstream}/v1", api_key: sk-second-secret}
                model_info: {id: deployment-2}
              - model_name: "openai/*"
                litellm_params: {model: "openai/*", api_base: "{upstream}/v1", api_key: sk-x}
                model_info: {id: deployment-3}

            """ + Wire.Keys, upstream);

        using var response = await gateway.GetAsync("/health", Wire.Master);
        var text = await response.TextAsync();
        var json = JsonDocument.Parse(text).RootElement;

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(text, Does.Not.Contain("secret"));
        Assert.That(Counts(json), Is.EqualTo((1, 1, 1)));
        var healthy = json.GetProperty("healthy_endpoints")[0];
        Assert.That(Strings(healthy, "model", "model_id", "model_name", "api_base"),
            Is.EqualTo((string[])["openai/gpt-4o-2024", "deployment-1", "gpt-4o", upstream.Url + "/v1"]));
        Assert.That(healthy.TryGetProperty("error", out _), Is.False);
        var unhealthy = json.GetProperty("unhealthy_endpoints")[0];
        Assert.That(Strings(unhealthy, "model_id", "error"), Is.EqualTo((string[])
            ["deployment-2", "litellm.AuthenticationError: AuthenticationError: OpenAIException - wrong key ***"]));
        Assert.That(unhealthy.GetProperty("status").GetInt32(), Is.EqualTo(401));
        Assert.That(json.GetProperty("unchecked_endpoints")[0].GetProperty("reason").GetString(), Does.Contain("health_check_model"));
    }

    [Test]
    public async Task AChecksCostIsBookedAndNobodyElseNoticesIt()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + Wire.Keys, upstream);

        Assert.That(Counts(await (await gateway.GetAsync("/health", Wire.Master)).JsonAsync()), Is.EqualTo((1, 0, 0)));
        Assert.That(upstream.Request.Body, Does.Contain("\"model\":\"gpt-4o-2024\"").And.Contain("\"max_tokens\":1"));
        var metrics = await (await gateway.GetAsync("/metrics", Wire.Master)).TextAsync();
        var row = (await gateway.StopAndReadAsync()).Single();
        var balances = await gateway.StopAndReadAsync("SELECT * FROM balance");

        Assert.That(metrics, Does.Not.Contain("litellm_proxy_total_requests_metric_total{").And.Not.Contain("litellm_spend_metric_total{")
            .And.Not.Contain("litellm_deployment_total_requests_total{"));
        Assert.That((row["user_id"], row["key_id"], row["route"], row["kind"], row["requested_model"], row["deployment_id"]),
            Is.EqualTo(("health-check", "health-check", "/health", "first", "gpt-4o", "deployment-1")));
        Assert.That((row["status"], row["input_tokens"], row["output_tokens"], row["cost_nano_usd"]), Is.EqualTo((200L, 10L, 5L, 20_000L)));
        Assert.That(balances.Select(balance => $"{balance["kind"]} {balance["id"]} {balance["spent_nano_usd"]}"),
            Is.EquivalentTo((string[])["user health-check 20000", "key health-check 20000"]));
    }

    [Test]
    public async Task AFailedCheckCoolsNothing()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"error":{"message":"no"}}""", 401);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        Assert.That(Counts(await (await gateway.GetAsync("/health")).JsonAsync()), Is.EqualTo((0, 1, 0)));

        var ready = await (await gateway.GetAsync("/health/readiness")).JsonAsync();
        Assert.That(ready.GetProperty("status").GetString(), Is.EqualTo("healthy"));
        Assert.That(ready.GetProperty("deployments").GetProperty("cooling_down").GetInt32(), Is.Zero);
        Assert.That(await (await gateway.GetAsync("/metrics")).TextAsync(), Does.Match("litellm_deployment_state\\{[^\n]* 0"));
    }

    [Test]
    public async Task AReasoningModelThatUsedUpItsFewTokensIsHealthy()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(
            """{"error":{"message":"Could not finish the message because max_tokens or model output limit was reached."}}""", 400);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);
        Assert.That(Counts(await (await gateway.GetAsync("/health")).JsonAsync()), Is.EqualTo((1, 0, 0)));
    }

    [TestCase(Wire.Master, 200)]
    [TestCase(Wire.Alice, 403)]
    [TestCase("sk-wrong-key", 401)]
    [TestCase(null, 401)]
    public async Task OnlyTheAdminMayHaveDeploymentsCalled(string? key, int status)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + Wire.Keys, upstream);

        using var response = await gateway.GetAsync("/health", key);

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        Assert.That(upstream.Requests, Has.Count.EqualTo(status == 200 ? 1 : 0));
    }

    [Test]
    public async Task WithoutKeysALocalProgramMayAskAndAWebPageMayNot()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var refused = await gateway.SendAsync(HttpMethod.Get, "/health", null, null, ("Origin", "https://evil.test"));
        Assert.That((refused.StatusCode, upstream.Requests.Count), Is.EqualTo((HttpStatusCode.Forbidden, 0)));
        using var served = await gateway.GetAsync("/health");
        Assert.That((served.StatusCode, upstream.Requests.Count), Is.EqualTo((HttpStatusCode.OK, 1)));
    }

    private const string ThreeMocks = """
        model_list:
          - {model_name: a, litellm_params: {model: openai/x, mock_response: hi}, model_info: {id: a-1}}
          - {model_name: a, litellm_params: {model: mock/echo, mock_status: 503}, model_info: {id: a-2}}
          - {model_name: b, litellm_params: {model: mock/embed}, model_info: {id: b-1, mode: embedding}}

        """;

    [TestCase("", 2, 1)]
    [TestCase("?model=a", 1, 1)]
    [TestCase("?model=openai/x", 1, 0)]
    [TestCase("?model_id=b-1", 1, 0)]
    [TestCase("?model=a&model_id=a-2", 0, 1)]
    public async Task SomeDeploymentsMayBeAskedForAndMocksAnswerToo(string query, int healthy, int unhealthy)
    {
        await using var gateway = await GatewayHost.StartAsync(ThreeMocks);
        Assert.That(Counts(await (await gateway.GetAsync("/health" + query)).JsonAsync()), Is.EqualTo((healthy, unhealthy, 0)));
    }

    [TestCase("?model=c")]
    [TestCase("?model_id=c-1")]
    [TestCase("?model=a&model_id=b-1")]
    public async Task AModelThatIsNotThereIsA404(string query)
    {
        await using var gateway = await GatewayHost.StartAsync(ThreeMocks);
        Assert.That((await gateway.GetAsync("/health" + query)).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task DetailsMayBeHidden()
    {
        await using var gateway = await GatewayHost.StartAsync(ThreeMocks + "general_settings: {health_check_details: false}\n");
        var json = await (await gateway.GetAsync("/health")).JsonAsync();
        Assert.That(json.GetProperty("healthy_endpoints")[0].EnumerateObject().Select(member => member.Name),
            Is.EqualTo((string[])["model", "model_id"]));
        Assert.That(json.GetProperty("unhealthy_endpoints")[0].EnumerateObject().Select(member => member.Name),
            Is.EqualTo((string[])["model", "model_id"]));
        Assert.That(Counts(json), Is.EqualTo((2, 1, 0)));
    }

    [Test]
    public async Task WhoAsksWhileDeploymentsAreCheckedJoinsThatRun()
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            called.TrySetResult();
            await release.Task;
            await ScriptedUpstream.SendAsync(http, Wire.Answer);
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        var first = gateway.GetAsync("/health");
        await called.Task.WaitAsync(GatewayHost.Patience);
        Task<HttpResponseMessage>[] joining = [gateway.GetAsync("/health"), gateway.GetAsync("/health?model=gpt-4o")];
        await InFlightAsync(gateway, joining);
        release.SetResult();

        foreach (var asked in (Task<HttpResponseMessage>[])[first, .. joining])
            Assert.That(Counts(await (await asked).JsonAsync()), Is.EqualTo((1, 0, 0)));
        Assert.That(upstream.Requests, Has.Count.EqualTo(1));
    }

    /// <summary>Returns once the gateway has taken the requests up: a later one of the same kind of work has come back.</summary>
    private static async Task InFlightAsync(GatewayHost gateway, Task<HttpResponseMessage>[] requests)
    {
        for (var i = 0; i < 20; i++)
            await (await gateway.GetAsync("/health/readiness")).TextAsync();
        Assert.That(requests.Any(request => request.IsCompleted), Is.False);
    }

    [Test]
    public async Task EightDeploymentsAreCalledAtOnceAndNoMore()
    {
        var (now, most) = (0, 0);
        var eight = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            var running = Interlocked.Increment(ref now);
            InterlockedMax(ref most, running);
            if (running == 8)
                eight.TrySetResult();
            await eight.Task;
            Interlocked.Decrement(ref now);
            await ScriptedUpstream.SendAsync(http, Wire.Answer);
        });
        var models = string.Concat(Enumerable.Range(1, 20).Select(i =>
            $"  - {{model_name: m{i}, litellm_params: {{model: openai/m{i}, api_base: \"{upstream.Url}/v1\", api_key: k}}}}\n"));
        await using var gateway = await GatewayHost.StartAsync("model_list:\n" + models);

        Assert.That(Counts(await (await gateway.GetAsync("/health")).JsonAsync()), Is.EqualTo((20, 0, 0)));
        Assert.That(most, Is.EqualTo(8));
    }

    [Test]
    public async Task ADeploymentThatHangsIsUnhealthyAfterItsTimeLimit()
    {
        var clock = new TimerClock();
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - {model_name: a, litellm_params: {model: mock/echo, mock_hang: true}, model_info: {health_check_timeout: 7}}
            """, time: clock);

        var asked = gateway.GetAsync("/health");
        await clock.UntilTimerAsync(TimeSpan.FromSeconds(7));
        clock.Advance(TimeSpan.FromSeconds(7));
        var found = (await (await asked).JsonAsync()).GetProperty("unhealthy_endpoints")[0];

        Assert.That(found.GetProperty("status").GetInt32(), Is.EqualTo(408));
        Assert.That(found.GetProperty("error").GetString(), Does.Contain("no answer within 7 s"));
    }

    [Test]
    public async Task AGatewayThatStopsGivesUpItsChecksAndBooksWhatWasSent()
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource();
        await using var upstream = await ScriptedUpstream.StartAsync(async _ =>
        {
            called.TrySetResult();
            await release.Task;
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        var asked = gateway.GetAsync("/health");
        await called.Task.WaitAsync(GatewayHost.Patience);
        var row = (await gateway.StopAndReadAsync()).Single();
        release.SetResult();

        Assert.That((int)(await asked).StatusCode, Is.EqualTo(503));
        Assert.That((row["status"], row["is_estimated"]), Is.EqualTo((499L, 1L)));
        Assert.That(row["cost_nano_usd"], Is.GreaterThan(0L));
    }

    [Test]
    public async Task BackgroundChecksAnswerHealthAndMakeReadinessSayWhatIsBroken()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"error":{"message":"down"}}""", 500);
        var clock = new SafeClock();
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + """
              - {model_name: idle, litellm_params: {model: mock/echo}, model_info: {id: idle-1, disable_background_health_check: true}}

            general_settings: {background_health_checks: true, health_check_interval: 60}
            """, upstream, time: clock);
        var before = await (await gateway.GetAsync("/health")).JsonAsync();
        Assert.That((Counts(before), upstream.Requests.Count), Is.EqualTo(((0, 0, 2), 0)), "nobody waits for the first round");

        var json = await UntilAsync(gateway, clock, found => found.GetProperty("unhealthy_count").GetInt32() == 1);

        Assert.That(Counts(json), Is.EqualTo((0, 1, 1)));
        Assert.That(json.GetProperty("unchecked_endpoints")[0].GetProperty("reason").GetString(),
            Does.Contain("disable_background_health_check"));
        using var ready = await gateway.GetAsync("/health/readiness");
        var state = await ready.JsonAsync();
        Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(state.GetProperty("status").GetString(), Is.EqualTo("degraded"));
        Assert.That(state.GetProperty("deployments").ToString(), Is.EqualTo("""{"total":2,"cooling_down":0,"unhealthy":1}"""));
        Assert.That(state.GetProperty("models_without_healthy_deployment").ToString(), Is.EqualTo("""["gpt-4o"]"""));
    }

    [Test]
    public async Task ReadinessCountsDeploymentsThatCoolDown()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"error":{"message":"no"}}""", 401);
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel + "  - {model_name: other, litellm_params: {model: mock/echo}}\n", upstream, time: new SafeClock());
        await (await gateway.ChatAsync(Wire.Question)).TextAsync();

        using var ready = await gateway.GetAsync("/health/readiness");
        var state = await ready.JsonAsync();

        Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(state.GetProperty("status").GetString(), Is.EqualTo("degraded"));
        Assert.That(state.GetProperty("deployments").ToString(), Is.EqualTo("""{"total":2,"cooling_down":1,"unhealthy":0}"""));
        Assert.That(state.GetProperty("models_without_healthy_deployment").ToString(), Is.EqualTo("""["gpt-4o"]"""));
    }

    /// <summary>Lets time pass and asks until the answer is as it should be.</summary>
    private static async Task<JsonElement> UntilAsync(GatewayHost gateway, FakeTimeProvider clock, Func<JsonElement, bool> isRight)
    {
        using var limit = new CancellationTokenSource(GatewayHost.Patience);
        while (true)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            var json = await (await gateway.GetAsync("/health")).JsonAsync();
            if (isRight(json))
                return json;
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private static (int Healthy, int Unhealthy, int Unchecked) Counts(JsonElement json)
    {
        var counts = (json.GetProperty("healthy_count").GetInt32(), json.GetProperty("unhealthy_count").GetInt32(),
            json.GetProperty("unchecked_count").GetInt32());
        Assert.That(counts, Is.EqualTo((json.GetProperty("healthy_endpoints").GetArrayLength(),
            json.GetProperty("unhealthy_endpoints").GetArrayLength(), json.GetProperty("unchecked_endpoints").GetArrayLength())));
        return counts;
    }

    private static string?[] Strings(JsonElement json, params string[] names) =>
        [.. names.Select(name => json.GetProperty(name).GetString())];

    private static void InterlockedMax(ref int most, int value)
    {
        int before;
        while ((before = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, before) != before)
        {
            // another thread was faster
        }
    }
}
