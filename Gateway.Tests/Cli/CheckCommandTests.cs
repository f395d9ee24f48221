using System.CommandLine;
using System.Text.Json;
using Gateway.Cli;
using Gateway.Config;
using Gateway.Tests.Config;

namespace Gateway.Tests.Cli;

public sealed class CheckCommandTests
{
    private const string Clean = "model_list: [{model_name: m, litellm_params: {model: mock/m}}]\n";
    private const string WithFinding = Clean + "general_settings: {database_url: x}\n";
    private const string WithMissingVariable = "model_list: [{model_name: m, litellm_params: {model: mock/m, api_key: os.environ/NO}}]\n";
    private const string Fatal = Clean + "router_settings: {routing_strategy: random}\n";

    private readonly TemporaryFolder _folder = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [TestCase(Clean, "", 0)]
    [TestCase(Clean, "--strict=env", 0)]
    [TestCase(WithFinding, "", 0)]
    [TestCase(WithFinding, "--strict", 1)]
    [TestCase(WithFinding, "--strict=env", 1)]
    [TestCase(WithMissingVariable, "--strict", 0)]
    [TestCase(WithMissingVariable, "--strict=env", 1)]
    [TestCase(WithMissingVariable, "--strict env --format json", 1)]
    [TestCase(Fatal, "", 2)]
    [TestCase(Fatal, "--strict", 2)]
    public void TheExitCodeSaysWhetherTheGatewayWouldStart(string yaml, string options, int exitCode) =>
        Assert.That(Invoke($"-c {_folder.Write("config.yaml", yaml)} {options}").ExitCode, Is.EqualTo(exitCode));

    [Test]
    public void FindingsAreLinesAndASummaryCountsThem()
    {
        var path = _folder.Write("config.yaml", WithFinding);
        Assert.That(Invoke($"--config {path}").Output.ReplaceLineEndings("\n"), Is.EqualTo(
            $"{path}:2: general_settings.database_url: has no effect: keys, budgets and spend are kept in SQLite, there is no database server\n"
            + $"{path}: would start; 1 deployment, 0 users; findings: 1 ignored\n"));
    }

    [Test]
    public void JsonHoldsTheSame()
    {
        using var json = JsonDocument.Parse(Invoke($"-c {_folder.Write("config.yaml", Fatal)} --format json").Output);
        Assert.That(json.RootElement.GetProperty("would_start").GetBoolean(), Is.False);
        Assert.That(json.RootElement.GetProperty("exit_code").GetInt32(), Is.EqualTo(2));
        var finding = json.RootElement.GetProperty("findings").EnumerateArray().Single();
        Assert.That((finding.GetProperty("kind").GetString(), finding.GetProperty("line").GetInt32(), finding.GetProperty("path").GetString()),
            Is.EqualTo(("fatal", 2, "router_settings.routing_strategy")));
    }

    [Test]
    public void AFileThatDoesNotExistWouldNotStart()
    {
        var (exitCode, output) = Invoke($"-c {Path.Combine(_folder.Path, "no.yaml")}");
        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(output, Does.StartWith("gateway: ").And.Contain("no.yaml' named by --config does not exist."));
    }

    [Test]
    public void AFileOfTheUsualNameMustExistWhenItIsNamed() => Assert.That(Invoke("-c ./no/config.yaml").ExitCode, Is.EqualTo(2));

    [Test]
    public void AnEmptyNameIsAnError() => Assert.That(Invoke("-c \"\""), Is.EqualTo((2, "gateway: --config needs the name of a file; leave it out for ./config.yaml." + Environment.NewLine)));

    [Test]
    public void TheFileMayBeNamedByItsVariable()
    {
        var path = _folder.Write("other.yaml", Clean);
        Assert.That(Invoke("", new Dictionary<string, string> { ["CONFIG_FILE_PATH"] = path }).Output, Does.StartWith($"{path}: would start"));
    }

    [Test]
    public void FindingsOfTheCatalogAreAddedWhenTheConfigCanBeRead()
    {
        static IEnumerable<ConfigFinding> Further(LoadedConfig config) =>
            [new(FindingKind.Approximated, "config.yaml", 1, "model_list[0]", $"{config.Config.ModelList.Length} is enough")];

        var good = Invoke($"-c {_folder.Write("config.yaml", Clean)} --strict", further: Further);
        Assert.That((good.ExitCode, good.Output.Contains("1 is enough")), Is.EqualTo((1, true)));
        var bad = Invoke($"-c {_folder.Write("config.yaml", Fatal)}", further: Further);
        Assert.That((bad.ExitCode, bad.Output.Contains("is enough")), Is.EqualTo((2, false)));
    }

    [Test]
    public void AnUnknownFormatIsAnError() => Assert.That(Invoke($"-c {_folder.Write("config.yaml", Clean)} --format xml").ExitCode, Is.Not.Zero);

    private static (int ExitCode, string Output) Invoke(
        string options, IReadOnlyDictionary<string, string>? environment = null, CheckCommand.FurtherFindings? further = null)
    {
        var output = new StringWriter();
        var command = CheckCommand.Create(environment ?? ConfigText.NoVariables, further);
        var exitCode = command.Parse(options).Invoke(new InvocationConfiguration { Output = output, Error = output });
        return (exitCode, output.ToString());
    }
}
