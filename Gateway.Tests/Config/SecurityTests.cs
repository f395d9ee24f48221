using Gateway.Config;

namespace Gateway.Tests.Config;

/// <summary>What is configured and cannot be used never opens anything, and nothing that is secret is ever printed.</summary>
public sealed class SecurityTests
{
    [TestCase("master_key: os.environ/NO")]
    [TestCase("master_key: ${LITELLM_MASTER_KEY:-sk-1234}")]
    [TestCase("master_key: env(\"KEY\")")]
    [TestCase("master_key: ''")]
    [TestCase("master_key: [sk-12345678]")]
    [TestCase("master_key: 'two words'")]
    public void AMasterKeyThatComesToNothingMatchesNobodyAndKeysAreStillRequired(string line)
    {
        var config = ConfigText.Read("general_settings:\n  " + line);
        Assert.That(config.Config.General.MasterKey, Is.SameAs(Secret.Unusable));
        Assert.That(config.Config.RequiresKeys, Is.True);
        Assert.That(config.WouldStart, Is.True);
        Assert.That(config.Said(), Has.Some.EndsWith("general_settings.master_key: is set and comes to no usable key: nobody is admin, and calls need another key"));
    }

    [TestCase("general_settings: {master_key: null}")]
    [TestCase("general_settings: {master_key: }")]
    [TestCase("general_settings: null")]
    [TestCase("user_access: []")]
    public void OnlyAnAbsentOrNullKeyMeansNone(string yaml)
    {
        var config = ConfigText.Read(yaml);
        Assert.That(config.Config.RequiresKeys, Is.False);
        Assert.That(config.Said(), Is.Empty);
    }

    [Test]
    public void TheMasterKeyMayStandInItsVariable()
    {
        Assert.That(ConfigText.Read("x-a: 1", ("LITELLM_MASTER_KEY", "sk-1234")).Config.General.MasterKey!.Reveal(), Is.EqualTo("sk-1234"));
        Assert.That(ConfigText.Read("general_settings: {master_key: null}", ("LITELLM_MASTER_KEY", "sk-1234")).Config.General.MasterKey!.Reveal(), Is.EqualTo("sk-1234"));
        Assert.That(ConfigText.Read("x-a: 1", ("LITELLM_MASTER_KEY", "")).Config.General.MasterKey, Is.SameAs(Secret.Unusable));
    }

    [TestCase("custom_auth: my_auth.check")]
    [TestCase("custom_auth: os.environ/NO")]
    [TestCase("custom_auth: ''")]
    [TestCase("custom_auth_settings: {mode: on}")]
    [TestCase("custom_auth_run_common_checks: true")]
    [TestCase("litellm_jwtauth: {admin_jwt_scope: a}")]
    [TestCase("enable_oauth2_proxy_auth: true")]
    [TestCase("enable_oauth: ''")]
    [TestCase("enable_jwt_auth: true")]
    [TestCase("enable_jwt_auth: maybe")]
    [TestCase("enable_oauth2_auth: on")]
    public void AuthenticationThatTheGatewayDoesNotHaveStillCountsAsConfigured(string line)
    {
        var config = ConfigText.Read("general_settings:\n  " + line);
        Assert.That((config.Config.General.HasForeignAuth, config.Config.RequiresKeys), Is.EqualTo((true, true)));
        Assert.That(config.Said(), Has.Some.StartsWith("Refused: test.yaml:2: general_settings."));
    }

    [TestCase("jwt_auth_config: {issuer: a}", "jwt_auth_config")]
    [TestCase("litellm_settings: {enable_jwt_auth: true}", "litellm_settings.enable_jwt_auth")]
    [TestCase("custom_auth: my_auth.check", "custom_auth")]
    public void SoItDoesInTheWrongPlace(string yaml, string path)
    {
        var config = ConfigText.Read(yaml);
        Assert.That(config.Config.RequiresKeys, Is.True);
        Assert.That(config.Said().Single(), Does.StartWith($"Refused: test.yaml:1: {path}: ").And.EndsWith("calls need a key of master_key or user_access"));
    }

    [TestCase("enable_jwt_auth: false")]
    [TestCase("enable_oauth2_auth: no")]
    [TestCase("custom_auth_run_common_checks: false")]
    [TestCase("custom_auth: ~")]
    public void AuthenticationThatIsSwitchedOffCountsAsNone(string line)
    {
        var config = ConfigText.Read("general_settings:\n  " + line);
        Assert.That(config.Config.RequiresKeys, Is.False);
        Assert.That(config.Said(), Is.Empty);
    }

