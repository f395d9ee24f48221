namespace Gateway.Config;

/// <summary>Says what a key means that no record reads: a setting without effect, one of another section, or a misspelling.</summary>
internal sealed class SectionRules
{
    private readonly Dictionary<string, KnownKey> _known;
    private readonly KnownKey[] _prefixes;

    public SectionRules(string name, params IEnumerable<KnownKey> known)
    {
        Name = name;
        _known = known.Where(key => !key.Name.EndsWith('*')).ToDictionary(key => key.Name);
        _prefixes = [.. known.Where(key => key.Name.EndsWith('*'))];
    }

    /// <summary>The section as messages call it: <c>router_settings</c>.</summary>
    public string Name { get; }

    /// <summary>True for a section that may hold anything, where only near misses of settings are reported.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Names that are right though no record asks for them by name: body parameters.</summary>
    public IReadOnlySet<string> OtherNames { get; init; } = new HashSet<string>();

    /// <summary>What is known of a key that is not read. Null: nothing.</summary>
    public KnownKey? Find(string key) =>
        _known.GetValueOrDefault(key)
        ?? _prefixes.FirstOrDefault(prefix => key.AsSpan().StartsWith(prefix.Name.AsSpan(0, prefix.Name.Length - 1)));

    /// <summary>Reports a key that nobody read, unless it is harmless.</summary>
    public void Report(YamlSection section, YamlEntry entry)
    {
        if (section.Context.Findings.IsFull || ForeignAuth.Covers(this, entry.Key))
            return;
        if (Find(entry.Key) is { } known)
            ReportKnown(section, entry, known);
        else if (IsOpen)
            ReportNearMiss(section, entry, "");
        else if (HomeOf(entry.Key) is { } home)
            Say(section, entry, FindingKind.Unknown, $"belongs in {home.Name}; ignored here");
        else if (ConfigSections.Main.Select(sibling => sibling.Find(entry.Key)).FirstOrDefault(found => found is not null) is { } elsewhere)
            ReportKnown(section, entry, elsewhere);
        else if (!ReportNearMiss(section, entry, ""))
            Say(section, entry, FindingKind.Unknown, "is not a known setting");
    }

    /// <summary>Another section that reads the key. Null: none.</summary>
    public SectionRules? HomeOf(string key) =>
        ConfigSections.HomesOf(this).FirstOrDefault(home => home != this && SettingNames.Of(home).Contains(key));

    /// <summary>Reports a key that differs by a slip from a name of this section. False: it does not.</summary>
    public bool ReportNearMiss(YamlSection section, YamlEntry entry, string consequence)
    {
        if (section.Context.Findings.IsFull)
            return false; // it would not be heard, and looking for what was meant takes time
        var names = SettingNames.Of(this).Concat(_known.Keys).Concat(OtherNames);
        if (SpellingDistance.Nearest(entry.Key, names) is not { } meant)
            return false;
        Say(section, entry, FindingKind.Unknown, $"is not a known setting{consequence}; did you mean '{meant}'?");
        return true;
    }

    private static void ReportKnown(YamlSection section, YamlEntry entry, KnownKey known)
    {
        if (!known.IsQuietAt(entry.Value))
            Say(section, entry, known.Kind, known.Message);
    }

    private static void Say(YamlSection section, YamlEntry entry, FindingKind kind, string message) =>
        section.Context.Findings.Add(kind, entry.File, entry.Line, section.PathOf(entry.Key), message);
}
