using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gateway.Ledger;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary>
/// <c>gateway spend</c>: what was spent, by user, team, key, model, tag, end user, provider or day, and <c>gateway spend reset</c>.
/// </summary>
public static class SpendCommand
{
    /// <summary>How the report is printed.</summary>
    internal enum Format { Table, Json, Csv }

    /// <summary>Enough to tell a few thousand keys apart.</summary>
    private const int ShortHashLength = 12;

    private static readonly TimeSpan DefaultSince = TimeSpan.FromDays(7);

    public static Command Create(IReadOnlyDictionary<string, string> environment, TimeProvider time)
    {
        var by = new Option<string>("--by") { Description = "What a line stands for.", DefaultValueFactory = _ => "user" };
        by.AcceptOnlyFromAmong([.. Enum.GetValues<SpendGrouping>().Select(NameOf)]);
        var since = TimeOption.Since(time, "How far back: 90m, 24h, 7d, 4w, or a date in UTC (2026-11-23). Default: 7d.");
        var until = TimeOption.Until(time);
        var format = new Option<string>("--format") { Description = "How it is printed.", DefaultValueFactory = _ => "table" };
        format.AcceptOnlyFromAmong("table", "json", "csv");
        var json = new Option<bool>("--json") { Description = "The same as --format json." };
        var csv = new Option<bool>("--csv") { Description = "The same as --format csv." };
        var database = new DatabaseOptions();

        var command = new Command("spend", "Show what was spent, by user, team, key, model, tag, end user, provider or day.")
        {
            by, since, until, format, json, csv, CreateReset(environment, time),
        };
        database.AddTo(command);
        command.SetAction(parsed => Run(
            database.PathIn(parsed, environment),
            Enum.GetValues<SpendGrouping>().Single(grouping => NameOf(grouping) == parsed.GetRequiredValue(by)),
            parsed.GetValue(since) ?? time.GetUtcNow() - DefaultSince,
            parsed.GetValue(until),
            parsed.GetValue(json) ? Format.Json
                : parsed.GetValue(csv) ? Format.Csv
                : Enum.Parse<Format>(parsed.GetRequiredValue(format), ignoreCase: true),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Prints the report; an error is one line.</summary>
    /// <returns>The exit code: 0, or 1 when there was an error.</returns>
    internal static int Run(
        string databasePath, SpendGrouping by, DateTimeOffset since, DateTimeOffset? until, Format format, TextWriter output,
        TextWriter error) =>
        DatabaseCommands.Run(databasePath, error, () =>
        {
            var lines = SpendReport.Read(Database.OpenExisting(databasePath, readOnly: true), by, since, until);
            var head = NameOf(by);
            switch (format)
            {
                case Format.Json:
                    WriteJson(head, by, lines, output);
                    break;
                case Format.Csv:
                    WriteCsv(head, by, lines, output);
                    break;
                default:
                    WriteTable(head, by, lines, output);
                    break;
            }

            return 0;
        });

    private static Command CreateReset(IReadOnlyDictionary<string, string> environment, TimeProvider time)
    {
        var user = new Argument<string>("USER") { Description = "The user_id of user_access." };
        var database = new DatabaseOptions();
        var command = new Command("reset", "Let a user start from zero; it is a row of the ledger, and a running gateway follows.") { user };
        database.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = database.PathIn(parsed, environment);
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            return DatabaseCommands.Run(path, error, () =>
            {
                var clerk = new LedgerClerk(Database.OpenExisting(path, readOnly: false), time);
                if (clerk.Reset(parsed.GetRequiredValue(user), out var amount) is { } refusal)
                {
                    error.WriteLine($"gateway spend reset: {refusal}");
                    return 1;
                }
                output.WriteLine($"{parsed.GetRequiredValue(user)} starts from zero; {amount} USD were taken back.");
                return 0;
            });
        });
        return command;
    }

    /// <summary>A number and <c>m</c>, <c>h</c>, <c>d</c> or <c>w</c>.</summary>
    internal static bool TryReadSince(string text, out TimeSpan since)
    {
        since = default;
        if (text.Length < 2)
            return false;
        var digits = text.AsSpan(0, text.Length - 1);
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return false;
        TimeSpan? unit = text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            'w' => TimeSpan.FromDays(7),
            _ => null,
        };
        // A hundred years: before that there was nothing to spend money on, and the calendar ends at year 1.
        if (unit is not { } one || count > TimeSpan.FromDays(36_500) / one)
            return false;
        since = one * count;
        return true;
    }

