using System.Collections;
using System.CommandLine;
using Gateway.Cli;

// The one place where the process's environment is read.
var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
    .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);

var serve = new ServeCommand();
var root = new RootCommand("An AI model gateway: one executable, a LiteLLM-style config.yaml in, chat completions out, spend in SQLite.")
{
    serve.Create(environment),
    CheckCommand.Create(environment, ModelFindings.Of),
    SpendCommand.Create(environment, TimeProvider.System),
    LedgerCommand.Create(environment, TimeProvider.System),
    BackupCommand.Create(environment),
    ExplainCommand.Create(environment),
    KeyCommand.Create(environment, TimeProvider.System),
    PriceCommand.Create(environment),
    CompatCommand.Create(),
    VersionCommand.Create(),
};
serve.AddTo(root, environment);

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine($"gateway: {parsed.Errors[0].Message} (gateway --help lists what there is)");
    return 2; // not 1, with which `check --strict` says that there are findings
}
// Whatever runs may hash a key, and .NET aborts then without OpenSSL. --help and --version have actions of their own.
var command = parsed.CommandResult.Command;
if (parsed.Action == command.Action && command.Name != "version" && OpenSslCheck.Missing() is { } missing)
{
    Console.Error.WriteLine($"gateway: {missing}");
    return 1;
}
// No time limit on stopping: the gateway has its own (general_settings.shutdown_grace).
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
