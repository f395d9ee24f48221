using Gateway.Config;

namespace Gateway.Reload;

/// <summary>Where a running gateway's config was read, so that it can be read again.</summary>
/// <param name="Path">The config file.</param>
/// <param name="Environment">The process's variables; those of <c>.env</c> are read anew each time.</param>
/// <param name="First">What the gateway was started with.</param>
public sealed record ConfigSource(string Path, IReadOnlyDictionary<string, string> Environment, LoadedConfig First)
{
    /// <summary>False for a pipe, which has nothing to say a second time.</summary>
    public bool CanBeReadAgain => !First.Files.Any(file => file.IsReadOnce);

    public LoadedConfig Load() => ConfigReader.Load(Path, Environment);
}
