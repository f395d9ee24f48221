using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>Reads a config file, its includes and its <c>.env</c> into records. It never throws: what is wrong is a finding.</summary>
public static class ConfigReader
{
    /// <summary>Reads a file.</summary>
    public static LoadedConfig Load(string path, IReadOnlyDictionary<string, string> environment)
    {
        var findings = new FindingLog();
        return ConfigFile.Read(path, findings) is { } yaml
            ? Parse(yaml, path, environment, Path.GetDirectoryName(Path.GetFullPath(path)), findings)
            : Loaded(new GatewayConfig(), environment, findings);
    }

    /// <summary>Reads text. <paramref name="baseFolder"/> is where <c>.env</c> and includes lie; null: there are none.</summary>
    public static LoadedConfig Parse(
        string yaml, string fileName, IReadOnlyDictionary<string, string> environment, string? baseFolder = null) =>
        Parse(yaml, fileName, environment, baseFolder, new FindingLog());

    private static LoadedConfig Parse(
        string yaml, string fileName, IReadOnlyDictionary<string, string> environment, string? baseFolder, FindingLog findings)
    {
        environment = DotEnvFile.Under(environment, baseFolder, findings);
        if (ConfigIncludes.Compose(yaml, fileName, baseFolder, environment, findings) is not { } root)
            return Loaded(new GatewayConfig(), environment, findings);

        environment = AddEnvironmentVariables(root, environment, findings);
        var section = new YamlSection(new ReadingContext(environment, findings), ConfigSections.Root, root, "");
        var config = ReadRoot(section);
        section.ReportUnread();
        return Loaded(config, environment, findings);
    }

    private static LoadedConfig Loaded(GatewayConfig config, IReadOnlyDictionary<string, string> environment, FindingLog findings) =>
        new(config, findings.ToImmutable()) { Environment = environment, Files = [.. findings.Files] };

    /// <summary>The sections in the order in which they depend on one another.</summary>
    internal static GatewayConfig ReadRoot(YamlSection root)
    {
        root.Has("include"); // read when the files were put together
        root.Has("environment_variables"); // read before anything was resolved
        var credentials = new Credentials();
        foreach (var credential in root.Sections("credential_list", ConfigSections.Credential))
            credentials.Add(credential);
        var lite = ReadSection(root, ConfigSections.LiteLlm, LiteLlmSettings.Read);
        var users = ReadUsers(root);
        var leftOut = new List<string>();
        var general = ReadGeneral(root, lite, users);
        var router = ReadSection(root, ConfigSections.Router, s => RouterSettings.Read(s, lite, general));
        var config = new GatewayConfig
        {
            ModelList = [.. root.Sections("model_list", ConfigSections.Deployment)
                .SelectMany(entry => DeploymentConfig.Read(entry, credentials, leftOut))],
            FilesSettings = Config.FilesSettings.Read(root),
            ModelsOfMissingVariables = [.. leftOut],
            LiteLlm = lite,
            Router = router,
            General = general,
            UserAccess = users,
            Teams = TeamAccess.ReadAll(root, users),
            HasUserAccess = root.Node("user_access") is not null and not YamlList { Items.Count: 0 },
        };
        SpendLogCheck.Run(config, root);
        return config;
    }

    private static T ReadSection<T>(YamlSection root, SectionRules rules, Func<YamlSection, T> read)
    {
        var section = root.Section(rules.Name, rules) ?? YamlSection.Empty(root.Context, rules, rules.Name);
        var settings = read(section);
        section.ReportUnread();
        return settings;
    }

    private static ImmutableArray<UserAccess> ReadUsers(YamlSection root)
    {
        var users = ImmutableArray.CreateBuilder<UserAccess>();
        var owners = new Dictionary<string, string>();
        var ids = new HashSet<string>();
        foreach (var entry in root.Sections("user_access", ConfigSections.User))
        {
            var user = UserAccess.Read(entry);
            entry.ReportUnread();
            if (user is null)
                continue;
            if (!ids.Add(user.UserId))
            {
                entry.Report(FindingKind.Invalid, "user_id",
                    "is the user_id of an entry before this one, which is left out; api_keys takes several keys");
                continue;
            }
            var keySetting = entry.Has("api_key") ? "api_key" : "api_keys";
            foreach (var key in user.ApiKeys.Where(key => key.IsUsable))
                if (!owners.TryAdd(AccessKey.Hash(key), user.UserId) && owners[AccessKey.Hash(key)] != user.UserId)
                    entry.Report(FindingKind.Fatal, keySetting, "is a key of another user too; a key names one user");
            users.Add(user);
        }
        return users.ToImmutable();
    }

    private static GeneralSettings ReadGeneral(YamlSection root, LiteLlmSettings lite, ImmutableArray<UserAccess> users)
    {
        var general = ReadSection(root, ConfigSections.General, s => GeneralSettings.Read(s, lite));
        general = ForeignAuth.WithStrayMasterKey(root, general) with { HasForeignAuth = ForeignAuth.IsIn(root) };
        // A user who shows the master key would be admin.
        if (general.MasterKey is { IsUsable: true } master
            && users.Any(user => user.ApiKeys.Any(key => key.IsUsable && AccessKey.Hash(key) == AccessKey.Hash(master))))
            root.Report(FindingKind.Fatal, "user_access", "gives a user the master key; a key names one user");
        return general;
    }

    /// <summary>As in LiteLLM these win over the process's own variables, and everything else may refer to them.</summary>
    private static IReadOnlyDictionary<string, string> AddEnvironmentVariables(
        YamlMap root, IReadOnlyDictionary<string, string> environment, FindingLog findings)
    {
        var context = new ReadingContext(environment, findings);
        if (new YamlSection(context, ConfigSections.Root, root, "").Section("environment_variables", ConfigSections.Any) is not { } section)
            return environment;
        var all = new Dictionary<string, string>(environment);
        foreach (var entry in section.Map.Entries)
            if (section.FreeText(entry.Key) is { } text && section.Text(entry.Key) is not null)
                all[entry.Key] = text;
        return all;
    }
}
