namespace Gateway.Config;

/// <summary>Reads the <c>.env</c> file beside a config: <c>NAME=VALUE</c> lines, with quotes, comments and <c>export</c>.</summary>
internal static class DotEnvFile
{
    /// <summary>The environment with the file's variables under it. As in LiteLLM, LITELLM_MODE=PRODUCTION leaves the file alone.</summary>
    public static IReadOnlyDictionary<string, string> Under(
        IReadOnlyDictionary<string, string> environment, string? folder, FindingLog findings)
    {
        if (folder is null || environment.GetValueOrDefault("LITELLM_MODE") == "PRODUCTION")
            return environment;
        var path = Path.Combine(folder, ".env");
        if (!File.Exists(path))
        {
            findings.Files.Add(ReadFile.Missing(path));
            return environment;
        }
        if (ConfigFile.Read(path, findings, FindingKind.Invalid) is not { } text)
            return environment;
        var all = new Dictionary<string, string>(environment);
        foreach (var (name, value) in Parse(text, path, findings))
            if (!environment.ContainsKey(name))
                all[name] = value;
        return all;
    }

    private static IEnumerable<(string Name, string Value)> Parse(string text, string path, FindingLog findings)
    {
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line.StartsWith("export ", StringComparison.Ordinal))
                line = line["export ".Length..].TrimStart();
            var equals = line.IndexOf('=');
            var name = equals < 0 ? line : line[..equals].TrimEnd();
            if (equals > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'))
                yield return (name, Unquote(line[(equals + 1)..].TrimStart()));
            else
                findings.Add(FindingKind.Invalid, path, number, "", "is not NAME=VALUE; the line is left out");
        }
    }

    private static string Unquote(string value)
    {
        if (value is ['"' or '\'', ..] && value.IndexOf(value[0], 1) is > 0 and var end)
        {
            while (value[0] == '"' && value[end - 1] == '\\' && value.IndexOf('"', end + 1) is > 0 and var next)
                end = next;
            var inner = value[1..end];
            return value[0] == '"' ? inner.Replace("\\n", "\n").Replace("\\\"", "\"").Replace("\\\\", "\\") : inner;
        }
        var comment = value.IndexOf(" #", StringComparison.Ordinal);
        return (comment < 0 ? value : value[..comment]).TrimEnd();
    }
}
