using System.CommandLine;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>gateway version</c>: this build, and the SQLite within it.</summary>
public static class VersionCommand
{
    public static Command Create()
    {
        var command = new Command("version", "Print the versions of the gateway and of the SQLite within it.");
        command.SetAction(_ => Console.WriteLine($"gateway {GatewayVersion.Text} (SQLite {Database.SqliteVersion})"));
        return command;
    }
}
