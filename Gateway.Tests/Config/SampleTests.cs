using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;
using Gateway.Tests.Catalog;

namespace Gateway.Tests.Config;

public sealed class SampleTests
{
    private static IEnumerable<string> Files() =>
        Directory.EnumerateFiles(Path.Combine(Root(), "samples"), "*.yaml", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) != "models.yaml" || !path.Contains("include"))
            .Append(Path.Combine(Root(), "config.yaml"))
            .Select(path => Path.GetRelativePath(Root(), path));

    [TestCaseSource(nameof(Files))]
    public void EverySampleLoadsWithoutAFinding(string name)
    {
        var config = ConfigReader.Load(Path.Combine(Root(), name), ConfigText.NoVariables);
        Assert.That(config.Findings.Where(finding => finding.Kind != FindingKind.MissingVariable), Is.Empty);
        Assert.That(config.Config.ModelList, Is.Not.Empty);
    }

    [TestCaseSource(nameof(Files))]
    public void TheModelsOfEverySampleCanBeCalled(string name)
    {
        var loaded = ConfigReader.Load(Path.Combine(Root(), name), ConfigText.NoVariables);
        var findings = new List<ConfigFinding>();
        ModelCatalog.Build(loaded.Config, loaded.Environment, PriceBook.Embedded, CatalogFixture.Now, findings);
        Assert.That(findings.Where(finding => finding.Kind != FindingKind.MissingVariable), Is.Empty);
    }

    [Test]
    public void TheReferenceConfigNeedsNoVariableAndNoKey()
    {
        var config = ConfigReader.Load(Path.Combine(Root(), "config.yaml"), ConfigText.NoVariables);
        Assert.That(config.Findings, Is.Empty);
        Assert.That(config.Config.RequiresKeys, Is.False);
    }

    [Test]
    public void TheReferenceConfigShowsEverySettingThatIsRead()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "config.yaml"));
        var missing = SettingNames.All
            .SelectMany(section => section.Names.Select(name => (section.Section.Name, Key: name)))
            .Where(setting => !Regex.IsMatch(text, $@"(?<![\w]){Regex.Escape(setting.Key)}(?![\w])"));
        Assert.That(missing, Is.Empty);
    }

    [Test]
    public void SettingNamesAreFoundInEverySection() =>
        Assert.That(SettingNames.All.Where(section => section.Names.Count < 2).Select(section => section.Section.Name), Is.Empty);

    [Test]
    public void TheExampleOfTwoTeamsMeansWhatItSays()
    {
        var config = ConfigReader.Load(Path.Combine(Root(), "samples", "two-teams.yaml"), ConfigText.NoVariables).Config;
        Assert.That(config.ModelList.Select(d => $"{d.ModelName}={d.Params.Model}"), Is.EqualTo(new[] { "gpt-4=openai/gpt-4", "claude-2=anthropic/claude-2" }));
        Assert.That(config.Router.RoutingStrategy, Is.EqualTo("usage-based"));
        Assert.That(config.UserAccess.Select(u => $"{u.UserId} {string.Join(',', u.Models)} {u.MaxBudget} {u.ApiKeys.Length}"),
            Is.EqualTo(new[] { "team-alpha gpt-4,claude-2 500 0", "team-beta gpt-4 200 0" }));
        Assert.That(config.RequiresKeys, Is.True);
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
