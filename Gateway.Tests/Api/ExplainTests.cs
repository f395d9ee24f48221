using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Tests.Pipeline;
using Gateway.Tests.Reload;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Api;

/// <summary>How a request was decided, asked for by the id in its answer.</summary>
public sealed class ExplainTests
{
    private const string Groups = """
        model_list:
          - model_name: pair
            litellm_params: {model: openai/model-a, api_base: "{upstream}/a", api_key: key-a, weight: 1000000000}
            model_info: {id: a}
          - model_name: pair
            litellm_params: {model: openai/model-b, api_base: "{upstream}/b", api_key: key-b, weight: 1}
            model_info: {id: b}
          - model_name: spare
            litellm_params:
              {model: openai/gpt-4o-2024, api_base: "{upstream}/c", api_key: key-c, input_cost_per_token: 0.000001}
            model_info: {id: c}
        router_settings:
          num_retries: 1
          fallbacks: [{pair: [spare]}]

        """;

    [Test]
    public async Task AnAnsweredRequestIsExplainedInWordsAndNumbers()
    {
        var time = new FakeTimeProvider(new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel + Wire.Keys + "router_settings: {model_group_alias: {best: gpt-4o}}", upstream, time: time);

        using var answer = await gateway.SendAsync(HttpMethod.Post, "/v1/chat/completions", Wire.Alice,
            """{"model":"best","max_tokens":20,"messages":[{"role":"user","content":"a-secret-prompt"}]}""", ("x-litellm-call-id", "call-1"));
        await answer.TextAsync();
        var explained = await ExplainAsync(gateway, answer, Wire.Alice);

        var hash = explained.GetProperty("caller").GetProperty("key_id").GetString()!;
        Assert.That(Words(explained), Is.EqualTo(new[]
        {
            $"User 'alice' with the key of hash {hash[..12]}… called /v1/chat/completions on 2026-11-24T12:00:00Z (call id call-1).",
            "Check authenticate: passed.",
            "Check parse: passed; a whole answer is asked for, of at most 20 tokens, and the input has about 23 tokens.",
            "Check authorize: passed; the model 'best' leads to 'gpt-4o' and is allowed, as all models are.",
            "Check admit: passed. The user had spent 0 USD of 0.0012 USD. At most 0.001153 USD were set aside, for 20 tokens of output.",
            "Choice: simple-shuffle took openai/gpt-4o-2024 (deployment-1) with the score 1, of 1 deployment of 'gpt-4o'.",
            "Attempt 1 (first) at openai/gpt-4o-2024 (deployment-1), 0 ms after the start: answered 200 in 0 ms.",
            "  It took 10 input + 5 output tokens.",
            "  It cost 0.00002 USD by the price custom: 10 input × 1 USD / 1M = 0.00001 USD; 5 output × 2 USD / 1M = 0.00001 USD.",
            "The client got an answer with status 200.",
        }));
        Assert.That(explained.GetProperty("id").GetString(), Is.EqualTo(answer.Header("x-gateway-decision")));
        Assert.That(explained.GetProperty("attempts")[0].GetProperty("cost_usd").GetDecimal(), Is.EqualTo(0.00002m));
    }

