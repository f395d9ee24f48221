using System.Collections.Frozen;

namespace Gateway.Config;

/// <summary>The settings that the records read, by section: found by reading empty sections, so that no list can go stale.</summary>
internal static class SettingNames
{
    private static readonly Lazy<FrozenDictionary<SectionRules, FrozenSet<string>>> BySection = new(Collect);

    /// <summary>The names that a section reads.</summary>
    public static IReadOnlySet<string> Of(SectionRules rules) => BySection.Value.GetValueOrDefault(rules) ?? FrozenSet<string>.Empty;

    /// <summary>Every section that reads settings, with their names.</summary>
    public static IEnumerable<(SectionRules Section, IReadOnlySet<string> Names)> All =>
        BySection.Value.Select(pair => (pair.Key, (IReadOnlySet<string>)pair.Value));

    private static FrozenDictionary<SectionRules, FrozenSet<string>> Collect()
    {
        var context = new ReadingContext(new Dictionary<string, string>(), new FindingLog());
        var names = new Dictionary<SectionRules, FrozenSet<string>>();
        var lite = new LiteLlmSettings();
        var info = new ModelInfo();
        Ask(ConfigSections.Root, s => ConfigReader.ReadRoot(s));
        Ask(ConfigSections.LiteLlm, s => LiteLlmSettings.Read(s));
        Ask(ConfigSections.CostMargin, s => CostShare.ReadMargin(s));
        Ask(ConfigSections.Router, s => RouterSettings.Read(s, lite, new GeneralSettings()));
        Ask(ConfigSections.RoutingStrategyArgs, s => RouterSettings.ReadStrategyArgs(s, new RouterSettings()));
        Ask(ConfigSections.RetryBudget, s => RetryBudgetSettings.Read(s));
        Ask(ConfigSections.RetryPolicy, s => RetryPolicy.Read(s));
        Ask(ConfigSections.FailsPolicy, s => AllowedFailsPolicy.Read(s));
        Ask(ConfigSections.General, s => GeneralSettings.Read(s));
        Ask(ConfigSections.Deployment, s => DeploymentConfig.Read(s, new Credentials(), []).Count());
        Ask(ConfigSections.Params, s => LiteLlmParams.Read(s, info, new CustomPrice()));
        Ask(ConfigSections.Info, s => { ModelInfo.Read(s); CustomPrice.Read(s); });
        Ask(ConfigSections.Credential, s => new Credentials().Add(s));
        Ask(ConfigSections.User, s => UserAccess.Read(s));
        Ask(ConfigSections.AccessKey, s => AccessKeyEntry.Read(s));
        Ask(ConfigSections.AlertingArgs, s => AlertSettings.ReadArgs(s, new AlertSettings()));
        Ask(ConfigSections.Team, s => TeamAccess.Read(s));
        Ask(ConfigSections.LimitEntry, s => LimitReader.ReadEntry(s, ""));
        Ask(ConfigSections.EndUser, s => LimitReader.Read(s, ""));
        return names.ToFrozenDictionary();

        void Ask(SectionRules rules, Action<YamlSection> read)
        {
            var section = YamlSection.Empty(context, rules, "");
            read(section);
            names[rules] = section.Asked.ToFrozenSet();
        }
    }
}
