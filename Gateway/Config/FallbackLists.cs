using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>Reads fallbacks. As in LiteLLM, a malformed list is fatal: a silent gap would show in an outage only.</summary>
internal static class FallbackLists
{
    private const string Shape = "must be a list of maps with one model each: - gpt-4o: [claude, gemini]";

    /// <summary>Group → fallback groups, in file order.</summary>
    public static ImmutableArray<FallbackRule> Read(YamlSection s, string key)
    {
        if (s.Node(key) is not { } node)
            return [];
        if (node is not YamlList list)
        {
            s.Report(FindingKind.Fatal, key, Shape);
            return [];
        }
        var fallbacks = ImmutableArray.CreateBuilder<FallbackRule>();
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (list.Items[i] is YamlMap { Entries: [{ Value: YamlList targets } entry] })
                fallbacks.Add(NewRule(s, $"{s.PathOf(key)}[{i}]", entry.Key, entry.Line, targets));
            else
                s.Context.Findings.Add(FindingKind.Fatal, list.Items[i].File, list.Items[i].Line, $"{s.PathOf(key)}[{i}]", Shape);
        }
        return fallbacks.ToImmutable();
    }

    /// <summary>A plain list of groups, as the rule for every group. Null: there is none.</summary>
    public static FallbackRule? ReadDefaults(YamlSection s, string key)
    {
        if (s.Node(key) is not { } node)
            return null;
        if (node is YamlList list)
            return NewRule(s, s.PathOf(key), FallbackRule.EveryGroup, s.Map.Find(key)!.Line, list);
        s.Report(FindingKind.Fatal, key, "must be a list of models");
        return null;
    }

    private static FallbackRule NewRule(YamlSection s, string path, string group, int line, YamlList targets) =>
        new(group, Names(s, path, targets)) { File = targets.File, Line = line, Path = path };

    private static ImmutableArray<string> Names(YamlSection s, string path, YamlList list)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var item in list.Items)
        {
            if (item is not YamlScalar scalar)
                s.Context.Findings.Add(FindingKind.Invalid, item.File, item.Line, path, "must be a model name; it is left out");
            else if (s.Context.Resolve(scalar, path).Text is { Length: > 0 } name)
                names.Add(name);
        }
        return names.ToImmutable();
    }
}

/// <summary>Where to go on when a group fails: the group, or <c>*</c> for every one, and the groups to try in order.</summary>
public sealed record FallbackRule(string Group, ImmutableArray<string> Targets)
{
    internal const string EveryGroup = "*";

    /// <summary>Where the rule stands, for messages.</summary>
    public string File { get; init; } = "";
    public int Line { get; init; }
    public string Path { get; init; } = "router_settings.fallbacks";
}