    [Test]
    public async Task ARetriedRequestThatFellBackTellsEachChoice()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => http.Request.Path.StartsWithSegments("/c")
            ? ScriptedUpstream.SendAsync(http, Wire.Answer)
            : ScriptedUpstream.SendAsync(http, """{"error":{"message":"a-secret-answer"}}""", 500));
        await using var gateway = await GatewayHost.StartAsync(Groups, upstream);

        using var answer = await gateway.ChatAsync("""{"model":"pair","messages":[]}""");
        await answer.TextAsync();
        var explained = await ExplainAsync(gateway, answer, null);

        Assert.That(Attempts(explained), Is.EqualTo(
            new[] { "1 first a InternalServerError", "2 retry b InternalServerError", "3 fallback c 200" }));
        var routes = explained.GetProperty("routes").EnumerateArray().Select(route => string.Join(' ', [
            route.GetProperty("model_group").GetString(), route.GetProperty("attempt").GetRawText(),
            .. route.GetProperty("candidates").EnumerateArray().Select(c => $"{c.GetProperty("deployment")}={c.GetProperty("verdict")}")]));
        Assert.That(routes, Is.EqualTo(new[] { "pair 1 a=chosen b=lost_on_score", "pair 2 a=already_tried b=chosen", "spare 3 c=chosen" }));
        Assert.That(Words(explained), Has.Some.EqualTo("  Not openai/model-a (a): an earlier attempt of this request went there."));
        Assert.That(Words(explained), Has.Some.Match(@"^Attempt 2 \(retry\) at openai/model-b \(b\), .* failed with InternalServerError \(status 500\)"));
    }

    [Test]
    public async Task AStreamTellsItsFirstToken()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Wire.Chunk("a-secret-answer"), Wire.Finish, Wire.UsageChunk, "[DONE]");
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var answer = await gateway.ChatAsync(Wire.StreamQuestion);
        await answer.TextAsync();
        var explained = await ExplainAsync(gateway, answer, null);

        Assert.That(explained.GetProperty("request").GetProperty("stream").GetBoolean());
        Assert.That(explained.GetProperty("attempts")[0].GetProperty("time_to_first_token_ms").GetDouble(), Is.GreaterThan(0));
        Assert.That(Words(explained), Has.Some.EqualTo("  It took 10 input + 5 output tokens."));
    }

    [TestCase("sk-wrong-zzzz", Wire.Question, 401, "authenticate", "Check authenticate: refused.")]
    [TestCase(Wire.Bob, Wire.Question, 403, "authorize", "Check authorize: refused. key not allowed to access model.")]
    [TestCase(Wire.Bob, """{"model":"no-such-model"}""", 400, "authorize", "Check authorize: refused. /v1/chat/completions: Invalid model name")]
    [TestCase(Wire.Bob, """{"model":"gpt-4o","messages":""", 400, "parse", "Check parse: refused. Invalid JSON payload")]
    public async Task ARefusedRequestTellsWhichCheckRefusedIt(string key, string body, int status, string stage, string words)
    {
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1") + Wire.Keys);

        using var refused = await gateway.ChatAsync(body, key);
        Assert.That((int)refused.StatusCode, Is.EqualTo(status));
        var explained = await ExplainAsync(gateway, refused, Wire.Master);

        var error = explained.GetProperty("error");
        Assert.That((error.GetProperty("refused_by").GetString(), error.GetProperty("status").GetInt32()), Is.EqualTo((stage, status)));
        Assert.That(Words(explained), Has.Some.StartsWith(words));
        Assert.That(explained.GetRawText(), Does.Not.Contain("zzzz")); // ids are hexadecimal
    }

    [Test]
    public async Task ABudgetThatIsUsedUpIsExplainedWithItsFigures()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.DearAnswer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + Wire.Keys, upstream);
        using var first = await gateway.ChatAsync(Wire.Question, Wire.Alice);
        await first.TextAsync();

        using var refused = await gateway.ChatAsync(Wire.Question, Wire.Alice);
        var explained = await ExplainAsync(gateway, refused, Wire.Alice);

        Assert.That(Words(explained), Has.Some.StartsWith(
            "Check admit: refused. The user had spent 0.00112 USD of 0.0012 USD. ExceededBudget: User=alice over budget."));
        Assert.That(Words(explained), Has.Some.EqualTo("The client was told 429 BudgetExceededError: the stage 'admit' refused it."));
    }

    [Test]
    public async Task OnlyItsCallerAndTheAdminSeeADecision()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + Wire.Keys, upstream);
        using var answer = await gateway.ChatAsync(Wire.Question, Wire.Alice);
        var path = "/explain/" + answer.Header("x-gateway-decision");

        using var own = await gateway.GetAsync(path, Wire.Alice);
        using var admins = await gateway.GetAsync(path, Wire.Master);
        using var others = await gateway.GetAsync(path, Wire.Bob);
        using var unknown = await gateway.GetAsync("/explain/" + new string('0', 32), Wire.Bob);
        using var malformed = await gateway.GetAsync("/explain/x", Wire.Bob);
        using var nobodys = await gateway.GetAsync(path);

        Assert.That(new[] { own, admins, others, unknown, malformed, nobodys }.Select(response => (int)response.StatusCode),
            Is.EqualTo(new[] { 200, 200, 404, 404, 404, 401 }));
        Assert.That(await others.TextAsync(), Is.EqualTo(await unknown.TextAsync()).And.EqualTo(await malformed.TextAsync()));
    }

    [Test]
    public async Task WordsAloneComeToWhoeverAcceptsText()
    {
        await using var gateway = await GatewayHost.StartAsync("model_list: [{model_name: m, litellm_params: {model: mock/m}}]");
        using var answer = await gateway.ChatAsync("""{"model":"m","messages":[]}""");
        var path = "/explain/" + answer.Header("x-gateway-decision");

        using var accepted = await gateway.SendAsync(HttpMethod.Get, path, null, null, ("Accept", "text/plain"));
        using var asked = await gateway.GetAsync(path + "?format=text");
        using var json = await gateway.SendAsync(HttpMethod.Get, path + "?format=json", null, null, ("Accept", "text/plain"));

        Assert.That(await accepted.TextAsync(),
            Does.StartWith("User 'default_user_id' (admin) called /v1/chat/completions").And.EndsWith("ms in all.\n"));
        Assert.That(await asked.TextAsync(), Is.EqualTo(await accepted.TextAsync()));
        Assert.That(json.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
    }

    [Test]
    public async Task NoPromptNoAnswerAndNoKeyIsInTheDatabase()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => http.Request.Path.StartsWithSegments("/v1/chat")
            ? ScriptedUpstream.SendAsync(http, Wire.Answer)
            : ScriptedUpstream.SendAsync(http, """{"error":{"message":"a-secret-prompt sk-upstream-secret"}}""", 400));
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel + Wire.Keys.Replace("0.0012", "5"), upstream);
        foreach (var (key, body, path) in new[]
        {
            (Wire.Alice, Wire.Question, "/v1/chat/completions"), (Wire.Bob, Wire.Question, "/v1/chat/completions"),
            ("sk-wrong-a-secret-key", Wire.Question, "/v1/chat/completions"),
            (Wire.Alice, """{"model":"gpt-4o","prompt":"a-secret-prompt"}""", "/v1/completions"),
            (Wire.Alice, """{"a-secret-prompt":1,"a-secret-prompt":2}""", "/v1/chat/completions"),
        })
        {
            using var answer = await gateway.ChatAsync(body, key, path);
            await answer.TextAsync();
        }

        Assert.That((await gateway.StopAndReadAsync("SELECT status FROM decisions ORDER BY rowid")).Select(row => row["status"]),
            Is.EqualTo(new[] { 200L, 403, 401, 400, 400 }));
        var bytes = string.Concat(Directory.GetFiles(gateway.Folder, "gateway.db*")
            .Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        foreach (var secret in new[] { "a-secret", Wire.Alice, Wire.Bob, Wire.Master, "sk-upstream" })
            Assert.That(bytes, Does.Not.Contain(secret));
    }

    [Test]
    public async Task ARestartKeepsDecisionsAndTheLedgerNamesThem()
    {
        await using var first = await GatewayHost.StartAsync("model_list: [{model_name: m, litellm_params: {model: mock/m}}]");
        using var answer = await first.ChatAsync("""{"model":"m","messages":[]}""");
        await answer.TextAsync();
        var id = answer.Header("x-gateway-decision");
        Assert.That((await first.StopAndReadAsync()).Single()["decision_id"], Is.EqualTo(id));

        await using var second = await GatewayHost.StartAsync("model_list: []", folder: first.Folder);
        using var found = await second.GetAsync("/explain/" + id);
        Assert.That(found.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task BrowsersMayReadTheHeader()
    {
        await using var gateway = await GatewayHost.StartAsync("""
            model_list: [{model_name: m, litellm_params: {model: mock/m}}]
            general_settings: {master_key: sk-master-1234, cors_allow_origins: ["https://app.example"]}
            """);
        using var answer = await gateway.SendAsync(
            HttpMethod.Post, "/v1/chat/completions", Wire.Master, """{"model":"m","messages":[]}""", ("Origin", "https://app.example"));
        Assert.That(answer.Header("access-control-expose-headers"), Does.Contain("x-gateway-decision"));
    }

    [Test]
    public async Task WithoutRetentionNothingIsKept()
    {
        await using var gateway = await GatewayHost.StartAsync("""
            model_list: [{model_name: m, litellm_params: {model: mock/m}}]
            general_settings: {decision_retention: off}
            """);
        using var answer = await gateway.ChatAsync("""{"model":"m","messages":[]}""");
        using var refused = await gateway.ChatAsync("{");
        Assert.That((answer.Header("x-gateway-decision"), refused.Header("x-gateway-decision")), Is.EqualTo(((string?)null, (string?)null)));
        var id = Gateway.Decisions.DecisionLog.NewId(DateTimeOffset.UnixEpoch);
        using var found = await gateway.GetAsync("/explain/" + id);
        Assert.That(found.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        var rows = await gateway.StopAndReadAsync("SELECT decision_id, (SELECT count(*) FROM decisions) AS kept FROM ledger");
        Assert.That((rows.Single()["decision_id"], rows[0]["kept"]), Is.EqualTo(((object?)null, (object?)0L)));
    }

    [Test]
    public async Task DecisionsThatCouldNotBeWrittenAreCounted()
    {
        await using var gateway = await GatewayHost.StartAsync("model_list: [{model_name: m, litellm_params: {model: mock/m}}]");
        Assert.That((await gateway.ScrapeAsync()).ValueOf("gateway_decisions_dropped_total"), Is.EqualTo("0"));
        await using var database = new SqliteConnection($"Data Source={gateway.DatabasePath};Pooling=False");
        await database.OpenAsync();
        Storage.DatabaseTests.Run(database, "ALTER TABLE decisions RENAME TO hidden");
        using var answer = await gateway.ChatAsync("""{"model":"m","messages":[]}""");
        await answer.TextAsync();

        // The client has its answer a moment before the decision is handed over.
        var isCounted = false;
        for (var patience = 0; patience < 1000 && !isCounted; patience++)
        {
            using var explained = await gateway.GetAsync("/explain/" + Gateway.Decisions.DecisionLog.NewId(DateTimeOffset.UnixEpoch)); // flushes
            isCounted = (await gateway.ScrapeAsync()).ValueOf("gateway_decisions_dropped_total") != "0";
        }
        Assert.That(isCounted, Is.True);
    }

    private static async Task<JsonElement> ExplainAsync(GatewayHost gateway, HttpResponseMessage answer, string? key)
    {
        using var explained = await gateway.GetAsync("/explain/" + answer.Header("x-gateway-decision"), key);
        Assert.That(explained.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return await explained.JsonAsync();
    }

    private static IEnumerable<string?> Words(JsonElement explained) =>
        explained.GetProperty("explanation").EnumerateArray().Select(line => line.GetString());

    private static IEnumerable<string> Attempts(JsonElement explained) => explained.GetProperty("attempts").EnumerateArray().Select(attempt =>
        $"{attempt.GetProperty("number")} {attempt.GetProperty("kind")} {attempt.GetProperty("deployment")} "
        + (attempt.TryGetProperty("exception_class", out var failure) ? failure : attempt.GetProperty("status")));
}
