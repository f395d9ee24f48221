using Gateway.Cli;
using Gateway.Tests.Config;

namespace Gateway.Tests.Cli;

public sealed class ConfigPathTests
{
    private readonly TemporaryFolder _folder = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void TheOptionWinsOverTheVariable()
    {
        var (option, variable) = (_folder.Write("a.yaml", ""), _folder.Write("b.yaml", ""));
        Assert.That(ConfigPath.Find(option, Variable(variable)), Is.EqualTo(option));
        Assert.That(ConfigPath.Find(null, Variable(variable)), Is.EqualTo(variable));
    }

    [Test]
    public void AnEmptyVariableIsNone() =>
        Assert.That(ConfigPath.Find(null, Variable("")), Is.EqualTo(ConfigPath.Find(null, ConfigText.NoVariables)));

    [Test]
    public void AFileThatIsNamedMustExist()
    {
        var absent = Path.Combine(_folder.Path, ConfigPath.Default);
        Assert.That(() => ConfigPath.Find(absent, ConfigText.NoVariables), Throws.TypeOf<StartException>().With.Message.Contains("named by --config"));
        Assert.That(() => ConfigPath.Find(null, Variable(absent)), Throws.TypeOf<StartException>().With.Message.Contains("CONFIG_FILE_PATH"));
        Assert.That(() => ConfigPath.Find("", ConfigText.NoVariables), Throws.TypeOf<StartException>());
    }

    private static Dictionary<string, string> Variable(string path) => new() { ["CONFIG_FILE_PATH"] = path };
}
