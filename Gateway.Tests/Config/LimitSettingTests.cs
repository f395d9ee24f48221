using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class LimitSettingTests
{
    [Test]
    public void AUserHasAllTheLimitsOfLiteLlm()
    {
        var user = ConfigText.Read("""
            user_access:
            - user_id: a
              max_budget: 5.50
              soft_budget: 4
              budget_duration: 30d
              rpm_limit: 60
              tpm_limit: 100_000
              max_parallel_requests: 3
              model_max_budget:
                gpt-4o: {max_budget: 1.25, budget_duration: 1d, rpm_limit: 5, tpm_limit: 1000}
                "claude-*": {budget_limit: "2.5", time_period: 1w}
                plain: 3
              model_rpm_limit: {gpt-4o: 7, other: 8}
              model_tpm_limit: {other: 900}
            """).Config.UserAccess.Single();
        var limits = user.Limits;
        Assert.Multiple(() =>
        {
            Assert.That((limits.MaxBudget, limits.SoftBudget), Is.EqualTo((NanoUsd.FromUsd(5.5m), NanoUsd.FromUsd(4m))));
            Assert.That(user.MaxBudget, Is.EqualTo(limits.MaxBudget));
            Assert.That((limits.Period!.Value.Count, limits.Period.Value.Unit, limits.Period.Value.Text),
                Is.EqualTo((1, PeriodUnit.Month, "30d")));
            Assert.That((limits.Rpm, limits.Tpm, limits.MaxParallelRequests), Is.EqualTo((60, 100_000, 3)));
            Assert.That(limits.Models.Select(Text), Is.EqualTo(new[]
            {
                "gpt-4o: 1.25 per 1d, 7 rpm, 1000 tpm",
                "claude-*: 2.5 per 1w,  rpm,  tpm",
                "plain: 3 per ,  rpm,  tpm",
                "other:  per , 8 rpm, 900 tpm",
            }));
        });
    }

    [TestCase("soft_budget: 5")]
    [TestCase("budget_duration: 30d")]
    [TestCase("rpm_limit: 5")]
    [TestCase("tpm_limit: 5")]
    [TestCase("max_parallel_requests: 0")]
    [TestCase("model_max_budget: {m: {max_budget: 5}}")]
    [TestCase("model_rpm_limit: {m: 5}")]
    [TestCase("model_tpm_limit: {m: 5}")]
    public void ALimitOfAUserNeedsNoComment(string line) =>
        Assert.That(ConfigText.Read($"user_access:\n- user_id: a\n  {line}\n").Said(), Is.Empty);

    [TestCase("general_settings: {global_max_parallel_requests: 5}")]
    [TestCase("general_settings: {max_parallel_requests: 5}")]
    [TestCase("general_settings: {budget_wait: 1s}")]
    [TestCase("general_settings: {min_output_tokens: 1}")]
    [TestCase("general_settings: {default_max_output_tokens: 1}")]
    [TestCase("general_settings: {unknown_price: allow}")]
    [TestCase("litellm_settings: {max_budget: 5}")]
    [TestCase("litellm_settings: {budget_duration: 1d}")]
    [TestCase("litellm_settings: {max_end_user_budget: 5}")]
    [TestCase("litellm_settings: {default_end_user_params: {max_budget: 5}}")]
    [TestCase("litellm_settings: {timezone: Europe/Berlin}")]
    [TestCase("router_settings: {provider_budget_config: {openai: {budget_limit: 5}}}")]
    [TestCase("router_settings: {tag_budget_config: {a: {max_budget: 5}}}")]
    [TestCase("teams: [{team_id: a}]")]
    public void ASettingOfLimitsNeedsNoComment(string yaml) => Assert.That(ConfigText.Read(yaml).Said(), Is.Empty);

    [TestCase("max_budget: lots")]
    [TestCase("rpm_limit: fast")]
    [TestCase("tpm_limit: -1")]
    [TestCase("max_parallel_requests: 1.5")]
    [TestCase("rpm_limit: os.environ/NO")]
    [TestCase("model_max_budget: 5")]
    [TestCase("model_max_budget: {m: {max_budget: lots}}")]
    [TestCase("model_max_budget: {m: [5]}")]
    [TestCase("model_rpm_limit: [m]")]
    [TestCase("model_tpm_limit: {m: many}")]
    public void ALimitThatCannotBeReadIsClosed(string line)
    {
        var config = ConfigText.Read($"user_access:\n- user_id: a\n  {line}\n");
        Assert.That(IsClosed(config.Config.UserAccess.Single().Limits));
        Assert.That(config.Findings.Any(finding => finding.Kind is FindingKind.Invalid or FindingKind.MissingVariable));
    }

    [TestCase("30 days")]
    [TestCase("[1d]")]
    [TestCase("os.environ/NO")]
    public void APeriodThatCannotBeReadNeverEnds(string period)
    {
        var config = ConfigText.Read($"user_access:\n- user_id: a\n  max_budget: 5\n  budget_duration: {period}\n");
        var limits = config.Config.UserAccess.Single().Limits;
        Assert.That((limits.MaxBudget, limits.Period), Is.EqualTo((NanoUsd.FromUsd(5), (BudgetPeriod?)null)));
        Assert.That(config.Said(), Has.Some.Contains("the budget is for all time").And.Some.Matches("^(Invalid|MissingVariable)"));
    }

    [Test]
    public void ATeamHasModelsLimitsAndMembers()
    {
        var config = ConfigText.Read("""
            user_access: [{user_id: a}, {user_id: b, team_id: other}]
            teams:
            - {team_id: research, team_alias: Research, members: [a, b, nobody], models: [gpt-4o], max_budget: 10, budget_duration: 1mo, rpm_limit: 9}
            - {team_id: research, max_budget: 20}
            - {team_alias: Nameless}
            - {team_id: closed, models: [os.environ/NO], blocked: true, member: a}
            """);
        var team = config.Config.Teams[0];
        Assert.Multiple(() =>
        {
            Assert.That(config.Config.Teams.Select(t => t.TeamId), Is.EqualTo(new[] { "research", "closed" }));
            Assert.That((team.TeamAlias, team.Models.Single(), team.Limits.MaxBudget, team.Limits.Rpm, team.Limits.Period!.Value.Text),
                Is.EqualTo(("Research", "gpt-4o", NanoUsd.FromUsd(10), 9, "1mo")));
            Assert.That(team.Members, Is.EqualTo(new[] { "a", "b", "nobody" }));
            Assert.That((config.Config.Teams[1].IsBlocked, config.Config.Teams[1].Models.Single()),
                Is.EqualTo((true, "no-default-models")));
        });
        foreach (var said in new[]
        {
            "'nobody' is no user_id of user_access",
            "'b' is in the team 'other' already, which counts; a user is in one team",
            "teams[1].team_id: is the team_id of an entry before this one; this one is left out",
            "teams[2]: has no team_id; the entry is left out",
            "teams[3].member: is not a known setting; did you mean 'members'?",
        })
            Assert.That(config.Said(), Has.Some.Contains(said));
    }

    [Test]
    public void TheWholeGatewayEndUsersProvidersAndTagsHaveLimits()
    {
        var config = ConfigText.Read("""
            litellm_settings:
              max_budget: 100
              budget_duration: 30d
              max_end_user_budget: 5
              default_end_user_params: {rpm_limit: 3, budget_duration: 1d, budget_id: x}
              timezone: Europe/Berlin
            router_settings:
              provider_budget_config: {openai: {budget_limit: 50.0, time_period: 1d}, azure: {budget_limit: much}}
              tag_budget_config: {product: {max_budget: 7, budget_duration: 1mo}}
            general_settings: {global_max_parallel_requests: 9, max_parallel_requests: 4, budget_wait: 500ms, min_output_tokens: 8,
              default_max_output_tokens: 100, unknown_price: allow}
            """).Config;
        Assert.Multiple(() =>
        {
            Assert.That(Text(new("gateway", config.GatewayLimits)), Is.EqualTo("gateway: 100 per 30d,  rpm,  tpm"));
            Assert.That(config.GatewayLimits.MaxParallelRequests, Is.EqualTo(9));
            Assert.That(Text(new("end user", config.LiteLlm.EndUserLimits)), Is.EqualTo("end user: 5 per 1d, 3 rpm,  tpm"));
            Assert.That(config.LiteLlm.TimeZone.Id, Is.EqualTo("Europe/Berlin"));
            Assert.That(config.Router.ProviderBudgets.Select(budget => Text(new(budget.Key, budget.Value))),
                Is.EqualTo(new[] { "openai: 50 per 1d,  rpm,  tpm", "azure: 0 per ,  rpm,  tpm" }));
            Assert.That(config.Router.TagBudgets.Select(budget => Text(new(budget.Key, budget.Value))),
                Is.EqualTo(new[] { "product: 7 per 1mo,  rpm,  tpm" }));
            Assert.That((config.General.BudgetWait, config.General.MinOutputTokens, config.General.DefaultMaxOutputTokens,
                config.General.UnknownPrice, config.General.MaxParallelRequests), Is.EqualTo((TimeSpan.FromMilliseconds(500), 8, 100, UnknownPrice.Allow, 4)));
        });
    }

    [TestCase("{}", TokenCounting.Bytes)]
    [TestCase("{token_counting: bytes}", TokenCounting.Bytes)]
    [TestCase("{token_counting: exact}", TokenCounting.Exact)]
    public void TextIsBoundedByItsBytesUnlessCountingIsAskedFor(string general, TokenCounting counting)
    {
        var config = ConfigText.Read($"general_settings: {general}");
        Assert.That((config.Config.General.TokenCounting, config.Said().Count()), Is.EqualTo((counting, 0)));
    }

    [Test]
    public void ATimeZoneThatTheMachineDoesNotKnowIsReported()
    {
        var config = ConfigText.Read("litellm_settings: {timezone: Europe/Atlantis}");
        Assert.That(config.Config.LiteLlm.TimeZone, Is.SameAs(TimeZoneInfo.Utc));
        Assert.That(config.Said(),
            Has.Some.StartsWith("Invalid: test.yaml:1: litellm_settings.timezone: must be a time zone that this machine knows, "
            + "as Europe/Berlin, not 'Europe/Atlantis'; days begin in UTC"));
    }

    [TestCase("litellm_settings: {default_end_user_params: 5}")]
    [TestCase("litellm_settings: {max_end_user_budget: much}")]
    public void EndUserLimitsThatCannotBeReadAreClosed(string yaml) =>
        Assert.That(IsClosed(ConfigText.Read(yaml).Config.LiteLlm.EndUserLimits));

    private static bool IsClosed(SubjectLimits limits) =>
        limits.MaxBudget == NanoUsd.Zero || limits.Rpm == 0 || limits.Tpm == 0 || limits.MaxParallelRequests == 0
        || limits.Models.Any(model => model.Model is "m" or "*" && IsClosed(model.Limits));

    private static string Text(SubjectModelLimits model) =>
        $"{model.Model}: {model.Limits.MaxBudget} per {model.Limits.Period}, {model.Limits.Rpm} rpm, {model.Limits.Tpm} tpm";

    [TestCase("litellm_settings: {max_budget: 5}", "litellm_settings.max_budget")]
    [TestCase("litellm_settings: {max_end_user_budget: 5}", "each end user")]
    [TestCase("teams: [{team_id: red, max_budget: 5}]", "the team 'red'")]
    [TestCase("user_access: [{user_id: ann, soft_budget: 5}]", "the user 'ann'")]
    [TestCase("user_access: [{user_id: ann, model_max_budget: {m: 5}}]", "the user 'ann'")]
    [TestCase("user_access: [{user_id: ann, api_keys: [{api_key: sk-key-of-ann, max_budget: 5}]}]", "the user 'ann'")]
    [TestCase("router_settings: {tag_budget_config: {a: 5}}", "the tag 'a'")]
    [TestCase("router_settings: {provider_budget_config: {openai: 5}}", "the provider 'openai'")]
    public void ABudgetNeedsTheRows(string budget, string who)
    {
        var finding = ConfigText.Read($"general_settings:\n  disable_spend_logs: true\n{budget}\n").Findings.Single();

        Assert.That((finding.Kind, finding.Line), Is.EqualTo((FindingKind.Fatal, 2)));
        Assert.That(finding.ToString(), Does.Contain($"general_settings.disable_spend_logs: is true, and {who} has a budget"));
    }

    [Test]
    public void RatesDoNotNeedTheRows() => Assert.That(
        ConfigText.Read("general_settings: {disable_spend_logs: true}\nuser_access: [{user_id: ann, rpm_limit: 5}]").Findings, Is.Empty);
}
