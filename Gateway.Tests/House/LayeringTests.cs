using System.Text.RegularExpressions;

namespace Gateway.Tests.House;

/// <summary>Who may know whom. The pipeline is the only place where the verbs meet; the vocabulary at the root knows nobody.</summary>
public sealed partial class LayeringTests
{
    // A folder and the folders that it may use. Everybody may use the vocabulary at the root.
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        // the leaves
        ["Config"] = [],
        ["Dialects"] = [],
        ["Pricing"] = [],
        ["Storage"] = [],
        ["Telemetry"] = [],
        // the config, again
        ["Reload"] = ["Config"],
        // what can be called
        ["Catalog"] = ["Config", "Dialects", "Pricing"],
        // the verbs: siblings, never one another
        ["Keys"] = ["Storage"],
        ["Limits"] = ["Storage"],
        ["Ledger"] = ["Storage"],
        ["Decisions"] = ["Config", "Storage"],
        ["Routing"] = ["Catalog", "Config"],
        ["Upstream"] = ["Catalog", "Config", "Dialects", "Pricing"],
        // where they meet
        ["Pipeline"] = ["Keys", "Limits", "Routing", "Upstream", "Ledger", "Decisions", "Catalog", "Config", "Dialects", "Pricing", "Telemetry"],
        ["Alerts"] = ["Limits", "Config"],
        // what people touch
        ["Api"] = ["Pipeline", "Reload", "Catalog", "Config", "Pricing", "Keys", "Limits", "Ledger", "Decisions", "Dialects"],
        ["Cli"] = ["Config", "Reload", "Catalog", "Dialects", "Pricing", "Keys", "Ledger", "Decisions", "Storage", "Telemetry"],
    };

    // The files at the root that are not vocabulary: they put everything together.
    private static readonly string[] Composition = ["Program.cs", "GatewayApp.cs", "GatewayOptions.cs", "GatewayWeb.cs", "LiveConfig.cs", "MetricSetup.cs",
        "LimitLoading.cs", "LimitedAccount.cs", "AccountSums.cs", "LimitChange.cs", "RetentionCut.cs"];

    private static readonly string[] Forbidden = ["Utils", "Common", "Helpers", "Services", "Models", "Handlers", "Extensions", "Interfaces"];

    [Test]
    public void FoldersUseOnlyWhatTheyMay() =>
        Assert.That(Repository.Sources().SelectMany(file => Trespasses(file.Path, file.Text)), Is.Empty);

    [Test]
    public void NamespacesAreFolders() =>
        Assert.That(Repository.Sources().Where(file => !HasItsNamespace(file.Path, file.Text)).Select(file => file.Path), Is.Empty);

    [Test]
    public void NoFolderIsADrawerForAnything() =>
        Assert.That(Repository.Sources().Where(file => file.Path.Split('/').Intersect(Forbidden).Any()), Is.Empty);

    [TestCase("Keys/KeyRing.cs", "using Gateway.Limits;\n", "Limits")]
    [TestCase("Keys/KeyRing.cs", "using static Gateway.Limits.Limiter;\n", "Limits")]
    [TestCase("Keys/KeyRing.cs", "using Full = Gateway.Limits.Limiter;\n", "Limits")]
    [TestCase("Dialects/Hub/Message.cs", "class A { Gateway.Config.Secret S; }", "Config")]
    [TestCase("Usage.cs", "using Gateway.Pricing;\n", "Pricing")]
    [TestCase("New/Thing.cs", "class A;", "New")]
    public void ATrespassIsSeen(string path, string text, string named) =>
        Assert.That(Trespasses(path, text), Has.Exactly(1).Contains(named));

    [TestCase("Keys/KeyStore.cs", "using Gateway.Storage;\n")]
    [TestCase("Dialects/OpenAi/Reader.cs", "using Gateway.Dialects.Hub;\n")]
    [TestCase("Program.cs", "using Gateway.Cli;\n")]
    [TestCase("Config/Secret.cs", "// Gateway.Limits says more\n/// <summary>Gateway.Keys</summary>\n")]
    public void WhatIsAllowedIsNotATrespass(string path, string text) => Assert.That(Trespasses(path, text), Is.Empty);

    [TestCase("Keys/KeyRing.cs", "namespace Gateway.Keys;", true)]
    [TestCase("Dialects/Hub/Message.cs", "namespace Gateway.Dialects.Hub;", true)]
    [TestCase("Keys/KeyRing.cs", "namespace Gateway.Limits;", false)]
    [TestCase("Keys/KeyRing.cs", "class Homeless;", false)]
    [TestCase("Usage.cs", "namespace Gateway;", true)]
    [TestCase("Program.cs", "return 0;", true)]
    public void ANamespaceIsComparedWithItsFolder(string path, string text, bool fits) =>
        Assert.That(HasItsNamespace(path, text), Is.EqualTo(fits));

    private static IEnumerable<string> Trespasses(string path, string text)
    {
        if (Composition.Contains(path))
            yield break;
        var folder = path.Contains('/') ? path[..path.IndexOf('/')] : "";
        string[]? allowed = [];
        if (folder.Length > 0 && !MayUse.TryGetValue(folder, out allowed))
        {
            yield return $"{path}: folder {folder} is not in the table of layers";
            yield break;
        }
        foreach (var used in Mentions().Matches(Comment().Replace(text, "")).Select(m => m.Groups[1].Value).Distinct())
        {
            if (used != folder && MayUse.ContainsKey(used) && !allowed!.Contains(used))
                yield return $"{path}: may not use {used}";
        }
    }

    private static bool HasItsNamespace(string path, string text)
    {
        if (path == "Program.cs")
            return true;
        var folder = path.Contains('/') ? path[..path.LastIndexOf('/')].Replace('/', '.') : "";
        var expected = folder.Length == 0 ? "Gateway" : "Gateway." + folder;
        return text.Split('\n').Any(line => line.TrimEnd() == $"namespace {expected};")
            || (!text.Contains("\nnamespace ") && IsAssemblyLevel(text));
    }

    // A file of attributes alone ([module: DapperAot]) has no namespace.
    private static bool IsAssemblyLevel(string text) => text.Contains("[module:") || text.Contains("[assembly:");

    [GeneratedRegex(@"(?<!namespace )\bGateway\.([A-Z]\w*)")]
    private static partial Regex Mentions();

    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
