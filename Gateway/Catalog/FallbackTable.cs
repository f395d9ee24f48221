using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Gateway.Catalog;

/// <summary>Which failures a list of fallbacks is for.</summary>
public enum FallbackKind
{
    /// <summary>All for which there is no list of their own.</summary>
    General,
    ContextWindow,
    ContentPolicy,
}

/// <summary>The groups to go on with, by the group that failed; immutable.</summary>
public sealed class FallbackTable
{
    private const string EveryGroup = "*";

    private readonly FrozenDictionary<string, ImmutableArray<string>> _targets;

    /// <param name="rules">Of several for one group the first counts.</param>
    public FallbackTable(IEnumerable<KeyValuePair<string, ImmutableArray<string>>> rules) =>
        _targets = rules.DistinctBy(rule => rule.Key).ToFrozenDictionary();

    public bool IsEmpty => _targets.Count == 0;

    /// <summary>The entry of the group's name, of its name without provider, of <c>*</c>. Null: there is none.</summary>
    public ImmutableArray<string>? Find(string group)
    {
        if (_targets.TryGetValue(group, out var targets))
            return targets;
        var slash = group.IndexOf('/');
        if (slash > 0 && Providers.Find(group[..slash]) is not null && _targets.TryGetValue(group[(slash + 1)..], out targets))
            return targets;
        return _targets.TryGetValue(EveryGroup, out targets) ? targets : null;
    }
}
