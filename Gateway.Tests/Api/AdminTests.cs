using System.Net;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Api;

/// <summary>Metrics and LiteLLM's management URLs, which are the admin's.</summary>
public sealed class AdminTests
{
    private const string Model = """
        model_list:
          - model_name: gpt-4o
            litellm_params: {model: openai/gpt-4o-2024, mock_response: a, input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}
            model_info: {id: deployment-1}

        """;

    private const string UsersOnly = """
        user_access:
          - {user_id: alice, api_key: sk-alice-1234, max_budget: 1}

        """;

    private static async Task<int> StatusAsync(Task<HttpResponseMessage> call)
    {
        using var response = await call;
        return (int)response.StatusCode;
    }

    [TestCase("/metrics", "GET", 200)]
    [TestCase("/key/info", "GET", 501)]
    [TestCase("/key/generate", "POST", 501)]
    [TestCase("/user/new", "POST", 501)]
    [TestCase("/team/list", "GET", 501)]
    [TestCase("/spend/logs", "GET", 501)]
    public async Task WithAMasterKeyItMustBeShown(string path, string method, int forAdmin)
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys);
        Task<HttpResponseMessage> Ask(string? key) => gateway.SendAsync(new HttpMethod(method), path, key, null);

        Assert.That(await StatusAsync(Ask(Wire.Master)), Is.EqualTo(forAdmin));
        Assert.That(await StatusAsync(Ask(Wire.Alice)), Is.EqualTo(403));
        Assert.That(await StatusAsync(Ask("sk-wrong-key")), Is.EqualTo(401));
        Assert.That(await StatusAsync(Ask(null)), Is.EqualTo(401));
    }

    [Test]
    public async Task AManagementCallSaysWhereItIsDoneInstead()
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys);

        using var response = await gateway.SendAsync(HttpMethod.Post, "/key/generate", Wire.Master, "{}");

        Assert.That((await response.ErrorAsync()).Message, Does.StartWith("/key/* is not served here").And.Contain("user_access"));
    }

    [TestCase("")]
    [TestCase(UsersOnly)]
    public async Task WithoutAMasterKeyThisMachineMayReadAndOthersAreToldHowToSetOne(string users)
    {
        await using var gateway = await GatewayHost.StartAsync(Model + users);

        Assert.That(await StatusAsync(gateway.GetAsync("/metrics")), Is.EqualTo(200));
        using var response = await gateway.SendAsync(HttpMethod.Post, "/key/generate", null, "{}");
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("set general_settings.master_key"));
        foreach (var header in ((string, string)[])[("X-Forwarded-For", "127.0.0.1"), ("Host", "evil.test")])
            Assert.That(await StatusAsync(gateway.SendAsync(HttpMethod.Get, "/metrics", null, null, header)), Is.EqualTo(403));
    }

    [Test]
    public async Task AMasterKeyThatCameToNothingOpensNoMetrics()
    {
        await using var gateway = await GatewayHost.StartAsync(Model + "general_settings: {master_key: os.environ/MISSING}");

        Assert.That(await StatusAsync(gateway.GetAsync("/metrics")), Is.EqualTo(401));
    }

    [TestCase("litellm_settings: {require_auth_for_metrics_endpoint: false}")]
    [TestCase("general_settings: {require_auth_for_metrics_endpoint: false}")]
    public async Task MetricsMayBeOpenedToAll(string settings)
    {
        await using var gateway = await GatewayHost.StartAsync(
            Model + settings + "\n", environment: new() { ["LITELLM_MASTER_KEY"] = "sk-from-env" });

        Assert.That(await StatusAsync(gateway.GetAsync("/metrics")), Is.EqualTo(200));
        Assert.That(await StatusAsync(gateway.GetAsync("/key/info")), Is.EqualTo(401));
    }

    [Test]
    public async Task MetricsCountRequestsTokensAndMoneyUnderLiteLlmsNames()
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys);
        await (await gateway.ChatAsync(Wire.Question, Wire.Master)).TextAsync();
        await (await gateway.ChatAsync(Wire.Question, Wire.Bob)).TextAsync();

        using var response = await gateway.GetAsync("/metrics", Wire.Master);
        var lines = (await response.TextAsync()).Split('\n');

        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/plain"));
        Assert.That(lines, Has.One.Match(
            "^litellm_proxy_total_requests_metric_total\\{.*requested_model=\"gpt-4o\".*status_code=\"200\".*\\} 1"));
        Assert.That(lines, Has.One.Match("^litellm_proxy_failed_requests_metric_total\\{.*exception_status=\"403\".*\\} 1"));
        Assert.That(lines, Has.One.Match("^litellm_total_tokens_metric_total\\{.*\\} 30"));
        Assert.That(lines, Has.One.Match("^litellm_spend_metric_total\\{.*\\} (5E-05|0.00005)"));
        Assert.That(lines, Has.One.Match("^litellm_request_total_latency_metric_bucket\\{.*le=\"0.00625\"\\}"));
        Assert.That(lines, Has.One.Match("^litellm_deployment_state\\{.*model_id=\"deployment-1\".*\\} 0"));
        Assert.That(lines, Has.One.Match("^litellm_remaining_user_budget_metric\\{.*user=\"alice\".*\\}"));
        Assert.That(string.Join('\n', lines), Does.Not.Contain("sk-").And.Not.Contain("secret").And.Not.Contain("127.0.0.1"));
    }

    [Test]
    public async Task TheNamesOfModelsThatDoNotExistAreNoSeries()
    {
        await using var gateway = await GatewayHost.StartAsync(Model);
        for (var i = 0; i < 3; i++)
            await (await gateway.ChatAsync($$"""{"model":"made-up-{{i}}","messages":[]}""")).TextAsync();

        using var response = await gateway.GetAsync("/metrics");

        Assert.That(await response.TextAsync(), Does.Not.Contain("made-up").And.Match("requested_model=\"other\".*\\} 3"));
    }
}
