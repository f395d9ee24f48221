using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Api;

/// <summary>Who is let in.</summary>
public sealed class AccessTests
{
    private const string Model = """
        model_list:
          - model_name: gpt-4o
            litellm_params: {model: openai/gpt-4o, mock_response: a, input_cost_per_token: 1e-6, output_cost_per_token: 1e-6}

        """;

    private static async Task<int> StatusAsync(GatewayHost gateway, params (string, string)[] headers)
    {
        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/chat/completions", null, Wire.Question, headers);
        return (int)response.StatusCode;
    }

    [TestCase("x-litellm-api-key", "sk-alice-1234")]
    [TestCase("x-litellm-api-key", "Bearer sk-alice-1234")]
    [TestCase("Authorization", "Bearer sk-alice-1234")]
    [TestCase("Authorization", "bearer sk-alice-1234")]
    [TestCase("Authorization", "Basic sk-alice-1234")]
    [TestCase("api-key", "sk-alice-1234")]
    [TestCase("x-api-key", "sk-alice-1234")]
    [TestCase("x-goog-api-key", "sk-alice-1234")]
    [TestCase("Ocp-Apim-Subscription-Key", "sk-alice-1234")]
    public async Task AKeyIsTakenFromEachOfItsHeaders(string header, string value)
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys);

        Assert.That(await StatusAsync(gateway, (header, value)), Is.EqualTo(200));
        Assert.That(await StatusAsync(gateway, (header, value + "x")), Is.EqualTo(401));
    }

    [Test]
    public async Task TheFirstHeaderDecidesEvenWhenItsKeyIsWrong()
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys);

        (string, string) right = ("Authorization", "Bearer " + Wire.Alice), wrong = ("Authorization", "Bearer wrong-key");
        Assert.That(await StatusAsync(gateway, ("x-litellm-api-key", Wire.Alice), wrong), Is.EqualTo(200));
        Assert.That(await StatusAsync(gateway, ("x-litellm-api-key", "wrong-key"), right), Is.EqualTo(401));
    }

    [TestCase(null, "auth_error", "Authentication Error, No api key passed in.")]
    [TestCase("sk-alice-1234", "auth_error", "Authentication Error, Malformed API Key passed in. Ensure Key has `Bearer ` prefix.")]
    [TestCase("Bearer sk-wrong-0000", "token_not_found_in_db",
        "Authentication Error, Invalid proxy server token passed. Received API Key = sk-...0000")]
    public async Task WhoIsNotLetInIsToldWhy(string? authorization, string type, string message)
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys);

        using var response = await gateway.SendAsync(
            HttpMethod.Post, "/v1/chat/completions", null, Wire.Question, authorization is null ? [] : [("Authorization", authorization)]);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        var error = await response.ErrorAsync();
        Assert.That(error.Message, Does.StartWith(message));
        Assert.That((error.Type, error.Code), Is.EqualTo((type, "401")));
    }

    [Test]
    public async Task AConfiguredHeaderReplacesAllOthers()
    {
        await using var gateway = await GatewayHost.StartAsync(
            Model + Wire.Keys.Replace("master_key", "litellm_key_header_name: X-My-Key, master_key"));

        Assert.That(await StatusAsync(gateway, ("X-My-Key", "Bearer " + Wire.Alice)), Is.EqualTo(200));
        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer " + Wire.Alice)), Is.EqualTo(401));
    }

    [Test]
    public async Task AKeyMayBeConfiguredAsItsHash()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("team-alpha-token")));
        await using var gateway = await GatewayHost.StartAsync(Model + $$"""
            user_access:
              - {user_id: team-alpha, api_key: "sha256:{{hash}}"}
            """);

        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer team-alpha-token")), Is.EqualTo(200));
        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer " + hash)), Is.EqualTo(401));
        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer sha256:" + hash)), Is.EqualTo(401));
    }

    [Test]
    public async Task AMintedKeyOpensAndOnlyItsHashIsKept()
    {
        await using var gateway = await GatewayHost.StartAsync(Model + """
            user_access:
              - {user_id: team-alpha}
              - {user_id: team-beta}
            """);
        var minted = gateway.App.MintedKeys;

        Assert.That(minted.Select(key => key.UserId), Is.EqualTo(new[] { "team-alpha", "team-beta" }));
        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer " + minted[1].Key)), Is.EqualTo(200));
        Assert.That((await gateway.StopAndReadAsync()).Single()["user_id"], Is.EqualTo("team-beta"));
        Assert.That(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(gateway.DatabasePath)), Does.Not.Contain(minted[1].Key));
        Assert.That(gateway.Log, Does.Not.Contain(minted[1].Key));
    }

    [Test]
    public async Task TwoTeamsShareTheModelsAsTheConfigSays()
    {
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: gpt-4
                litellm_params: {model: openai/gpt-4, mock_response: a}
              - model_name: claude-2
                litellm_params: {model: anthropic/claude-2, mock_response: a}
            router_settings: {routing_strategy: usage-based}
            user_access:
              - {user_id: team-alpha, models: [gpt-4, claude-2], max_budget: 500.00}
              - {user_id: team-beta, models: [gpt-4], max_budget: 200.00}
            """);
        var statuses = new List<(string, string, int)>();

        foreach (var (user, key) in gateway.App.MintedKeys)
        {
            foreach (var model in (string[])["gpt-4", "claude-2"])
            {
                using var response = await gateway.ChatAsync($$"""{"model":"{{model}}","messages":[]}""", key);
                statuses.Add((user, model, (int)response.StatusCode));
            }
        }

        Assert.That(statuses, Is.EqualTo(new[]
        {
            ("team-alpha", "gpt-4", 200), ("team-alpha", "claude-2", 200), ("team-beta", "gpt-4", 200), ("team-beta", "claude-2", 403),
        }));
    }

    [Test]
    public async Task TheMasterKeyOfTheEnvironmentIsTheAdmins()
    {
        await using var gateway = await GatewayHost.StartAsync(Model, environment: new() { ["LITELLM_MASTER_KEY"] = "sk-from-env" });

        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer sk-from-env")), Is.EqualTo(200));
        Assert.That(await StatusAsync(gateway), Is.EqualTo(401));
        using var metrics = await gateway.GetAsync("/metrics", "sk-from-env");
        Assert.That(metrics.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCase("general_settings: {master_key: os.environ/MISSING}")]
    [TestCase("general_settings: {master_key: \"\"}")]
    [TestCase("general_settings: {master_key: \"${MASTER_KEY}\"}")]
    [TestCase("general_settings: {custom_auth: my_module.auth}")]
    [TestCase("general_settings: {enable_jwt_auth: true}")]
    [TestCase("user_access: [{user_id: a, api_key: os.environ/MISSING}]")]
    public async Task ASecuritySettingThatComesToNothingLocksTheDoor(string settings)
    {
        await using var gateway = await GatewayHost.StartAsync(Model + settings);

        Assert.That(await StatusAsync(gateway), Is.EqualTo(401));
        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer ${MASTER_KEY}")), Is.EqualTo(401));
        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer os.environ/MISSING")), Is.EqualTo(401));
        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer ")), Is.EqualTo(401));
    }

    [Test]
    public async Task AnAbsurdlyLongKeyIsJustWrong()
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys);

        Assert.That(await StatusAsync(gateway, ("Authorization", "Bearer " + new string('a', 10_000))), Is.EqualTo(401));
    }

    [Test]
    public async Task AKeyInTheQueryStringIsNotLookedAt()
    {
        await using var gateway = await GatewayHost.StartAsync(Model + Wire.Keys);

        using var response = await gateway.ChatAsync(Wire.Question, path: "/v1/chat/completions?key=sk-alice-1234&api_key=sk-alice-1234");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }
}
