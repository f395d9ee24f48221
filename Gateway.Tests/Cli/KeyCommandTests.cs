using System.CommandLine;
using Gateway.Cli;
using Gateway.Keys;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Cli;

public sealed class KeyCommandTests
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void KeysAreListedByUserAndNeverShown()
    {
        var key = Minted("alice");
        var (code, output, error) = Run("list");
        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(output, Is.EqualTo($"""
            user   key         created            revoked
            alice  sk-...{key[^4..]}  2026-11-23 12:00Z  -

            """.ReplaceLineEndings()));
    }

    [Test]
    public void RotatingPrintsTheNewKeyAloneAndRevokesTheOld()
    {
        var old = Minted("alice");
        var (code, output, _) = Run("rotate", "alice");
        var renewed = output.TrimEnd();
        Assert.That(code, Is.Zero);
        Assert.That(renewed, Does.Match("^sk-[A-Za-z0-9_-]{22}$").And.Not.EqualTo(old));
        using var store = Store();
        var valid = store.List().Where(key => key.RevokedAt is null);
        Assert.That(valid.Select(key => key.Hint), Is.EqualTo(new[] { "sk-..." + renewed[^4..] }));
    }

    [Test]
    public void RevokingTakesTheKeyAway()
    {
        Minted("alice");
        Assert.That(Run("revoke", "alice").Output, Does.Contain("is revoked"));
        Assert.That(Run("revoke", "alice").Output, Does.Contain("nothing changed"));
        using var store = Store();
        Assert.That(store.List().Single().RevokedAt, Is.EqualTo(_time.GetUtcNow()));
    }

    [Test]
    public void MintingGivesANewUserAKeyAndLeavesOneWhoHasOneAlone()
    {
        Minted("bob");
        var (code, output, _) = Run("mint", "alice");
        Assert.That(code, Is.Zero);
        Assert.That(output.TrimEnd(), Does.Match("^sk-[A-Za-z0-9_-]{22}$"));
        var again = Run("mint", "alice");
        Assert.That((again.Code, again.Output), Is.EqualTo((1, "")));
        Assert.That(again.Error, Does.Contain("gateway key rotate alice"));
        using var store = Store();
        Assert.That(store.List().Count(key => key.UserId == "alice"), Is.EqualTo(1));
    }

    [TestCase("rotate")]
    [TestCase("revoke")]
    public void AnUnknownUserIsAnErrorThatNamesTheKnown(string verb)
    {
        Minted("alice");
        Minted("bob");
        var (code, output, error) = Run(verb, "carol");
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error, Does.StartWith("No key was minted for 'carol'; there are keys for alice, bob."));
        Assert.That(error.TrimEnd(), Does.Not.Contain('\n'));
    }

    [Test]
    public void WithoutADatabaseTheErrorSaysWhereItWasLookedFor()
    {
        var (code, _, error) = Run("list");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(error, Does.StartWith(_folder.File("gateway.db") + ": there is no such database"));
    }

    [Test]
    public void TheDatabaseLiesBesideTheConfig()
    {
        Minted("alice");
        var output = new StringWriter();
        Dictionary<string, string> none = [], variable = new() { ["CONFIG_FILE_PATH"] = _folder.File("config.yaml") };
        var configuration = new InvocationConfiguration { Output = output, Error = output };
        Assert.That(KeyCommand.Create(none, _time).Parse(["list", "-c", _folder.File("config.yaml")]).Invoke(configuration), Is.Zero);
        Assert.That(KeyCommand.Create(variable, _time).Parse(["list"]).Invoke(configuration), Is.Zero);
        Assert.That(output.ToString().Split("alice"), Has.Length.EqualTo(3));
    }

    private string Minted(string user)
    {
        using var store = Store();
        return store.MintFirst([user])[0].Key;
    }

    private KeyStore Store() => new(_folder.OpenDatabase(), _time);

    private (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var command = KeyCommand.Create(new Dictionary<string, string>(), _time);
        var code = command.Parse([.. arguments, "--db", _folder.File("gateway.db")])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
