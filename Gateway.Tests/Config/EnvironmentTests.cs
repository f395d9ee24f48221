using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class EnvironmentTests
{
    [Test]
    public void ReferencesAreResolvedEverywhere()
    {
        var config = ConfigText.Read("""
            model_list:
            - model_name: os.environ/NAME
              litellm_params:
                model: os.environ/MODEL
                rpm: os.environ/RPM
                drop_params: os.environ/DROP
                additional_drop_params: [os.environ/NAME]
                extra_body: {a: {b: [os.environ/NAME]}}
                extra_headers: {x-a: os.environ/NAME}
            """, ("NAME", "n"), ("MODEL", "openai/x"), ("RPM", "5"), ("DROP", "True"));
        var deployment = config.Config.ModelList.Single();
        Assert.That((deployment.ModelName, deployment.Params.Model, deployment.Params.Rpm, deployment.Params.DropParams), Is.EqualTo(("n", "openai/x", 5L, true)));
        Assert.That(deployment.Params.AdditionalDropParams, Is.EqualTo(new[] { "n" }));
        Assert.That(deployment.Params.ExtraBody.Single().Value, Is.EqualTo("""{"b":["n"]}"""));
        Assert.That(deployment.Params.ExtraHeaders.Single().Value.Reveal(), Is.EqualTo("n"));
        Assert.That(config.Said(), Is.Empty);
    }

    [Test]
    public void AMissingVariableIsNamedAndCountsAsNull()
    {
        var config = ConfigText.ReadParams("api_key: os.environ/NO_KEY\ntimeout: os.environ/NO_TIME", ("NO_TIME", ""));
        Assert.That(config.Said(), Is.EqualTo(new[]
        {
            "MissingVariable: test.yaml:5: model_list[0].litellm_params.api_key: the environment variable NO_KEY is not set",
            "MissingVariable: test.yaml:6: model_list[0].litellm_params.timeout: the environment variable NO_TIME is set but empty",
        }));
        Assert.That(config.Config.ModelList[0].Params.ApiKey, Is.SameAs(Secret.Unusable));
        Assert.That(config.Config.ModelList[0].Params.Timeout, Is.Null);
    }

    [Test]
    public void ADeploymentWhoseModelIsMissingIsLeftOutOnAccountOfTheVariable()
    {
        var config = ConfigText.Read("model_list: [{model_name: m, litellm_params: {model: os.environ/NO}}]");
        Assert.That(config.Config.ModelList, Is.Empty);
        Assert.That(config.Findings.Select(finding => finding.Kind), Is.All.EqualTo(FindingKind.MissingVariable));
    }

    [TestCase("${THE_KEY}")]
    [TestCase("${THE_KEY:-sk-default-1234}")]
    [TestCase("$THE_KEY")]
    [TestCase("env(\"THE_KEY\")")]
    [TestCase("env/THE_KEY")]
    [TestCase("os.environ[\"THE_KEY\"]")]
    [TestCase("os.environ.get('THE_KEY')")]
    [TestCase("Bearer os.environ/THE_KEY")]
    public void OtherToolsReferencesAreNotExpandedAndTheFindingSaysHowToWriteThem(string written)
    {
        var config = ConfigText.ReadParams($"api_key: '{written.Replace("'", "''")}'", ("THE_KEY", "sk-secret"));
        Assert.That(config.Config.ModelList[0].Params.ApiKey, Is.SameAs(Secret.Unusable));
        Assert.That(config.Said().Single(), Does.StartWith("Invalid: ").And.EndsWith("write os.environ/THE_KEY"));
    }

    [Test]
    public void FreeTextMayHoldADollarAndABrace()
    {
        var config = ConfigText.ReadParams("mock_response: costs ${x}\nstop: ['${x}']");
        Assert.That(config.Config.ModelList[0].Params.MockResponse, Is.EqualTo("costs ${x}"));
        Assert.That(config.Said(), Is.Empty);
    }

    [Test]
    public void EnvironmentVariablesOfTheConfigCountBeforeAllElse()
    {
        var config = ConfigText.Read("""
            model_list: [{model_name: m, litellm_params: {model: os.environ/MODEL}}]
            environment_variables: {MODEL: os.environ/OTHER, OTHER: mine, PORT: 5, NOTHING: null}
            """, ("OTHER", "openai/x"));
        Assert.That(config.Config.ModelList.Single().Params.Model, Is.EqualTo("openai/x"));
        Assert.That((config.Environment["MODEL"], config.Environment["OTHER"], config.Environment["PORT"]), Is.EqualTo(("openai/x", "mine", "5")));
        Assert.That(config.Environment.ContainsKey("NOTHING"), Is.False);
        Assert.That(config.Said(), Is.Empty);
    }

    [Test]
    public void TheDotEnvFileBesideTheConfigIsReadAndTheRealEnvironmentWins()
    {
        using var folder = new TemporaryFolder();
        folder.Write(".env", """
            # a comment
            A=plain # comment
            export B="two words\n\"quoted\" # no comment"
            C='single \n' # comment
            D=real loses
            E=a=b#c
            this is nonsense

            """);
        var path = folder.Write("config.yaml", "general_settings: {user_header_name: os.environ/A}\n");
        var config = ConfigReader.Load(path, new Dictionary<string, string> { ["D"] = "wins" });
        Assert.That(config.Config.General.UserHeaderName, Is.EqualTo("plain"));
        Assert.That(config.Environment, Is.EquivalentTo(new Dictionary<string, string>
        {
            ["A"] = "plain",
            ["B"] = "two words\n\"quoted\" # no comment",
            ["C"] = "single \\n",
            ["D"] = "wins",
            ["E"] = "a=b#c",
        }));
        Assert.That(config.Said().Single(), Does.Contain(".env:7: is not NAME=VALUE"));
    }

    [Test]
    public void TheDotEnvFileIsLeftAloneInProductionMode()
    {
        using var folder = new TemporaryFolder();
        folder.Write(".env", "A=b");
        var config = ConfigReader.Load(folder.Write("config.yaml", "x-a: 1"), new Dictionary<string, string> { ["LITELLM_MODE"] = "PRODUCTION" });
        Assert.That(config.Environment.ContainsKey("A"), Is.False);
    }
}
