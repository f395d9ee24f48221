namespace Gateway.Cli;

/// <summary>Finds the config file that is meant.</summary>
internal static class ConfigPath
{
    /// <summary>Read where no other file is named.</summary>
    public const string Default = "config.yaml";

    /// <summary>The option, else CONFIG_FILE_PATH, else ./config.yaml where there is one.</summary>
    /// <returns>Null: none is named and none lies in the working directory.</returns>
    /// <exception cref="StartException">A file that was named does not exist, or the option is there and empty.</exception>
    public static string? Find(string? option, IReadOnlyDictionary<string, string> environment)
    {
        if (option is "")
            throw new StartException("--config needs the name of a file; leave it out for ./config.yaml.");
        var named = option ?? environment.GetValueOrDefault("CONFIG_FILE_PATH");
        if (string.IsNullOrEmpty(named))
            return File.Exists(Default) ? Default : null;
        var origin = option is null ? "the variable CONFIG_FILE_PATH" : "--config";
        return File.Exists(named) ? named : throw new StartException($"The config file '{named}' named by {origin} does not exist.");
    }
}
