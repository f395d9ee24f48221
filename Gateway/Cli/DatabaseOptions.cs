using System.CommandLine;

namespace Gateway.Cli;

/// <summary>The options <c>--db</c> and <c>--config</c> of the commands that work on the database beside a running gateway.</summary>
internal sealed class DatabaseOptions
{
    private readonly Option<string?> _database = new("--db")
    {
        Description = "The database. Default: gateway.db beside the config, in the working directory without one.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _config = new("--config", "-c")
    {
        Description = "The config beside which the database lies. Default: CONFIG_FILE_PATH.",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Add(_database);
        command.Add(_config);
    }

    /// <summary>The config that the command line names. Null: it names none.</summary>
    public string? ConfigIn(ParseResult command) => command.GetValue(_config);

    /// <summary>The path of the database that the command line names.</summary>
    public string PathIn(ParseResult command, IReadOnlyDictionary<string, string> environment)
    {
        if (command.GetValue(_database) is { } database)
            return database;
        var config = command.GetValue(_config) ?? environment.GetValueOrDefault("CONFIG_FILE_PATH");
        var folder = string.IsNullOrEmpty(config) ? "" : Path.GetDirectoryName(config);
        return Path.Combine(folder ?? "", "gateway.db");
    }
}
