using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Upstream.Auth;

/// <summary>Azure without a key, from the config to the header: the token's endpoint and the model are one scripted server.</summary>
public sealed class AzureAuthTests
{
    private const string Chat = """{"model":"m","messages":[]}""";
    private const string Answer = """{"model":"gpt-4o","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}""";

    private const string Yaml = """
        model_list:
          - model_name: m
            litellm_params: {model: azure/gpt-4o, api_base: "{upstream}", tenant_id: t-1, client_id: c-1, client_secret: cs-1}
        """;

    [Test]
    public async Task AnApplicationsSecretIsExchangedOnceForATokenOfManyCalls()
    {
        await using var azure = await StartAsync(http => ScriptedUpstream.SendAsync(http, """{"access_token":"tok-1","expires_in":3599}"""));
        await using var gateway = await GatewayHost.StartAsync(Yaml, azure, environment: Environment(azure));
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => gateway.ChatAsync(Chat)));

        Assert.That(answers.Select(a => (int)a.StatusCode), Is.All.EqualTo(200));
        var asked = azure.Requests.Single(r => r.Path == "/t-1/oauth2/v2.0/token");
        Assert.That(asked.Body, Is.EqualTo(
            "grant_type=client_credentials&client_id=c-1&client_secret=cs-1&scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default"));
        var calls = azure.Requests.Where(r => r != asked).ToArray();
        Assert.That(calls.Select(r => r.Headers["Authorization"]), Is.All.EqualTo("Bearer tok-1"));
        Assert.That(calls.Select(r => r.Headers.ContainsKey("api-key")), Is.All.False);
    }

    [Test]
    public async Task AKeyOfTheEnvironmentDoesNotStandInForAnApplicationOfTheConfig()
    {
        await using var azure = await StartAsync(http => ScriptedUpstream.SendAsync(http, """{"access_token":"tok-1"}"""));
        var environment = Environment(azure);
        environment["AZURE_API_KEY"] = "other-key";
        await using var gateway = await GatewayHost.StartAsync(Yaml, azure, environment: environment);
        using var answer = await gateway.ChatAsync(Chat);

        Assert.That(azure.Requests.Last().Headers["Authorization"], Is.EqualTo("Bearer tok-1"));
        Assert.That(gateway.App.Findings, Is.Empty);
    }

    [Test]
    public async Task ATokenOfTheConfigIsShownAsItIs()
    {
        await using var azure = await StartAsync(http => ScriptedUpstream.SendAsync(http, "{}", 500));
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: m
                litellm_params: {model: azure/gpt-4o, api_base: "{upstream}", azure_ad_token: tok-9}
            """, azure);
        using var answer = await gateway.ChatAsync(Chat);

        Assert.That((int)answer.StatusCode, Is.EqualTo(200));
        Assert.That(azure.Request.Headers["Authorization"], Is.EqualTo("Bearer tok-9"));
    }

    [Test]
    public async Task ARefusalOfTheTokenIsA401ThatNamesWhoRefusedAndNeverTheSecret()
    {
        await using var azure = await StartAsync(http => ScriptedUpstream.SendAsync(
            http, """{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret cs-1"}""", 401));
        await using var gateway = await GatewayHost.StartAsync(Yaml, azure, environment: Environment(azure));
        using var answer = await gateway.ChatAsync(Chat);

        Assert.That((int)answer.StatusCode, Is.EqualTo(401));
        Assert.That(await answer.TextAsync(), Does.Contain("litellm.AuthenticationError").And.Contain("Microsoft Entra ID")
            .And.Contain("invalid_client").And.Not.Contain("cs-1"));
        Assert.That(azure.Requests.Select(r => r.Path), Is.All.EqualTo("/t-1/oauth2/v2.0/token"));
    }

    [Test]
    public async Task ATokenEndpointThatIsNotThereIsAConnectionError()
    {
        await using var azure = await StartAsync(http => ScriptedUpstream.SendAsync(http, "{}"));
        var environment = new Dictionary<string, string> { ["AZURE_AUTHORITY_HOST"] = "http://127.0.0.1:1" };
        await using var gateway = await GatewayHost.StartAsync(Yaml, azure, environment: environment);
        using var answer = await gateway.ChatAsync(Chat);

        Assert.That((int)answer.StatusCode, Is.EqualTo(500));
        Assert.That(await answer.TextAsync(), Does.Contain("APIConnectionError").And.Contain("Microsoft Entra ID (127.0.0.1) was not reached"));
    }

    [Test]
    public async Task ASlowTokenEndpointCountsAgainstTheCallsDeadline()
    {
        var time = new TimerClock();
        await using var azure = await StartAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        await using var gateway = await GatewayHost.StartAsync(
            Yaml.Replace("client_secret: cs-1", "client_secret: cs-1, timeout: 7, num_retries: 0"), azure, environment: Environment(azure), time: time);
        var call = gateway.ChatAsync(Chat);
        await azure.IsAskedAsync();
        time.Advance(TimeSpan.FromSeconds(8));
        using var answer = await call.WaitAsync(GatewayHost.Patience);

        Assert.That((int)answer.StatusCode, Is.EqualTo(408));
        Assert.That(azure.Requests.Select(r => r.Path), Is.All.EqualTo("/t-1/oauth2/v2.0/token"));
    }

    [Test]
    public async Task AnApplicationWithoutASecretIsFoundWhenTheConfigIsRead()
    {
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: m
                litellm_params: {model: azure/gpt-4o, api_base: "http://127.0.0.1:1", tenant_id: t-1, client_id: c-1}
            """);

        Assert.That(gateway.App.Findings.Select(f => f.ToString()), Has.One.Contains("client_secret"));
    }

    private static Dictionary<string, string> Environment(ScriptedUpstream azure) => new() { ["AZURE_AUTHORITY_HOST"] = azure.Url };

    private static Task<ScriptedUpstream> StartAsync(Func<HttpContext, Task> token) => ScriptedUpstream.StartAsync(http =>
        http.Request.Path.Value!.EndsWith("/token", StringComparison.Ordinal) ? token(http) : ScriptedUpstream.SendAsync(http, Answer));
}
