using System.CommandLine;
using System.CommandLine.Parsing;
using Gateway.Ledger;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>gateway ledger verify|export|settle</c>: checks the rows of what was spent, prints or corrects them.</summary>
public static class LedgerCommand
{
    /// <summary>As much as any request can cost (ModelPrice).</summary>
    private const decimal MostUsd = 1_000_000_000;

    public static Command Create(IReadOnlyDictionary<string, string> environment, TimeProvider time) =>
        new("ledger", "Check, print, recompute or correct the rows of what was spent.")
        {
            CreateVerify(environment),
            CreateExport(environment, time),
            RecomputeCommand.Create(environment, time),
            CreateSettle(environment, time),
        };

    private static Command CreateVerify(IReadOnlyDictionary<string, string> environment)
    {
        var expect = new Option<LedgerHead?>("--expect")
        {
            Description = "An earlier head, as the log or an earlier check said it; it must lie on the chain.",
            HelpName = "COUNT:HASH",
            CustomParser = ReadHead,
        };
        var database = new DatabaseOptions();
        var command = new Command("verify", "Check that no row was changed, removed or put in, and that balances are sums.") { expect };
        database.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = database.PathIn(parsed, environment);
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            return DatabaseCommands.Run(path, error, () =>
                Say(LedgerProof.Of(Database.OpenExisting(path, readOnly: true), parsed.GetValue(expect)), parsed.GetValue(expect), output, error));
        });
        return command;
    }

    private static int Say(LedgerProof proof, LedgerHead? expected, TextWriter output, TextWriter error)
    {
        if (proof.Broken is { } broken)
        {
            error.WriteLine($"gateway ledger verify: {broken} The chain holds for {proof.Head.Count} rows, to {proof.Head}.");
            return 1;
        }
        output.WriteLine($"The ledger holds: {proof.Head.Count} rows, head {proof.Head}");
        if (proof.IsExpectedFound != false)
            return 0;
        error.WriteLine($"gateway ledger verify: the head {expected!.Hash} does not lie on the chain"
            + (expected.Count >= 0 ? $" after {expected.Count} rows; the ledger is not the one of which it was said." : "."));
        return 1;
    }

    private static Command CreateExport(IReadOnlyDictionary<string, string> environment, TimeProvider time)
    {
        var format = new Option<string>("--format") { Description = "How rows are printed.", DefaultValueFactory = _ => "csv" };
        format.AcceptOnlyFromAmong("csv", "jsonl");
        var since = TimeOption.Since(time, "Leave out what is older: a date in UTC (2026-11-23), or 90m, 24h, 7d, 4w. Default: nothing.");
        var until = TimeOption.Until(time);
        var user = new Option<string?>("--user") { Description = "Only the rows of this user_id.", HelpName = "USER" };
        var database = new DatabaseOptions();
        var command = new Command("export", "Print rows, one per line, with all that is known of each.") { format, since, until, user };
        database.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = database.PathIn(parsed, environment);
            return DatabaseCommands.Run(path, parsed.InvocationConfiguration.Error, () =>
            {
                var filter = new LedgerFilter(parsed.GetValue(since), parsed.GetValue(until), parsed.GetValue(user));
                var opened = Database.OpenExisting(path, readOnly: true);
                if (parsed.GetRequiredValue(format) == "csv")
                    LedgerExport.WriteCsv(opened, filter, parsed.InvocationConfiguration.Output);
                else
                    LedgerExport.WriteJsonLines(opened, filter, parsed.InvocationConfiguration.Output);
                return 0;
            });
        });
        return command;
    }

    private static Command CreateSettle(IReadOnlyDictionary<string, string> environment, TimeProvider time)
    {
        var id = new Argument<long>("ID") { Description = "The id of an estimated or recovered row, as export prints it." };
        var amount = new Argument<decimal>("AMOUNT") { Description = "What the attempt did cost, in USD: 0.0125." };
        var database = new DatabaseOptions();
        var command = new Command("settle", "Say what an attempt did cost; it is a row of its own, and a running gateway follows.") { id, amount };
        database.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = database.PathIn(parsed, environment);
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            return DatabaseCommands.Run(path, error, () =>
            {
                if (parsed.GetValue(amount) is not (>= 0 and <= MostUsd and var usd))
                {
                    error.WriteLine($"gateway ledger settle: AMOUNT must be 0 to {MostUsd} USD.");
                    return 1;
                }
                var clerk = new LedgerClerk(Database.OpenExisting(path, readOnly: false), time);
                if (clerk.Settle(parsed.GetValue(id), NanoUsd.FromUsd(usd), out var difference) is { } refusal)
                {
                    error.WriteLine($"gateway ledger settle: {refusal}");
                    return 1;
                }
                output.WriteLine($"Row {parsed.GetValue(id)} is booked at {NanoUsd.FromUsd(usd)} USD; the correction is {difference} USD.");
                return 0;
            });
        });
        return command;
    }

    private static LedgerHead? ReadHead(ArgumentResult argument)
    {
        if (LedgerHead.TryParse(argument.Tokens[0].Value, out var head))
            return head;
        argument.AddError("--expect must be a head as the log says it: COUNT:HASH, or HASH alone, of 64 hexadecimal digits.");
        return null;
    }
}
