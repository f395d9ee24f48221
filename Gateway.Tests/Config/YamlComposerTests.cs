using System.Diagnostics;
using System.Text;
using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class YamlComposerTests
{
    [Test]
    public void TheLastOfDuplicateKeysWinsWithAFindingThatNamesTheFirst()
    {
        var config = ConfigText.Read("litellm_settings:\n  drop_params: false\n  json_logs: true\nlitellm_settings:\n  drop_params: true\n");
        Assert.That(config.Config.LiteLlm.DropParams, Is.True);
        Assert.That(config.Config.LiteLlm.JsonLogs, Is.False);
        Assert.That(config.Said(), Is.EqualTo(new[] { "Invalid: test.yaml:4: litellm_settings: occurs again (first on line 1); the last one counts" }));
    }

    [Test]
    public void MergeKeysTakeOverWhatTheMapDoesNotSayItself()
    {
        var config = ConfigText.Read("""
            x-a: &a {timeout: 10, rpm: 5, api_base: http://a}
            x-b: &b {timeout: 20, tpm: 6}
            model_list:
              - model_name: one
                litellm_params:
                  <<: *a
                  model: openai/one
                  rpm: 7
              - model_name: two
                litellm_params: {model: openai/two, <<: [*b, *a]}
            """);
        var (one, two) = (config.Config.ModelList[0].Params, config.Config.ModelList[1].Params);
        Assert.That((one.Rpm, one.ApiBase, one.Timeout), Is.EqualTo((7L, "http://a", TimeSpan.FromSeconds(10))));
        Assert.That((two.Rpm, two.Tpm, two.Timeout), Is.EqualTo((5L, 6L, TimeSpan.FromSeconds(20))));
        Assert.That(config.Said(), Is.Empty);
    }

    [Test]
    public void AMergeOfSomethingElseThanAMapIsLeftOut() =>
        Assert.That(ConfigText.ReadParams("<<: hello").Said(), Has.One.Contains("test.yaml:5: <<: merges a value that is not a map"));

    [Test]
    public void CarriageReturnsAndAByteOrderMarkAreNoMatter()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("c.yaml", "\uFEFFmodel_list:\r\n- model_name: m\r\n  litellm_params:\r\n    model: openai/m\r\n    rpm: 5\r\n");
        var config = ConfigReader.Load(path, ConfigText.NoVariables);
        Assert.That(config.Config.ModelList.Single().Params.Rpm, Is.EqualTo(5));
        Assert.That(config.Said(), Is.Empty);
    }

    [Test]
    public void OnlyTheFirstDocumentIsRead()
    {
        var config = ConfigText.Read("litellm_settings:\n  drop_params: true\n---\nlitellm_settings:\n  drop_params: false\n");
        Assert.That(config.Config.LiteLlm.DropParams, Is.True);
        Assert.That(config.Said(), Has.One.EqualTo("Ignored: test.yaml:3: only the first document of the file is read").Or.One.StartsWith("Ignored: test.yaml:3: "));
    }

    [TestCase("model_list:\n\t- model_name: m\n", 2)]
    [TestCase("a: 1\nb: [1, 2\nc: 3\n", 2)]
    [TestCase("a: 'never closed\n", 1)]
    [TestCase("a: *nowhere\n", 1)]
    [TestCase("a: &a [*a]\n", 1)]
    [TestCase("a: \"\\UFFFFFFFF\"\n", 0)]
    [TestCase("a: 1\nb: \0\n", 2)]
    public void TextThatIsNotYamlIsFatalAndTheLineIsNamed(string yaml, int line)
    {
        var finding = ConfigText.Read(yaml).Findings.Single();
        Assert.That(finding.Kind, Is.EqualTo(FindingKind.Fatal));
        if (line > 0)
            Assert.That(finding.Line, Is.EqualTo(line).Or.EqualTo(line + 1), finding.ToString());
    }

    [TestCase("")]
    [TestCase("# nothing but a comment\n")]
    [TestCase("- a\n- b\n")]
    [TestCase("just text")]
    public void ARootThatIsNoMapIsFatal(string yaml) =>
        Assert.That(ConfigText.Read(yaml).WouldStart, Is.False);

    [TestCase("[")]
    [TestCase("{a: ")]
    [TestCase("- ")]
    public void DeepNestingIsRefusedInsteadOfOverflowingTheStack(string level)
    {
        var yaml = "a: " + (level == "- " ? "\n" : "") + new StringBuilder().Insert(0, level, 200_000);
        var finding = ConfigText.Read(yaml).Findings.Single();
        Assert.That(finding.Kind, Is.EqualTo(FindingKind.Fatal));
        Assert.That(finding.Message, Does.Contain("deeper than 100 levels").Or.Contain("cannot be read as YAML"));
    }

    [Test]
    public void AHundredLevelsAreReadAndWrittenAsJson()
    {
        var deep = new string('[', 95) + new string(']', 95);
        var config = ConfigText.ReadParams($"extra_body: {{deep: {deep}}}");
        Assert.That(config.Said(), Is.Empty);
        Assert.That(config.Config.ModelList[0].Params.ExtraBody.Single().Value, Is.EqualTo(deep));
    }

    [Test]
    public void AliasesCannotMultiplyWithoutBound()
    {
        var bomb = new StringBuilder("x-0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
        for (var i = 1; i < 12; i++)
            bomb.Append($"x-{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        var finding = ConfigText.Read(bomb.ToString()).Findings.Single();
        Assert.That((finding.Kind, finding.Message), Is.EqualTo((FindingKind.Fatal, "cannot be read as YAML: the aliases of the file stand for more than 10,000 values")));
    }

    [Test]
    public void AliasesCannotNestWithoutBound()
    {
        var yaml = new StringBuilder("x-0: &a0 [1]\n");
        for (var i = 1; i < 130; i++)
            yaml.Append($"x-{i}: &a{i} [*a{i - 1}]\n");
        Assert.That(ConfigText.Read(yaml.ToString()).Said(), Has.One.Contains("nests deeper than 100 levels").And.One.StartsWith("Fatal"));
    }

    [Test]
    public void AFileLargerThanTenMegabytesIsRefused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("c.yaml", new string('#', (10 << 20) + 1));
        Assert.That(ConfigReader.Load(path, ConfigText.NoVariables).Said().Single(), Does.Contain("is larger than 10 MB"));
    }

    [Test]
    public void AFileFullOfUnknownKeysTakesSecondsNotMinutes()
    {
        var yaml = new StringBuilder("general_settings:\n");
        for (var i = 0; i < 100_000; i++)
            yaml.Append($"  unknown_setting_{i}: {i}\n");
        var started = Stopwatch.GetTimestamp();
        var config = ConfigText.Read(yaml.ToString());
        Assert.That(config.Findings, Has.Length.EqualTo(FindingLog.MaxFindings));
        Assert.That(Stopwatch.GetElapsedTime(started), Is.LessThan(TimeSpan.FromSeconds(30)));
    }
}
