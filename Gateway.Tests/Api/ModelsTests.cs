using System.Net;
using System.Text.Json;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Api;

/// <summary>What callers get to know of the models, and which they may call.</summary>
public sealed class ModelsTests
{
    private const string Config = """
        model_list:
          - model_name: gpt-4o
            litellm_params: {model: openai/gpt-4o, mock_response: a, api_key: sk-upstream-secret, api_base: "http://10.0.0.1/v1"}
            model_info: {id: one, access_groups: [cheap], custom: {a: 1}, api_key: sk-strayed-secret}
          - model_name: openai/gpt-x
            litellm_params: {model: openai/gpt-x, mock_response: a, extra_headers: {X-Key: header-secret}}
          - model_name: openai/gpt-y
            litellm_params: {model: openai/gpt-y, mock_response: a}
        router_settings:
          model_group_alias: {nick: gpt-4o, ghost: {model: gpt-4o, hidden: true}}
        general_settings: {master_key: sk-master-1234}
        user_access:
          - {user_id: all, api_key: key-of-all}
          - {user_id: one, api_key: key-of-one, models: [gpt-4o]}
          - {user_id: wild, api_key: key-of-wild, models: [openai/*]}
          - {user_id: group, api_key: key-of-group, models: [cheap]}
          - {user_id: alias, api_key: key-of-alias, models: [nick]}
          - {user_id: none, api_key: key-of-none, models: [no-such-model]}
        """;

    [TestCase("sk-master-1234", "gpt-4o", "openai/gpt-x", "openai/gpt-y", "nick")]
    [TestCase("key-of-all", "gpt-4o", "openai/gpt-x", "openai/gpt-y", "nick")]
    [TestCase("key-of-one", "gpt-4o", "nick")]
    [TestCase("key-of-group", "gpt-4o", "nick")]
    [TestCase("key-of-alias", "nick")]
    [TestCase("key-of-none")]
    public async Task ACallerSeesTheModelsThatItMayUse(string key, params string[] models)
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        foreach (var path in (string[])["/v1/models", "/models"])
        {
            using var response = await gateway.GetAsync(path, key);
            var json = await response.JsonAsync();
            Assert.That(json.GetProperty("object").GetString(), Is.EqualTo("list"));
            Assert.That(json.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()), Is.EqualTo(models));
        }
    }

    [TestCase("key-of-all", "gpt-4o", 200)]
    [TestCase("key-of-all", "ghost", 200)]
    [TestCase("key-of-one", "gpt-4o", 200)]
    [TestCase("key-of-one", "nick", 200)]
    [TestCase("key-of-one", "openai/gpt-x", 403)]
    [TestCase("key-of-wild", "openai/gpt-x", 200)]
    [TestCase("key-of-group", "gpt-4o", 200)]
    [TestCase("key-of-group", "openai/gpt-x", 403)]
    [TestCase("key-of-alias", "nick", 200)]
    [TestCase("key-of-alias", "openai/gpt-x", 403)]
    [TestCase("key-of-none", "gpt-4o", 403)]
    public async Task ACallerCallsTheModelsThatItMayUse(string key, string model, int status)
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        using var response = await gateway.ChatAsync($$"""{"model":"{{model}}","messages":[]}""", key);
        using var shown = await gateway.GetAsync("/v1/models/" + model, key);

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        Assert.That(shown.StatusCode, Is.EqualTo(status == 200 ? HttpStatusCode.OK : HttpStatusCode.NotFound));
    }

    [Test]
    public async Task AForbiddenModelIsRefusedInLiteLlmsWords()
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        using var response = await gateway.ChatAsync("""{"model":"openai/gpt-x","messages":[]}""", "key-of-one");

        var (message, type, param, _) = await response.ErrorAsync();
        Assert.That(message, Is.EqualTo(
            "key not allowed to access model. This key can only access models=['gpt-4o']. Tried to access openai/gpt-x"));
        Assert.That((type, param), Is.EqualTo(("key_model_access_denied", "model")));
    }

    [Test]
    public async Task AModelIsShownByItsId()
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        using var response = await gateway.GetAsync("/v1/models/openai/gpt-x", "key-of-all");
        using var missing = await gateway.GetAsync("/v1/models/gpt-99", "key-of-all");

        var json = await response.JsonAsync();
        Assert.That((json.GetProperty("id").GetString(), json.GetProperty("object").GetString()), Is.EqualTo(("openai/gpt-x", "model")));
        Assert.That(missing.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await missing.ErrorAsync()).Code, Is.EqualTo("model_not_found"));
    }

    [TestCase("/model/info")]
    [TestCase("/v1/model/info")]
    public async Task ModelInfoShowsModelsAndNoSecrets(string path)
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        using var admin = await gateway.GetAsync(path, "sk-master-1234");
        using var user = await gateway.GetAsync(path, "key-of-one");
        var forAdmin = await admin.TextAsync();
        var forUser = await user.TextAsync();

        Assert.That(forAdmin + forUser, Does.Not.Contain("secret"));
        Assert.That(forUser, Does.Not.Contain("10.0.0.1"));
        Assert.That(JsonDocument.Parse(forAdmin).RootElement.GetProperty("data").GetArrayLength(), Is.EqualTo(3));
        var only = JsonDocument.Parse(forUser).RootElement.GetProperty("data").EnumerateArray().Single();
        Assert.That(only.GetProperty("model_name").GetString(), Is.EqualTo("gpt-4o"));
        Assert.That(only.GetProperty("model_info").GetProperty("id").GetString(), Is.EqualTo("one"));
        Assert.That(only.GetProperty("model_info").GetProperty("custom").GetProperty("a").GetInt32(), Is.EqualTo(1));
        Assert.That(only.GetProperty("model_info").GetProperty("input_cost_per_token").GetDecimal(), Is.EqualTo(0.0000025m));
    }

    [Test]
    public async Task ModelInfoMayBeAskedForOneDeployment()
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        using var response = await gateway.GetAsync("/model/info?litellm_model_id=one", "key-of-all");

        Assert.That((await response.JsonAsync()).GetProperty("data").GetArrayLength(), Is.EqualTo(1));
    }

    [TestCase("/v1/models")]
    [TestCase("/v1/models/gpt-4o")]
    [TestCase("/model/info")]
    public async Task StrangersGetToKnowNothing(string path)
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        using var response = await gateway.GetAsync(path);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [TestCase("/v1/models/openai%2Fgpt-x")]
    [TestCase("/models/openai%2fgpt-x")]
    public async Task ASlashInAModelsNameMayBeEscaped(string path)
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        using var response = await gateway.GetAsync(path, "key-of-all");

        Assert.That((await response.JsonAsync()).GetProperty("id").GetString(), Is.EqualTo("openai/gpt-x"));
    }

    [TestCase("/v1/models", "key-of-all")]
    [TestCase("/v1/models/no-such-model", "key-of-all")]
    [TestCase("/model/info", "key-of-all")]
    [TestCase("/model/info", "a-wrong-key")]
    public async Task EveryAnswerAboutModelsHasTheIdOfItsRequest(string path, string key)
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        using var named = await gateway.SendAsync(HttpMethod.Get, path, key, null, ("x-litellm-call-id", "my-id"));
        using var unnamed = await gateway.GetAsync(path, key);

        Assert.That(named.Header("x-litellm-call-id"), Is.EqualTo("my-id"));
        Assert.That(unnamed.Header("x-litellm-call-id"), Has.Length.EqualTo(32));
    }
}
