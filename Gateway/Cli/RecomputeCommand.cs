using System.CommandLine;
using System.Text.Json;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Ledger;
using Gateway.Pricing;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>gateway ledger recompute</c>: what would change, user by user, at the prices of another file. Writes nothing.</summary>
internal static class RecomputeCommand
{
    public static Command Create(IReadOnlyDictionary<string, string> environment, TimeProvider time)
    {
        var prices = new Option<string>("--prices")
        {
            Description = "Prices in LiteLLM's format (model_prices_and_context_window.json).",
            HelpName = "FILE",
            Required = true,
        };
        var since = TimeOption.Since(time, "From when on: a date in UTC (2026-11-23), or 90m, 24h, 7d, 4w.");
        since.Required = true;
        var until = TimeOption.Until(time);
        var database = new DatabaseOptions();
        var command = new Command("recompute", "Show per user what would change with another price file; nothing is written.")
        {
            prices, since, until,
        };
        database.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = database.PathIn(parsed, environment);
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            return DatabaseCommands.Run(path, error, () =>
            {
                var file = parsed.GetRequiredValue(prices);
                var opened = Database.OpenExisting(path, readOnly: true);
                var recomputation = new Recomputation(BookWith(file, error), AdjustmentsOf(database.ConfigIn(parsed), environment));
                foreach (var row in BookedUsage.Read(opened, new LedgerFilter(parsed.GetValue(since), parsed.GetValue(until))))
                    recomputation.Add(row);
                recomputation.WriteTo(output, Path.GetFileName(file));
                return 0;
            });
        });
        return command;
    }

    private static PriceBook BookWith(string file, TextWriter error)
    {
        try
        {
            var problems = new List<string>();
            var map = PriceMap.Read(File.ReadAllBytes(file), Path.GetFileName(file), problems);
            foreach (var problem in problems)
                error.WriteLine($"{file}: {problem}");
            return PriceBook.Embedded.With(map);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartException($"{file}: cannot be read as prices: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Discounts and margins of the config that the command line names; none without one.</summary>
    private static CostAdjustments AdjustmentsOf(string? config, IReadOnlyDictionary<string, string> environment)
    {
        if (config is null)
            return CostAdjustments.None;
        var loaded = ConfigReader.Load(ConfigPath.Find(config, environment)!, environment);
        return loaded.Findings.FirstOrDefault(finding => finding.Kind == FindingKind.Fatal) is { } fatal
            ? throw new StartException($"{fatal}")
            : CostAdjustments.Read(loaded.Config.LiteLlm, []);
    }
}
