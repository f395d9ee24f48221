using System.CommandLine;
using System.Text.Json;
using Gateway.Decisions;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Cli;

/// <summary><c>gateway explain</c>: how a request was decided. Reads only, so it works beside a running gateway.</summary>
public static class ExplainCommand
{
    /// <summary>The command with its arguments.</summary>
    public static Command Create(IReadOnlyDictionary<string, string> environment)
    {
        var id = new Argument<string>("ID") { Description = "What the header x-gateway-decision of the answer says." };
        var json = new Option<bool>("--json") { Description = "Print what is kept, as JSON." };
        var database = new DatabaseOptions();
        var command = new Command("explain", "Show how a request was decided: checks, choices, attempts, price.") { id, json };
        database.AddTo(command);
        command.SetAction(parsed => Run(
            database.PathIn(parsed, environment),
            parsed.GetRequiredValue(id),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Prints the decision; an error is one line.</summary>
    /// <returns>The exit code: 0, or 1 when there is none or it cannot be read.</returns>
    internal static int Run(string databasePath, string id, bool asJson, TextWriter output, TextWriter error)
    {
        try
        {
            var known = Guid.TryParseExact(id.Trim(), "N", out var guid);
            if (!known || DecisionLog.Find(Database.OpenExisting(databasePath, readOnly: true), guid.ToString("N")) is not { } decision)
            {
                error.WriteLine(known
                    ? $"gateway explain: {databasePath} has no decision {guid:N}; they are kept for general_settings.decision_retention."
                    : "gateway explain: ID must be the 32 hexadecimal digits of an answer's header x-gateway-decision.");
                return 1;
            }
            if (asJson)
            {
                output.WriteLine(decision.Document);
                return 0;
            }
            using var document = JsonDocument.Parse(decision.Document);
            foreach (var line in DecisionWords.Of(document.RootElement))
                output.WriteLine(line);
            return 0;
        }
        catch (StorageException e)
        {
            error.WriteLine(e.Message);
            return 1;
        }
        catch (SqliteException e)
        {
            error.WriteLine($"{databasePath}: {Database.Explain(e)}");
            return 1;
        }
    }
}