    [TestCase("litellm_settings: {master_key: sk-12345678}", "Unknown: test.yaml:1: litellm_settings.master_key: belongs in general_settings; ignored here: nobody is admin, and calls need another key")]
    [TestCase("master_key: sk-12345678", "Unknown: test.yaml:1: master_key: belongs in general_settings; ignored here: nobody is admin, and calls need another key")]
    [TestCase("general_settings: [master_key: sk-12345678]", "Invalid: test.yaml:1: general_settings: may hold a master_key that cannot be read: nobody is admin, and calls need another key")]
    public void AMasterKeyInTheWrongPlaceDoesNotLeaveTheGatewayOpen(string yaml, string finding)
    {
        var config = ConfigText.Read(yaml);
        Assert.That(config.Config.General.MasterKey, Is.SameAs(Secret.Unusable));
        Assert.That(config.Said(), Has.Some.EqualTo(finding));
    }

    [Test]
    public void AMasterKeyInItsPlaceCountsWhateverStandsElsewhere() =>
        Assert.That(ConfigText.Read("{master_key: sk-other, general_settings: {master_key: sk-12345678}}").Config.General.MasterKey!.Reveal(), Is.EqualTo("sk-12345678"));

    [TestCase("true", true)]
    [TestCase("maybe", true)]
    [TestCase("os.environ/NO", true)]
    [TestCase("''", true)]
    [TestCase("false", false)]
    [TestCase("null", false)]
    public void AUserIsBlockedUnlessTheFileSaysNo(string value, bool isBlocked) =>
        Assert.That(ConfigText.Read($"user_access: [{{user_id: a, blocked: {value}}}]").Config.UserAccess.Single().IsBlocked, Is.EqualTo(isBlocked));

    [TestCase("expires: 2026-01-01")]
    [TestCase("duration: 30d")]
    public void AKeyThatWouldHaveToExpireIsRefused(string line) =>
        Assert.That(ConfigText.Read($"user_access:\n- user_id: a\n  {line}").Said().Single(),
            Does.StartWith("Refused: test.yaml:3: user_access[0].").And.Contain("the key never expires"));

    [TestCase("user_access: hello")]
    [TestCase("user_access: {a: b}")]
    [TestCase("user_access: [hello]")]
    [TestCase("user_access: [{api_key: team-alpha-token}]")]
    public void UsersThatCannotBeReadStillCountAsConfigured(string yaml)
    {
        var config = ConfigText.Read(yaml);
        Assert.That(config.Config.UserAccess, Is.Empty);
        Assert.That(config.Config.RequiresKeys, Is.True);
        Assert.That(config.Findings, Is.Not.Empty);
    }

    [TestCase("api_key: os.environ/NO", 1)]
    [TestCase("api_key: short", 1)]
    [TestCase("api_key: sha256:1234", 1)]
    [TestCase("api_keys: [team-alpha-token, os.environ/NO, {a: b}]", 3)]
    [TestCase("api_key: 'has a space in it'", 1)]
    public void AKeyThatCannotBeUsedOpensNothingAndNoneIsMintedForIt(string line, int keys)
    {
        var user = ConfigText.Read($"user_access:\n- user_id: a\n  {line}").Config.UserAccess.Single();
        Assert.That(user.ApiKeys, Has.Length.EqualTo(keys));
        Assert.That(user.ApiKeys[^1], Is.SameAs(Secret.Unusable));
    }

    [TestCase("models: os.environ/NO")]
    [TestCase("models: [os.environ/NO]")]
    [TestCase("models: {gpt-4: true}")]
    [TestCase("models: ''")]
    public void ModelsThatCannotBeReadAreNoModelsInsteadOfAll(string line) =>
        Assert.That(ConfigText.Read($"user_access:\n- user_id: a\n  {line}").Config.UserAccess.Single().Models, Is.EqualTo(new[] { "no-default-models" }));

    [TestCase("models: []")]
    [TestCase("models: null")]
    public void NoModelsMeansAllModels(string line) =>
        Assert.That(ConfigText.Read($"user_access:\n- user_id: a\n  {line}").Config.UserAccess.Single().Models, Is.Empty);

    [TestCase("max_budget: lots")]
    [TestCase("max_budget: -5")]
    [TestCase("max_budget: 1e20")]
    [TestCase("max_budget: os.environ/NO")]
    public void ABudgetThatCannotBeReadIsNothingInsteadOfEverything(string line)
    {
        var config = ConfigText.Read($"user_access:\n- user_id: a\n  {line}");
        Assert.That(config.Config.UserAccess.Single().MaxBudget, Is.EqualTo(NanoUsd.Zero));
        Assert.That(config.Said(), Has.Some.EndsWith("user_access[0].max_budget: is set and comes to no amount: the user can spend nothing"));
    }

    [Test]
    public void MissingVariablesAloneAreTheOnlyKindOfFindingThatTheyCause()
    {
        var config = ConfigText.Read("""
            general_settings: {master_key: os.environ/NO}
            user_access: [{user_id: a, api_key: os.environ/NO, models: [os.environ/NO], max_budget: os.environ/NO}]
            """);
        Assert.That(config.Findings.Select(finding => finding.Kind), Is.All.EqualTo(FindingKind.MissingVariable));
    }

