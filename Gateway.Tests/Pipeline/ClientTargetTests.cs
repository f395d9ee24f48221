namespace Gateway.Tests.Pipeline;

/// <summary>Clients that want to choose where, or with whose key, a provider is called.</summary>
public sealed class ClientTargetTests
{
    private static string Config(string allowed) =>
        Wire.OneModel.Replace("num_retries: 0", "num_retries: 0\n" + (allowed.Length == 0 ? "" : "      " + allowed));

    private static async Task<(int Status, string? Message)> AskAsync(GatewayHost gateway, string members)
    {
        using var response = await gateway.ChatAsync($$"""{"model":"gpt-4o","messages":[],{{members}}}""");
        return ((int)response.StatusCode, response.IsSuccessStatusCode ? null : (await response.ErrorAsync()).Message);
    }

    [TestCase("api_key")]
    [TestCase("api_base")]
    [TestCase("base_url")]
    [TestCase("extra_headers")]
    [TestCase("api_version")]
    [TestCase("organization")]
    [TestCase("litellm_credential_name")]
    [TestCase("aws_access_key_id")]
    [TestCase("vertex_credentials")]
    public async Task CredentialsAndTargetsOfAClientAreRefusedByDefault(string name)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config(""), upstream);

        var (status, message) = await AskAsync(gateway, $"\"{name}\":\"https://example.com\"");

        Assert.That(status, Is.EqualTo(401));
        Assert.That(message, Does.Contain("is not allowed in request body").And.Not.Contain("example.com"));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task WhatIsRefusedCannotBeHiddenInExtraBodyOrInEscapes()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config(""), upstream);

        Assert.That((await AskAsync(gateway, """ "extra_body":{"api_base":"https://example.com"} """)).Status, Is.EqualTo(400));
        Assert.That((await AskAsync(gateway, """ "extra_body":{"model":"other"} """)).Status, Is.EqualTo(400));
        Assert.That((await AskAsync(gateway, """ "api\u005fbase":"https://example.com" """)).Status, Is.EqualTo(401));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task AKeyOfTheClientsIsUsedWhereThatIsAllowedAndDoesNotReachTheBody()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config("configurable_clientside_auth_params: [api_key]"), upstream);

        var (status, _) = await AskAsync(gateway, """ "api_key":"clients-own" """);

        Assert.That(status, Is.EqualTo(200));
        Assert.That(upstream.Request.Headers["Authorization"], Is.EqualTo("Bearer clients-own"));
        Assert.That(upstream.Request.Body, Does.Not.Contain("clients-own"));
    }

    [TestCase("https://127.0.0.1/v1")]
    [TestCase("https://10.0.0.1/v1")]
    [TestCase("https://169.254.169.254/v1")]
    [TestCase("https://[::1]/v1")]
    [TestCase("https://[::ffff:10.0.0.1]/v1")]
    [TestCase("https://2130706433/v1")]
    [TestCase("http://example.com/v1")]
    [TestCase("https://user@example.com/v1")]
    [TestCase("https://example.com/v1?x=1")]
    public async Task ABaseThatIsNotAPublicHttpsUrlIsRefused(string apiBase)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Config("configurable_clientside_auth_params: [api_key, {api_base: \".*\"}]"), upstream);

        var (status, message) = await AskAsync(gateway, $"\"api_key\":\"mine\",\"api_base\":\"{apiBase}\"");

        Assert.That(status, Is.EqualTo(400));
        Assert.That(message, Does.Contain("'api_base'"));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task ANameThatLeadsToThisMachineIsNotConnectedTo()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Config("configurable_clientside_auth_params: [api_key, {api_base: \".*\"}]"), upstream);

        var (status, message) = await AskAsync(
            gateway, $"\"api_key\":\"mine\",\"api_base\":\"https://localhost:{new Uri(upstream.Url).Port}/v1\"");

        Assert.That(status, Is.EqualTo(500));
        Assert.That(message, Does.StartWith("litellm.APIConnectionError"));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [TestCase("https://api.example.com.evil.test/v1")]
    [TestCase("https://evil.test/https://api.example.com/v1")]
    public async Task ThePatternHoldsForTheWholeUrl(string apiBase)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Config("configurable_clientside_auth_params: [api_key, {api_base: 'https://api\\.example\\.com/v1'}]"), upstream);

        var (status, _) = await AskAsync(gateway, $"\"api_key\":\"mine\",\"api_base\":\"{apiBase}\"");

        Assert.That(status, Is.EqualTo(401));
    }

    [Test]
    public async Task TheDeploymentsKeyIsNeverSentToABaseThatAClientChose()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Config("configurable_clientside_auth_params: [{api_base: 'https://api\\.example\\.com/v1'}]"), upstream);

        var (status, message) = await AskAsync(gateway, """ "api_base":"https://api.example.com/v1" """);

        Assert.That(status, Is.EqualTo(400));
        Assert.That(message, Does.Contain("needs an api_key of your own"));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [TestCase("")]
    [TestCase(@"mine\r\nX-Evil: 1")]
    [TestCase(@"mine\r\n\r\nPOST /v1/files HTTP/1.1")]
    [TestCase(@"mine\u0000")]
    [TestCase("cl\u00e9")]
    [TestCase("a key")]
    public async Task AKeyThatIsNoHeaderTextIsRefused(string key)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config("configurable_clientside_auth_params: [api_key]"), upstream);

        var (status, message) = await AskAsync(gateway, $"\"api_key\":\"{key}\"");

        Assert.That(status, Is.EqualTo(400));
        Assert.That(message, Does.Contain("'api_key' must be 1 to 512 visible ASCII characters"));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [TestCase(512, 200)]
    [TestCase(513, 400)]
    public async Task AKeyHasALongestLength(int length, int expected)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config("configurable_clientside_auth_params: [api_key]"), upstream);

        var (status, _) = await AskAsync(gateway, $"\"api_key\":\"{new string('~', length)}\"");

        Assert.That(status, Is.EqualTo(expected));
    }

    [Test]
    public async Task AWrongKeyOfAClientsDoesNotTakeTheDeploymentFromOthers()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => http.Request.Headers.Authorization == "Bearer clients-own"
            ? ScriptedUpstream.SendAsync(http, """{"error":{"message":"wrong key"}}""", 401)
            : ScriptedUpstream.SendAsync(http, Wire.Answer));
        await using var gateway = await GatewayHost.StartAsync(Config("configurable_clientside_auth_params: [api_key]"), upstream);

        Assert.That((await AskAsync(gateway, """ "api_key":"clients-own" """)).Status, Is.EqualTo(401));

        Assert.That((await AskAsync(gateway, """ "n":1 """)).Status, Is.EqualTo(200));
    }
}
