using System.CommandLine;
using Gateway.Cli;

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

    private static ParseResult Parse(params string[] arguments) => new ServeCommand().Create(new Dictionary<string, string>()).Parse(arguments);
}
