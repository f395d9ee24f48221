using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>Reads fallbacks. As in LiteLLM, a malformed list is fatal: a silent gap would show in an outage only.</summary>
internal static class FallbackLists
{
    private const string Shape = "must be a list of maps with one model each: - gpt-4o: [claude, gemini]";

    /// <summary>Group → fallback groups, in file order.</summary>
    public static ImmutableArray<KeyValuePair<string, ImmutableArray<string>>> Read(YamlSection s, string key)
    {
        if (s.Node(key) is not { } node)
            return [];
        if (node is not YamlList list)
        {
            s.Report(FindingKind.Fatal, key, Shape);
            return [];
        }
        var fallbacks = ImmutableArray.CreateBuilder<KeyValuePair<string, ImmutableArray<string>>>();
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (list.Items[i] is YamlMap { Entries: [{ Value: YamlList targets } entry] })
                fallbacks.Add(new(entry.Key, Names(s, $"{s.PathOf(key)}[{i}]", targets)));
            else
                s.Context.Findings.Add(FindingKind.Fatal, list.Items[i].File, list.Items[i].Line, $"{s.PathOf(key)}[{i}]", Shape);
        }
        return fallbacks.ToImmutable();
    }

    /// <summary>A plain list of groups.</summary>
    public static ImmutableArray<string> ReadNames(YamlSection s, string key)
    {
        if (s.Node(key) is not { } node)
            return [];
        if (node is YamlList list)
            return Names(s, s.PathOf(key), list);
        s.Report(FindingKind.Fatal, key, "must be a list of models");
        return [];
    }

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
