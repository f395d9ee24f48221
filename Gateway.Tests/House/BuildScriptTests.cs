using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace Gateway.Tests.House;

/// <summary><c>build.ps1</c> cannot be run everywhere, so it is a thin list of commands that <c>.ci/run</c> runs too.</summary>
public sealed partial class BuildScriptTests
{
    private static readonly string Script = File.ReadAllText(Path.Combine(Repository.Root, "build.ps1"));
    private static readonly string CiRun = File.ReadAllText(Path.Combine(Repository.Root, ".ci", "run"));

    [Test]
    public void TheScriptIsPowerShell()
    {
        Parser.ParseInput(Script, out _, out var errors);

        Assert.That(errors.Select(error => error.ToString()), Is.Empty);
    }

    [Test]
    public void TheParserSeesAMistake()
    {
        Parser.ParseInput(Script + "\nif (", out _, out var errors);

        Assert.That(errors, Is.Not.Empty);
    }

    [Test]
    public void ItsCommandsAreThoseOfTheContinuousIntegration()
    {
        var commands = Commands(Script);

        Assert.That(commands.Select(command => command.Split(' ')[1]), Is.EqualTo(new[] { "format", "build", "test", "publish" }));
        Assert.That(Lines(CiRun), Is.EqualTo(commands));
    }

    [TestCase("win-x64")]
    [TestCase("linux-x64")]
    [TestCase("linux-arm64")]
    [TestCase("osx-arm64")]
    public void EveryRuntimeCanBeAskedFor(string runtime)
    {
        var parameters = Parser.ParseInput(Script, out _, out _).ParamBlock.Parameters;
        var allowed = parameters.Single(p => p.Name.VariablePath.UserPath == "Runtime").Attributes.OfType<AttributeAst>()
            .Single(a => a.TypeName.Name == "ValidateSet").PositionalArguments.Select(a => a.SafeGetValue());

        Assert.That(allowed, Does.Contain(runtime));
    }

    [Test]
    public void CommandsAreFoundInsideBlocksToo() =>
        Assert.That(Commands("if ($true) { dotnet test }\n# dotnet build\n'dotnet run'"), Is.EqualTo(new[] { "dotnet test" }));

    private static string[] Commands(string script) =>
    [
        .. Parser.ParseInput(script, out _, out _).FindAll(node => node is CommandAst, searchNestedScriptBlocks: true)
            .Cast<CommandAst>().Where(command => command.GetCommandName() == "dotnet").Select(command => Normal(command.Extent.Text)),
    ];

    // Lines of the shell script that are such a command; restoring apart, which dotnet does by itself.
    private static string[] Lines(string script) => [.. DotNetLine().Matches(script).Select(match => Normal(match.Groups[1].Value))];

    // Variables are upper case in one shell and lower case in the other.
    private static string Normal(string command) => command.Trim().Replace("$Runtime", "$runtime");

    [GeneratedRegex(@"^\s*(dotnet .*)$", RegexOptions.Multiline)]
    private static partial Regex DotNetLine();
}
