namespace Gateway.Config;

/// <summary>
/// Finds authentication that a config asks for and does not get: schemes that the gateway does not have, and a master key in the
/// wrong place. Wherever it stands, it keeps the gateway closed.
/// </summary>
internal static class ForeignAuth
{
    private const string MasterKey = "master_key";
    private const string Python = "needs Python, which the gateway does not run";
    private const string Jwt = "JWT is not built in";
    private const string OAuth = "OAuth is not built in";

    /// <summary>LiteLLM's settings; a name may end in <c>*</c>, for any end. A switch may say no, anything else cannot.</summary>
    private static readonly (string Name, bool IsSwitch, string What)[] Schemes =
    [
        ("custom_auth", false, Python),
        ("custom_auth_settings", false, Python),
        ("custom_auth_run_common_checks", true, Python),
        ("enable_post_custom_auth_checks", true, Python),
        ("enable_jwt_auth", true, Jwt),
        ("litellm_jwtauth", false, Jwt),
        ("jwt_auth_config", false, Jwt),
        ("enable_oauth*", true, OAuth),
    ];

    /// <summary>True for a key that is dealt with here, wherever it stands.</summary>
    public static bool Covers(SectionRules section, string key) =>
        IsPlace(section) && (Find(key) is not null || key == MasterKey && section != ConfigSections.General);

    /// <summary>True when a scheme is asked for in any section, be it in a way that cannot be read. Reports each.</summary>
    public static bool IsIn(YamlSection root)
    {
        var isOn = false;
        foreach (var place in Places(root))
        {
            foreach (var entry in place.Map.Entries)
            {
                if (Find(entry.Key) is not { } scheme || !(scheme.IsSwitch ? place.IsSwitchedOn(entry.Key) : place.Has(entry.Key)))
                    continue;
                isOn = true;
                place.Report(FindingKind.Refused, entry.Key, $"{scheme.What}; calls need a key of master_key or user_access");
            }
        }
        return isOn;
    }

    /// <summary>The settings with a master key that matches nobody, when the file has one only where it does not belong.</summary>
    public static GeneralSettings WithStrayMasterKey(YamlSection root, GeneralSettings general)
    {
        const string Consequence = ": nobody is admin, and calls need another key";
        var isMissing = general.MasterKey is null;
        var isStray = false;
        if (root.Node(ConfigSections.General.Name) is not (null or YamlMap or YamlScalar { Text: "" }))
        {
            isStray = true;
            if (isMissing)
                root.Report(FindingKind.Invalid, ConfigSections.General.Name, "may hold a master_key that cannot be read" + Consequence);
        }
        foreach (var place in Places(root).Where(place => place.Rules != ConfigSections.General && place.Has(MasterKey)))
        {
            isStray = true;
            place.Report(FindingKind.Unknown, MasterKey, "belongs in general_settings; ignored here" + (isMissing ? Consequence : ""));
        }
        return isMissing && isStray ? general with { MasterKey = Secret.Unusable } : general;
    }

    private static bool IsPlace(SectionRules section) => section == ConfigSections.Root || ConfigSections.Main.Contains(section);

    /// <summary>The top level and its sections of settings. New ones, so that the names do not become settings of theirs.</summary>
    private static IEnumerable<YamlSection> Places(YamlSection root) =>
    [
        root.With(root.Map),
        .. ConfigSections.Main.Select(rules => root.Map.Find(rules.Name)?.Value is YamlMap map
            ? new YamlSection(root.Context, rules, map, root.PathOf(rules.Name))
            : null).OfType<YamlSection>(),
    ];

    private static (bool IsSwitch, string What)? Find(string key)
    {
        foreach (var (name, isSwitch, what) in Schemes)
            if (name == key || name.EndsWith('*') && key.AsSpan().StartsWith(name.AsSpan(0, name.Length - 1)))
                return (isSwitch, what);
        return null;
    }
}
