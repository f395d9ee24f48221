using Gateway.Config;

namespace Gateway.Tests.Config;

/// <summary>Reads config texts for tests.</summary>
internal static class ConfigText
{
    public static readonly IReadOnlyDictionary<string, string> NoVariables = new Dictionary<string, string>();

    public static LoadedConfig Read(string yaml, params (string Name, string Value)[] environment) =>
        ConfigReader.Parse(yaml, "test.yaml", environment.ToDictionary(pair => pair.Name, pair => pair.Value));

    /// <summary>One deployment with these lines in its litellm_params.</summary>
    public static LoadedConfig ReadParams(string lines, params (string Name, string Value)[] environment) =>
        Read("model_list:\n- model_name: m\n  litellm_params:\n    model: openai/m\n"
            + string.Concat(lines.Split('\n').Select(line => $"    {line}\n")), environment);

    /// <summary>The findings as lines.</summary>
    public static string[] Said(this LoadedConfig config) => [.. config.Findings.Select(finding => $"{finding.Kind}: {finding}")];
}

/// <summary>A folder that is gone when the test is over.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("gateway-config-").FullName;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
