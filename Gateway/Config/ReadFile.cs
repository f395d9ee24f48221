namespace Gateway.Config;

/// <summary>A file that was looked for while a config was read, and what it held.</summary>
/// <param name="Path">The full path.</param>
/// <param name="Hash">SHA-256 of the content in hex. Empty: there was no such file, or it could not be read.</param>
/// <param name="IsReadOnce">True for a pipe (<c>--config &lt;(…)</c>), which has nothing to say a second time.</param>
public readonly record struct ReadFile(string Path, string Hash, bool IsReadOnce = false)
{
    /// <summary>A file that is not there, and counts when it comes.</summary>
    public static ReadFile Missing(string path) => new(System.IO.Path.GetFullPath(path), "");

    /// <summary>The file as it is now.</summary>
    public ReadFile Again()
    {
        if (!File.Exists(Path))
            return Missing(Path);
        var log = new FindingLog();
        ConfigFile.Read(Path, log);
        return log.Files[0];
    }
}
