using System.Buffers;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using Gateway.Config;

namespace Gateway.Cli;

/// <summary><c>gateway check</c>: reads a config and says what the gateway would make of it, without starting.</summary>
public static class CheckCommand
{
    /// <summary>Further findings about a config that could be read, such as those of the model catalog.</summary>
    public delegate IEnumerable<ConfigFinding> FurtherFindings(LoadedConfig config);

    private const int WouldStart = 0;
    private const int HasFindings = 1;
    private const int WouldNotStart = 2;

    /// <summary>The command with its options.</summary>
    /// <param name="environment">The process's variables; CONFIG_FILE_PATH names the file when no option does.</param>
    /// <param name="further">Null: the findings of the config alone.</param>
    public static Command Create(IReadOnlyDictionary<string, string> environment, FurtherFindings? further = null)
    {
        var config = new Option<string?>("--config", "-c")
        {
            Description = "The config file. Default: CONFIG_FILE_PATH, else ./config.yaml.",
            HelpName = "FILE",
        };
        var strict = new Option<string?>("--strict")
        {
            Description = "Exit with 1 when there is any finding; missing environment variables count with --strict=env only.",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "env",
        };
        strict.AcceptOnlyFromAmong("env");
        var format = new Option<string>("--format") { Description = "How to print the findings.", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");

        var command = new Command("check", "Read a config file and say what the gateway would make of it.") { config, strict, format };
        command.SetAction(parsed =>
        {
            var strictness = parsed.GetResult(strict) is null ? Strictness.None
                : parsed.GetValue(strict) is null ? Strictness.Findings
                : Strictness.Environment;
            var output = parsed.InvocationConfiguration.Output;
            try
            {
                return ConfigPath.Find(parsed.GetValue(config), environment) is { } path
                    ? Run(path, strictness, parsed.GetValue(format) == "json" ? Format.Json : Format.Text, environment, output, further)
                    : SayNothingToCheck(output);
            }
            catch (StartException e)
            {
                parsed.InvocationConfiguration.Error.WriteLine($"gateway: {e.Message}");
                return WouldNotStart;
            }
        });
        return command;
    }

    private static int SayNothingToCheck(TextWriter output)
    {
        output.WriteLine($"There is no {ConfigPath.Default} here and none is named: the gateway would start with a mock model.");
        return WouldStart;
    }

    /// <summary>Checks a file and prints what was found. 0: would start; 1: has findings, under --strict; 2: would not start.</summary>
    public static int Run(
        string path, Strictness strictness, Format format, IReadOnlyDictionary<string, string> environment, TextWriter output,
        FurtherFindings? further = null)
    {
        var loaded = ConfigReader.Load(path, environment);
        if (further is not null && loaded.WouldStart)
            loaded = loaded with { Findings = [.. loaded.Findings, .. further(loaded)] };
        var exitCode = !loaded.WouldStart ? WouldNotStart
            : loaded.Findings.Any(finding => Counts(finding, strictness)) ? HasFindings
            : WouldStart;
        if (format == Format.Json)
            output.WriteLine(ToJson(path, loaded, exitCode));
        else
            Print(path, loaded, output);
        return exitCode;
    }

    private static bool Counts(ConfigFinding finding, Strictness strictness) =>
        strictness == Strictness.Environment || strictness == Strictness.Findings && finding.Kind != FindingKind.MissingVariable;

    private static void Print(string path, LoadedConfig loaded, TextWriter output)
    {
        foreach (var finding in loaded.Findings)
            output.WriteLine(finding);
        var models = loaded.Config.ModelList.Length;
        var users = loaded.Config.UserAccess.Length;
        var counts = loaded.Findings.CountBy(finding => finding.Kind).OrderBy(count => count.Key)
            .Select(count => $"{count.Value} {Name(count.Key)}");
        output.WriteLine($"{path}: {(loaded.WouldStart ? "would start" : "would not start")}; "
            + $"{models} {(models == 1 ? "deployment" : "deployments")}, {users} {(users == 1 ? "user" : "users")}; "
            + (loaded.Findings.IsEmpty ? "no findings" : "findings: " + string.Join(", ", counts)));
    }

    private static string ToJson(string path, LoadedConfig loaded, int exitCode)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("file", path);
            writer.WriteBoolean("would_start", loaded.WouldStart);
            writer.WriteNumber("exit_code", exitCode);
            writer.WriteNumber("deployments", loaded.Config.ModelList.Length);
            writer.WriteNumber("users", loaded.Config.UserAccess.Length);
            writer.WriteStartArray("findings");
            foreach (var finding in loaded.Findings)
            {
                writer.WriteStartObject();
                writer.WriteString("kind", Name(finding.Kind));
                writer.WriteString("file", finding.File);
                writer.WriteNumber("line", finding.Line);
                writer.WriteString("path", finding.Path);
                writer.WriteString("message", finding.Message);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private static string Name(FindingKind kind) => kind switch
    {
        FindingKind.MissingVariable => "missing_variable",
        _ => kind.ToString().ToLowerInvariant(),
    };

    /// <summary>Which findings make the exit code 1.</summary>
    public enum Strictness
    {
        None,

        /// <summary>All but missing variables, which a machine that only checks does not have.</summary>
        Findings,

        /// <summary>All.</summary>
        Environment,
    }

    /// <summary>How findings are printed.</summary>
    public enum Format { Text, Json }
}
