using System.CommandLine;
using Gateway.Cli;
using Gateway.Config;

namespace Gateway.Tests.Cli;

/// <summary>The command line of <c>gateway serve</c>.</summary>
public sealed class ServeCommandTests
{
    [TestCase("99999")]
    [TestCase("-1")]
    [TestCase("http")]
    [TestCase("4000 ")]
    public void APortThatIsNoneIsRefusedInWordsForPeople(string port) =>
        Assert.That(Parse("--port", port).Errors.Select(error => error.Message),
            Is.EqualTo(new[] { $"--port: '{port}' is not a port number, 0 to 65535." }));

    [TestCase("--port", "0")]
    [TestCase("-p", "65535")]
    public void APortIsTaken(string option, string port) => Assert.That(Parse(option, port).Errors, Is.Empty);

    [TestCase("", "", "127.0.0.1:4000")]
    [TestCase("", "HOST=", "127.0.0.1:4000")]
    [TestCase("", "HOST= ", "127.0.0.1:4000")]
    [TestCase("", "PORT=", "127.0.0.1:4000")]
    [TestCase("", "HOST=0.0.0.0;PORT=80", "0.0.0.0:80")]
    [TestCase("--host ::1 --port 5", "HOST=0.0.0.0;PORT=80", "::1:5")]
    [TestCase("--host  --port ", "HOST=0.0.0.0;PORT=80", "127.0.0.1:4000")]
    [TestCase("--port 5", "PORT=http", "127.0.0.1:5")]
    public void WhereItListensIsSaidByTheOptionThenByTheVariable(string options, string variables, string listens)
    {
        var made = OptionsOf(options, variables);
        Assert.That($"{made.Host}:{made.Port}", Is.EqualTo(listens));
    }

    [Test]
    public void AVariableThatIsNoPortIsRefused() =>
        Assert.That(() => OptionsOf("", "PORT=http"), Throws.TypeOf<StartException>().With.Message.Contains("PORT"));

    [TestCase("--ssl-certfile a.pem")]
    [TestCase("--ssl-keyfile a.pem")]
    public void ACertificateNeedsItsKeyAndAKeyItsCertificate(string options) =>
        Assert.That(() => OptionsOf(options, ""), Throws.TypeOf<StartException>().With.Message.Contains("go together"));

    private static GatewayOptions OptionsOf(string options, string variables)
    {
        var serve = new ServeCommand();
        var environment = variables.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('='))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        var parsed = serve.Create(environment).Parse(options.Length == 0 ? [] : options.Split(' '));
        Assert.That(parsed.Errors, Is.Empty);
        return serve.OptionsOf(parsed, LoadedConfig.Of(new GatewayConfig(), environment), configPath: null);
    }

    private static ParseResult Parse(params string[] arguments) => new ServeCommand().Create(new Dictionary<string, string>()).Parse(arguments);
}
