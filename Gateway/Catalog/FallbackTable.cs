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

    /// <summary>The entry of the name that was asked for, else of the group it led to, else of <c>*</c>. Null: there is none.</summary>
    /// <param name="asked">The group's name, an alias or a deployment's id.</param>
    public ImmutableArray<string>? Find(string asked, string group) => Of(asked) ?? Of(group) ?? Entry(EveryGroup);

    /// <summary>The entry of a name, with its provider or without.</summary>
    private ImmutableArray<string>? Of(string name)
    {
        if (Entry(name) is { } targets)
            return targets;
        var slash = name.IndexOf('/');
        return slash > 0 && Providers.Find(name[..slash]) is not null ? Entry(name[(slash + 1)..]) : null;
    }

    private ImmutableArray<string>? Entry(string key) => _targets.TryGetValue(key, out var targets) ? targets : null;
}
