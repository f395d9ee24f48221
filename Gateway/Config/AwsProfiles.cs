namespace Gateway.Config;

/// <summary>The profiles of AWS's two files, <c>credentials</c> and <c>config</c>: sections of <c>name = value</c> lines.</summary>
internal sealed class AwsProfiles
{
    /// <summary>The profile that counts where none is named.</summary>
    public const string Default = "default";

    private readonly Dictionary<string, Dictionary<string, string>> _profiles = new(StringComparer.Ordinal);

    private AwsProfiles()
    {
    }

    /// <summary>Reads both files; one that is not there holds no profiles. Where both set a name, <c>credentials</c> counts.</summary>
    public static AwsProfiles Read(AwsSettings settings)
    {
        var profiles = new AwsProfiles();
        profiles.Add(settings.ConfigFile, isConfig: true);
        profiles.Add(settings.CredentialsFile, isConfig: false);
        return profiles;
    }

    /// <summary>The settings of a profile. Null: there is none of that name.</summary>
    public IReadOnlyDictionary<string, string>? Find(string name) => _profiles.GetValueOrDefault(name);

    private void Add(string? path, bool isConfig)
    {
        if (path is null || CredentialFile.Read(path, out _) is not { } text)
            return;
        Dictionary<string, string>? profile = null;
        foreach (var line in text.Split('\n'))
        {
            var trimmed = line.Trim();
            if (trimmed.Length == 0 || trimmed[0] is '#' or ';')
                continue;
            if (trimmed[0] == '[')
                profile = SectionOf(trimmed, isConfig);
            // What is indented belongs to a service.
            else if (profile is not null && !char.IsWhiteSpace(line[0]) && trimmed.IndexOf('=') is > 0 and var equals)
                profile[trimmed[..equals].TrimEnd().ToLowerInvariant()] = trimmed[(equals + 1)..].TrimStart();
        }
    }

    /// <summary><c>[name]</c>; in config <c>[profile name]</c> for all but the default. Null: a section of another kind.</summary>
    private Dictionary<string, string>? SectionOf(string line, bool isConfig)
    {
        const string Prefix = "profile ";
        var end = line.IndexOf(']');
        if (end < 0)
            return null;
        var name = line[1..end].Trim();
        if (isConfig && name != Default)
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal))
                return null;
            name = name[Prefix.Length..].Trim();
        }
        if (!_profiles.TryGetValue(name, out var profile))
            _profiles[name] = profile = new(StringComparer.Ordinal);
        return profile;
    }
}
