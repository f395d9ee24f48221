using System.CommandLine;
using Gateway.Ledger;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>gateway backup</c>: copies the database, also while a gateway serves on it, and checks the copy.</summary>
public static class BackupCommand
{
    public static Command Create(IReadOnlyDictionary<string, string> environment)
    {
        var file = new Argument<string>("FILE") { Description = "The copy; there must be no such file yet." };
        var database = new DatabaseOptions();
        var command = new Command("backup", "Copy the database, while the gateway runs or not, and check the copy.") { file };
        database.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = database.PathIn(parsed, environment);
            return DatabaseCommands.Run(path, parsed.InvocationConfiguration.Error, () =>
            {
                LedgerHead? head = null;
                DatabaseBackup.Make(Database.OpenExisting(path, readOnly: true), parsed.GetRequiredValue(file), copy =>
                {
                    var proof = LedgerProof.OfDatabase(copy);
                    head = proof.Head;
                    return proof.Broken;
                });
                parsed.InvocationConfiguration.Output.WriteLine(
                    $"{Path.GetFullPath(parsed.GetRequiredValue(file))}: {head!.Count} rows, head {head}");
                return 0;
            });
        });
        return command;
    }
}
