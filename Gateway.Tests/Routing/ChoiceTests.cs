using Gateway.Tests.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Routing;

/// <summary>The settings of routing, from the text of a config to what clients get.</summary>
public sealed class ChoiceTests
{
    /// <summary>A group <c>m</c> of deployments a and b at /a and /b.</summary>
    private static string Pair(string a = "", string b = "", string router = "") => $$"""
        model_list:
          - model_name: m
            litellm_params: {model: openai/m, api_base: "{upstream}/a", api_key: key-a, num_retries: 0{{(a == "" ? "" : ", " + a)}}}
            model_info: {id: a}
          - model_name: m
            litellm_params: {model: openai/m, api_base: "{upstream}/b", api_key: key-b, num_retries: 0{{(b == "" ? "" : ", " + b)}}}
            model_info: {id: b}
        router_settings: { {{router}} }

        """;

    private static string Ask(string model = "m", string text = "hello") =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{text}}"}]}""";

    [Test]
    public async Task TheLowestOrderIsCalledUntilItCoolsDown()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        var aFails = false;
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
            aFails && http.Request.Path.StartsWithSegments("/a")
                ? ScriptedUpstream.SendAsync(http, "{}", 429)
                : ScriptedUpstream.SendAsync(http, Wire.Answer));
        await using var gateway = await GatewayHost.StartAsync(Pair("order: 1", "order: 2"), upstream, time: time);
        for (var i = 0; i < 10; i++)
            Assert.That(await ServedByAsync(gateway), Is.EqualTo("a"));
        aFails = true;
        Assert.That(await StatusAsync(gateway), Is.EqualTo(429));
        Assert.That(await ServedByAsync(gateway), Is.EqualTo("b"));
        aFails = false;
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.That(await ServedByAsync(gateway), Is.EqualTo("a"));
    }

    [Test]
    public async Task ALongRequestGoesWhereItFitsAndOneTooLongForAllIsRefused()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        const string Groups = """
            model_list:
              - model_name: m
                litellm_params: {model: openai/m, api_base: "{upstream}/a", api_key: key-a}
                model_info: {id: small, max_input_tokens: 50}
              - model_name: m
                litellm_params: {model: openai/m, api_base: "{upstream}/b", api_key: key-b}
                model_info: {id: large, max_input_tokens: 500}
              - model_name: "w/*"
                litellm_params: {model: "openai/*", api_base: "{upstream}/c", api_key: key-c}
            router_settings: {enable_pre_call_checks: true}

            """;
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);
        for (var i = 0; i < 10; i++)
            Assert.That(await ServedByAsync(gateway, Ask(text: new string('x', 400))), Is.EqualTo("large"));
        using var response = await gateway.ChatAsync(Ask(text: new string('x', 4000)));
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.ErrorAsync()).Message, Does.StartWith("litellm.ContextWindowExceededError: ")
            .And.Contain("no deployment of model=m takes more than 500"));
        Assert.That(upstream.Requests, Has.Count.EqualTo(10));

        // A wildcard's window is that of the model that the client named.
        Assert.That(await StatusAsync(gateway, Ask("w/gpt-4", new string('x', 40_000))), Is.EqualTo(400));
        Assert.That(await StatusAsync(gateway, Ask("w/gpt-4o", new string('x', 40_000))), Is.EqualTo(200));
    }

    [Test]
    public async Task AMinutesRequestsAreSharedOutAndThenRefusedUntilTheNextMinute()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Pair("rpm: 2", "rpm: 3", "optional_pre_call_checks: [enforce_model_rate_limits]"), upstream, time: time);
        var served = new List<string?>();
        for (var i = 0; i < 5; i++)
            served.Add(await ServedByAsync(gateway));
        Assert.That(served.Order(), Is.EqualTo(new[] { "a", "a", "b", "b", "b" }));

        using (var refused = await gateway.ChatAsync(Ask()))
        {
            Assert.That((int)refused.StatusCode, Is.EqualTo(429));
            Assert.That((await refused.ErrorAsync()).Message,
                Does.StartWith("No deployments available for selected model, Try again in 60 seconds. ")
                    .And.Contain("Model rate limit exceeded. RPM limit="));
            Assert.That(refused.Header("retry-after"), Is.EqualTo("60"));
        }
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(await StatusAsync(gateway), Is.EqualTo(200));
    }

    [Test]
    public async Task CallsBeyondTheParallelLimitAreRefusedAtOnceAndTakenWhenOneHasEnded()
    {
        var arrived = new SemaphoreSlim(0);
        var mayAnswer = new TaskCompletionSource();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            arrived.Release();
            await mayAnswer.Task;
            await ScriptedUpstream.SendAsync(http, Wire.Answer);
        });
        await using var gateway = await GatewayHost.StartAsync(
            Pair("max_parallel_requests: 2", router: "default_max_parallel_requests: 1"), upstream);
        var running = Enumerable.Range(0, 3).Select(_ => gateway.ChatAsync(Ask())).ToArray();
        for (var i = 0; i < running.Length; i++)
            Assert.That(await arrived.WaitAsync(GatewayHost.Patience));

        using (var refused = await gateway.ChatAsync(Ask()))
        {
            Assert.That((int)refused.StatusCode, Is.EqualTo(429));
            Assert.That(refused.Header("retry-after"), Is.EqualTo("1"));
            Assert.That((await refused.ErrorAsync()).Message, Does.EndWith("as its max_parallel_requests allows."));
        }
        mayAnswer.SetResult();
        var served = new List<string?>();
        foreach (var answer in await Task.WhenAll(running))
            using (answer)
            {
                await answer.TextAsync();
                served.Add(answer.Header("x-litellm-model-id"));
            }
        Assert.That(served.Order(), Is.EqualTo(new[] { "a", "a", "b" }));
        Assert.That(await StatusAsync(gateway), Is.EqualTo(200));
    }

    [Test]
    public async Task WithoutTagsTheDefaultDeploymentAnswers()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Pair("tags: [paid]", "tags: [default]", "enable_tag_filtering: true"), upstream);
        for (var i = 0; i < 10; i++)
            Assert.That(await ServedByAsync(gateway), Is.EqualTo("b"));
    }

    [Test]
    public async Task APolicyCoolsAfterAsManyFailuresOfAKindAsItSays()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => http.Request.Path.StartsWithSegments("/a")
            ? ScriptedUpstream.SendAsync(http, "{}", 503)
            : ScriptedUpstream.SendAsync(http, Wire.Answer));
        await using var gateway = await GatewayHost.StartAsync(
            Pair("order: 1", "order: 2", "allowed_fails_policy: {ServiceUnavailableErrorAllowedFails: 2}"), upstream);
        for (var i = 0; i < 3; i++)
            Assert.That(await StatusAsync(gateway), Is.EqualTo(503));
        Assert.That(await ServedByAsync(gateway), Is.EqualTo("b"));
    }

    [TestCase("context_length_exceeded", "maximum context length is 10")]
    [TestCase("content_policy_violation", "rejected by the content policy")]
    [TestCase("bad", "bad thing")]
    public async Task AMistakeOfAClientsTakesNothingAwayFromOthers(string code, string message)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(
            $$$"""{"error":{"message":"{{{message}}}","type":"invalid_request_error","code":"{{{code}}}"}}""", 400);
        await using var gateway = await GatewayHost.StartAsync(Pair(router: "allowed_fails: 0"), upstream);
        for (var i = 0; i < 8; i++)
            Assert.That(await StatusAsync(gateway), Is.EqualTo(400));
        Assert.That(upstream.Requests, Has.Count.EqualTo(8));
    }

    [TestCase("m", 200)]
    [TestCase("nick", 200)]
    [TestCase("secret", 200)]
    [TestCase("any/gpt-4o", 200)]
    [TestCase("grouped", 200)]
    [TestCase("a", 200)]
    [TestCase("not-there", 400)]
    public async Task AnAliasAWildcardAnAccessGroupAndAnIdLeadToADeployment(string model, int status)
    {
        const string More = """
            general_settings: {master_key: sk-master-1234}
            user_access:
              - {user_id: u, api_key: sk-user-12345, models: [m, nick, secret, "any/*", crew]}

            """;
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        var models = Pair(router: "model_group_alias: {nick: m, secret: {model: m, hidden: true}}").Replace("router_settings", """
              - model_name: "any/*"
                litellm_params: {model: "openai/*", api_base: "{upstream}/c", api_key: key-c}
              - model_name: grouped
                litellm_params: {model: openai/g, api_base: "{upstream}/d", api_key: key-d}
                model_info: {access_groups: [crew]}
            router_settings
            """);
        await using var gateway = await GatewayHost.StartAsync(models + More, upstream);
        using var response = await gateway.ChatAsync(Ask(model), "sk-user-12345");
        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        if (status == 200)
            Assert.That(upstream.Request.Body, Does.Contain($"\"{model switch { "any/gpt-4o" => "gpt-4o", "grouped" => "g", _ => "m" }}\""));
        using var list = await gateway.GetAsync("/v1/models", "sk-user-12345");
        var text = await list.TextAsync();
        Assert.That((text.Contains("\"nick\""), text.Contains("\"secret\""), text.Contains("\"grouped\"")),
            Is.EqualTo((true, false, true)));
    }

    private static async Task<int> StatusAsync(GatewayHost gateway, string? ask = null)
    {
        using var response = await gateway.ChatAsync(ask ?? Ask());
        await response.TextAsync();
        return (int)response.StatusCode;
    }

    private static async Task<string?> ServedByAsync(GatewayHost gateway, string? ask = null)
    {
        using var response = await gateway.ChatAsync(ask ?? Ask());
        Assert.That((int)response.StatusCode, Is.EqualTo(200), await response.TextAsync());
        return response.Header("x-litellm-model-id");
    }
}
