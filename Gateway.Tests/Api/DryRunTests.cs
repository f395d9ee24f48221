using System.Net;
using System.Text.Json;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Api;

/// <summary>What <c>POST /explain</c> says of a request that is not made.</summary>
public sealed class DryRunTests
{
    private const string Config = """
        model_list:
          - model_name: gpt-4o
            litellm_params:
              {model: openai/gpt-4o-2024, api_base: "{upstream}/v1", api_key: k, weight: 1,
               input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}
            model_info: {id: a}
          - model_name: gpt-4o
            litellm_params: {model: azure/unpriced-thing, api_base: "{upstream}/v1", api_key: k, weight: 0}
            model_info: {id: b}
          - model_name: spare
            litellm_params: {model: mock/m}
            model_info: {id: c}
        router_settings: {fallbacks: [{gpt-4o: [spare]}]}

        """;

    private const string Keys = """
        general_settings: {master_key: sk-master-1234, unknown_price: allow}
        user_access:
          - {user_id: alice, api_key: sk-alice-1234, max_budget: 0.0012}
          - {user_id: bob, api_key: sk-bob-12345678, models: [spare]}
          - {user_id: carol, api_key: sk-carol-1234, blocked: true}

        """;

    [Test]
    public async Task ItTellsHowARequestWouldGoAndCallsNothing()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config + Keys, upstream);

        const string Body = """{"model":"gpt-4o","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"a-secret-prompt"}]}""";
        var (status, explained) = await AskAsync(gateway, Body, Wire.Alice);

        Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(explained.GetProperty("hypothetical").GetBoolean());
        Assert.That(explained.TryGetProperty("error", out _), Is.False);
        Assert.That(Words(explained).Skip(1), Is.EqualTo(new[]
        {
            "Check authenticate: passed.",
            "Check parse: passed; a stream is asked for, of at most 100 tokens, and the input has about 27 tokens.",
            "Check authorize: passed; the model 'gpt-4o' is allowed, as all models are.",
            "Check admit: passed. The user had spent 0 USD of 0.0012 USD.",
            "Choice: simple-shuffle would take openai/gpt-4o-2024 (a) with the score 1, of 2 deployments of 'gpt-4o'.",
            "  Not azure/unpriced-thing (b): the strategy preferred another; its score was 0.",
            "If that fails, the fallback 'spare' is next.",
            "Choice: simple-shuffle would take mock/m (c) with the score 1, of 1 deployment of 'spare'.",
            "At openai/gpt-4o-2024 (a) the estimated input and the most output that is asked for cost 0.000227 USD (price custom): "
                + "27 input × 1 USD / 1M = 0.000027 USD; 100 output × 2 USD / 1M = 0.0002 USD.",
            "At azure/unpriced-thing (b) the price is unknown, so nothing is booked.",
            "At mock/m (c) the estimated input and the most output that is asked for cost 0 USD (price mock@local): "
                + "27 input × 0 USD / 1M = 0 USD; 100 output × 0 USD / 1M = 0 USD.",
        }));
        Assert.That(explained.GetRawText(), Does.Not.Contain("a-secret-prompt"));
        Assert.That(upstream.Requests, Is.Empty);
        const string Rows = "SELECT 1 FROM ledger UNION ALL SELECT 1 FROM decisions UNION ALL SELECT 1 FROM balance";
        Assert.That(await gateway.StopAndReadAsync(Rows), Is.Empty);
    }

    [TestCase("""{"model":"nothing"}""", "authorize", 400)]
    [TestCase("""{"model":"gpt-4o","model":"x"}""", "parse", 400)]
    [TestCase("not json", "parse", 400)]
    [TestCase("""{"model":"gpt-4o","api_base":"https://example.com"}""", "call", 401)]
    public async Task ARefusalIsToldAsItWouldBe(string body, string stage, int status)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Config + Keys, upstream);

        using var real = await gateway.ChatAsync(body, Wire.Alice);
        var (answered, explained) = await AskAsync(gateway, body, Wire.Alice);

        var error = explained.GetProperty("error");
        Assert.That(answered, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((int)real.StatusCode, Is.EqualTo(status));
        Assert.That((error.GetProperty("refused_by").GetString(), error.GetProperty("status").GetInt32()), Is.EqualTo((stage, status)));
        Assert.That(error.GetProperty("message").GetString(), Is.EqualTo((await real.ErrorAsync()).Message));
        Assert.That(Words(explained), Has.Some.StartsWith($"The client would be told {status} "));
    }

    [Test]
    public async Task ABodyThatIsTooLargeIsToldAsItWouldBe()
    {
        await using var gateway = await GatewayHost.StartAsync(
            "model_list: [{model_name: m, litellm_params: {model: mock/m}}]\ngeneral_settings: {max_request_size_mb: 0.001}");
        var (_, explained) = await AskAsync(gateway, """{"model":"m","messages":["TEXT"]}""".Replace("TEXT", new string('x', 2_000)), null);
        Assert.That(explained.GetProperty("error").GetProperty("status").GetInt32(), Is.EqualTo(413));
    }

    [Test]
    public async Task TheAdminMayAskForAUser()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.DearAnswer);
        await using var gateway = await GatewayHost.StartAsync(Config + Keys, upstream);
        using var spent = await gateway.ChatAsync(Wire.Question, Wire.Alice);
        await spent.TextAsync();

        var (_, alice) = await AskAsync(gateway, Wire.Question, Wire.Master, "?user_id=alice");
        var (_, bob) = await AskAsync(gateway, Wire.Question, Wire.Master, "?user_id=bob");
        var (_, carol) = await AskAsync(gateway, Wire.Question, Wire.Master, "?user_id=carol");

        Assert.That(RefusedBy(alice), Is.EqualTo("alice admit 429"));
        Assert.That(RefusedBy(bob), Is.EqualTo("bob authorize 403"));
        Assert.That(RefusedBy(carol), Is.EqualTo("carol authenticate 401"));
    }

    [TestCase(Wire.Master, "dora", 404, "There is no user 'dora' in user_access.")]
    [TestCase(Wire.Alice, "bob", 403, "Authentication Error, Only proxy admin can be used to call this route.")]
    [TestCase("sk-wrong-0000", "bob", 401, "Authentication Error, Invalid proxy server token passed.")]
    [TestCase("sk-wrong-0000", "", 401, "Authentication Error, Invalid proxy server token passed.")]
    public async Task WhoMayNotAskIsToldWhy(string key, string user, int status, string message)
    {
        await using var gateway = await GatewayHost.StartAsync(Config.Replace("{upstream}", "http://127.0.0.1:1") + Keys);

        using var refused = await gateway.ChatAsync(Wire.Question, key, "/explain?user_id=" + user);

        Assert.That((int)refused.StatusCode, Is.EqualTo(status));
        Assert.That((await refused.ErrorAsync()).Message, Does.StartWith(message));
    }

    [Test]
    public async Task ADeploymentThatCoolsDownIsLeftOut()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            http.Response.Headers.RetryAfter = "120";
            return ScriptedUpstream.SendAsync(http, """{"error":{"message":"slow down"}}""", 429);
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);
        using var failed = await gateway.ChatAsync(Wire.Question);

        var (_, explained) = await AskAsync(gateway, Wire.Question, null);

        Assert.That(RefusedBy(explained), Is.EqualTo("default_user_id route 429"));
        Assert.That(Words(explained), Has.Some.Match(
            @"^  Not openai/gpt-4o-2024 \(deployment-1\): it was cooling down for another 1[12]\d(\.\d+)? s\.$"));
    }

    private static async Task<(HttpStatusCode Status, JsonElement Explained)> AskAsync(
        GatewayHost gateway, string body, string? key, string query = "")
    {
        using var response = await gateway.ChatAsync(body, key, "/explain" + query);
        return (response.StatusCode, await response.JsonAsync());
    }

    private static IEnumerable<string?> Words(JsonElement explained) =>
        explained.GetProperty("explanation").EnumerateArray().Select(line => line.GetString());

    private static string RefusedBy(JsonElement explained) =>
        $"{explained.GetProperty("caller").GetProperty("user_id")} {explained.GetProperty("error").GetProperty("refused_by")} "
        + $"{explained.GetProperty("error").GetProperty("status")}";
}
