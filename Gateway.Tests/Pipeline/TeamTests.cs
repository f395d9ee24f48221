namespace Gateway.Tests.Pipeline;

/// <summary>Users who share models and limits.</summary>
public sealed class TeamTests
{
    private const string Config = """
        model_list:
          - {model_name: small, litellm_params: {model: mock/a, input_cost_per_token: 0.000001, output_cost_per_token: 0.000001}}
          - {model_name: large, litellm_params: {model: mock/b, input_cost_per_token: 0.000001, output_cost_per_token: 0.000001}}
        general_settings: {master_key: sk-master-key}
        user_access:
          - {user_id: ann, api_key: sk-key-of-ann, team_id: red}
          - {user_id: bob, api_key: sk-key-of-bob, models: [large]}
          - {user_id: cas, api_key: sk-key-of-cas, team_id: blue}
          - {user_id: dan, api_key: sk-key-of-dan, models: [all-team-models]}
        teams:
          - {team_id: red, models: [small], members: [bob, dan]}
          - {team_id: blue, blocked: true}

        """;

    [TestCase("ann", "small", 200)]
    [TestCase("ann", "large", 403)]
    [TestCase("bob", "small", 403, Description = "the team may, the user may not")]
    [TestCase("bob", "large", 403, Description = "the user may, the team may not")]
    [TestCase("cas", "small", 401)]
    [TestCase("dan", "small", 200)]
    [TestCase("dan", "large", 403)]
    public async Task AMemberUsesWhatBothMayUse(string user, string model, int status)
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        var response = await gateway.ChatAsync($$"""{"model":"{{model}}","messages":[]}""", $"sk-key-of-{user}");

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task ARefusalSaysWhoseModelsEnd()
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        var ofTeam = await (await gateway.ChatAsync("""{"model":"large","messages":[]}""", "sk-key-of-bob")).ErrorAsync();
        var ofKey = await (await gateway.ChatAsync("""{"model":"small","messages":[]}""", "sk-key-of-bob")).ErrorAsync();
        var blocked = await (await gateway.ChatAsync("""{"model":"small","messages":[]}""", "sk-key-of-cas")).ErrorAsync();

        Assert.Multiple(() =>
        {
            Assert.That(ofTeam.Type, Is.EqualTo("team_model_access_denied"));
            Assert.That(ofTeam.Message, Does.StartWith("team not allowed to access model. This team can only access models=['small']."));
            Assert.That(ofKey.Type, Is.EqualTo("key_model_access_denied"));
            Assert.That(blocked.Message, Does.StartWith("Authentication Error, Team=blue is blocked."));
        });
    }

    [Test]
    public async Task AMemberSeesTheModelsThatItMayUse()
    {
        await using var gateway = await GatewayHost.StartAsync(Config);

        var models = (await (await gateway.GetAsync("/v1/models", "sk-key-of-ann")).JsonAsync()).GetProperty("data").EnumerateArray();

        Assert.That(models.Select(model => model.GetProperty("id").GetString()), Is.EqualTo(new[] { "small" }));
    }

    [Test]
    public async Task TheMembersShareABudget()
    {
        await using var gateway = await GatewayHost.StartAsync(Config.Replace("{team_id: red,", "{team_id: red, max_budget: 0.0013,"));
        const string Question = """{"model":"small","messages":[{"role":"user","content":"Hi"}],"max_tokens":100}""";

        var statuses = new List<int>();
        for (var i = 0; i < 40; i++)
        {
            using var answer = await gateway.ChatAsync(Question, i % 2 == 0 ? "sk-key-of-ann" : "sk-key-of-dan");
            await answer.TextAsync();
            statuses.Add((int)answer.StatusCode);
        }
        var refusal = await (await gateway.ChatAsync(Question, "sk-key-of-dan")).ErrorAsync();

        Assert.That(statuses.Distinct().Order(), Is.EqualTo(new[] { 200, 429 }));
        Assert.That(refusal.Message, Does.StartWith("Budget has been exceeded! Team=red Current cost: "));
        var rows = await gateway.StopAndReadAsync("SELECT sum(cost_nano_usd) AS cost, count(DISTINCT user_id) AS users FROM ledger");
        Assert.That(rows[0]["cost"], Is.LessThanOrEqualTo(1_300_000L));
        Assert.That(rows[0]["users"], Is.EqualTo(2));
    }
}
