using Gateway.Cli;

namespace Gateway.Tests.Cli;

public sealed class OpenSslCheckTests
{
    [TestCase("libssl.so.3")]
    [TestCase("libssl.so.1.1")]
    public void AnyVersionThatDotNetTakesWillDo(string installed) =>
        Assert.That(OpenSslCheck.Missing(null, name => name == installed), Is.Null);

    [Test]
    public void WithoutOpenSslOneLineNamesThePackages()
    {
        var line = OpenSslCheck.Missing(null, _ => false);

        Assert.That(line, Does.Contain("libssl3").And.Contain("openssl-libs"));
        Assert.That(line, Does.Not.Contain("\n"));
    }

    [Test]
    public void AnOverrideIsTriedFirstAndIsNoObstacleWhenItFails()
    {
        var tried = new List<string>();
        bool Loads(string name)
        {
            tried.Add(name);
            return name == "libssl.so.3";
        }

        Assert.That(OpenSslCheck.Missing("none-such", Loads), Is.Null);
        Assert.That(tried, Is.EqualTo(new[] { "libssl.so.none-such", "libssl.so.3" }));
    }

    [Test]
    public void ThisMachineHasIt() => Assert.That(OpenSslCheck.Missing(), Is.Null);
}