    [TestCase("[{user_id: a, api_key: team-alpha-token}, {user_id: b, api_key: team-alpha-token}]")]
    [TestCase("[{user_id: a, api_key: team-alpha-token}, {user_id: b, api_keys: [x-other-token, os.environ/SAME]}]")]
    [TestCase("[{user_id: a, api_key: team-alpha-token}, {user_id: b, api_key: 'sha256:1C9CBFBD29D58C8C4EB3CFB07AB97F4C02D81F2E5F3E9DCBE8F8B2C9F3D1A3A1'}]", false)]
    public void OneKeyForTwoUsersIsFatal(string users, bool isFatal = true) =>
        Assert.That(ConfigText.Read("user_access: " + users, ("SAME", "team-alpha-token")).WouldStart, Is.EqualTo(!isFatal));

    [Test]
    public void OfTwoEntriesForOneUserTheFirstCounts()
    {
        var config = ConfigText.Read("user_access:\n- {user_id: a, max_budget: 1}\n- {user_id: a, api_key: team-alpha-token, max_budget: 5}");
        Assert.That(config.Config.UserAccess.Single().MaxBudget, Is.EqualTo(NanoUsd.FromUsd(1)));
        Assert.That(config.Said().Single(), Does.StartWith("Invalid: test.yaml:3: user_access[1].user_id: is the user_id of an entry before"));
    }

    [Test]
    public void AHashedKeyIsTheSameAsThePlainOne()
    {
        var hash = AccessKey.Hash(Secret.Of("team-alpha-token")).ToUpperInvariant();
        Assert.That(ConfigText.Read($"user_access: [{{user_id: a, api_key: team-alpha-token}}, {{user_id: b, api_key: 'sha256:{hash}'}}]").WouldStart, Is.False);
    }

    [Test]
    public void AUserWithTheMasterKeyIsFatal() =>
        Assert.That(ConfigText.Read("{general_settings: {master_key: sk-12345678}, user_access: [{user_id: a, api_key: sk-12345678}]}").WouldStart, Is.False);

    [Test]
    public void TheSameKeyTwiceForOneUserIsNoMatter() =>
        Assert.That(ConfigText.Read("user_access: [{user_id: a, api_key: team-alpha-token, api_keys: [team-alpha-token]}]").Said(), Is.Empty);

    [Test]
    public void NoSecretStandsInAFindingOrInThePrintedConfig()
    {
        const string Secrets = "hunter2-hunter2";
        var config = ConfigText.Read($$"""
            model_list:
            - model_name: m
              litellm_params: {model: openai/m, api_key: {{Secrets}}, aws_secret_access_key: {{Secrets}}, extra_headers: {x-key: {{Secrets}}}, azure_ad_token: {{Secrets}}, api_keyy: {{Secrets}}}
            litellm_settings: {master_key: {{Secrets}}, unknown_thing: {{Secrets}}, num_retries: os.environ/SECRET}
            general_settings: {master_key: "{{Secrets}} {{Secrets}}", database_url: "postgresql://u:{{Secrets}}@h", ui_password: {{Secrets}}, require_auth_for_metrics_endpoint: {{Secrets}}}
            user_access:
            - {user_id: a, api_key: "{{Secrets}} x", passwort: {{Secrets}}}
            - {user_id: b, api_key: {{Secrets}}}
            - {user_id: c, api_key: {{Secrets}}}
            environment_variables: {A: "${ {{Secrets}}"}
            """, ("SECRET", Secrets));
        Assert.That(config.Findings, Has.Length.GreaterThan(10));
        Assert.That(string.Join('\n', config.Said()), Does.Not.Contain("hunter2"));
        Assert.That(config.Config.ModelList[0].Params.ApiKey!.ToString() + config.Config.UserAccess[1].ApiKeys[0] + config.Config.ModelList[0].Params.ExtraHeaders[0].Value,
            Is.EqualTo("*********"));
        Assert.That(string.Join('\n', config.Config.UserAccess.Select(user => user.ToString()).Append(config.Config.General.ToString())), Does.Not.Contain("hunter2"));
    }

    [TestCase("x-a: \"a\\nb\"")]
    [TestCase("\"a b\": c")]
    [TestCase("x-a: [c]")]
    [TestCase("\"x-a:\": c")]
    public void AHeaderThatCannotBeSentIsLeftOut(string header)
    {
        var config = ConfigText.ReadParams($"extra_headers: {{{header}}}");
        Assert.That(config.Config.ModelList[0].Params.ExtraHeaders, Is.Empty);
        Assert.That(config.Findings.Single().Kind, Is.EqualTo(FindingKind.Invalid));
    }
}