    /// <summary>As the command line and the reports call it.</summary>
    private static string NameOf(SpendGrouping by) => by == SpendGrouping.EndUser ? "end_user" : by.ToString().ToLowerInvariant();

    private static string NameOf(SpendLine line, SpendGrouping by) =>
        line.Name.Length == 0 ? $"(no {NameOf(by)})"
        : by != SpendGrouping.Key ? line.Name
        : line.Name[..Math.Min(ShortHashLength, line.Name.Length)];

    private static void WriteTable(string head, SpendGrouping by, IReadOnlyList<SpendLine> lines, TextWriter output)
    {
        string[] names = by == SpendGrouping.Key ? [head, "alias"] : [head];
        var first = names.Length;
        var table = new TextTable([.. names, "requests", "prompt tokens", "completion tokens", "cost (USD)"])
            .WithNumbersIn(first, first + 1, first + 2, first + 3);
        foreach (var line in lines)
            table.Add([.. by == SpendGrouping.Key ? [NameOf(line, by), line.Alias ?? "-"] : new[] { NameOf(line, by) }, .. Figures(line)]);
        if (lines.Count > 1 && by != SpendGrouping.Tag) // what has several tags would count in the total several times
            table.Add([.. names.Select((_, i) => i == 0 ? "total" : ""), .. Figures(Total(lines))]);
        table.WriteTo(output);
    }

    private static string[] Figures(SpendLine line) =>
    [
        line.Requests.ToString(CultureInfo.InvariantCulture),
        line.PromptTokens.ToString(CultureInfo.InvariantCulture),
        line.CompletionTokens.ToString(CultureInfo.InvariantCulture),
        line.Cost.ToString(),
    ];

    /// <summary>Requests of several models or providers are counted in each, so only the other groupings add up to the number of requests.</summary>
    private static SpendLine Total(IReadOnlyList<SpendLine> lines) => new(
        "total", null, lines.Sum(line => line.Requests), lines.Sum(line => line.PromptTokens),
        lines.Sum(line => line.CompletionTokens), lines.Sum(line => line.CostNanoUsd));

    /// <summary>An array with one object per line; <c>cost</c> is in dollars, exactly.</summary>
    private static void WriteJson(string head, SpendGrouping by, IReadOnlyList<SpendLine> lines, TextWriter output)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var line in lines)
            {
                json.WriteStartObject();
                json.WriteString(head, NameOf(line, by));
                if (by == SpendGrouping.Key)
                    json.WriteString("alias", line.Alias);
                json.WriteNumber("requests", line.Requests);
                json.WriteNumber("prompt_tokens", line.PromptTokens);
                json.WriteNumber("completion_tokens", line.CompletionTokens);
                json.WritePropertyName("cost");
                // As text, because the decimal writer keeps trailing zeros.
                json.WriteRawValue(line.Cost.ToString());
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        output.WriteLine(System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    private static void WriteCsv(string head, SpendGrouping by, IReadOnlyList<SpendLine> lines, TextWriter output)
    {
        var alias = by == SpendGrouping.Key ? ",alias" : "";
        output.Write($"{head}{alias},requests,prompt_tokens,completion_tokens,cost\r\n");
        foreach (var line in lines)
        {
            string[] cells = by == SpendGrouping.Key ? [NameOf(line, by), line.Alias ?? ""] : [NameOf(line, by)];
            output.Write(string.Join(',', cells.Concat(Figures(line)).Select(CsvText.Cell)) + "\r\n");
        }
    }
}
