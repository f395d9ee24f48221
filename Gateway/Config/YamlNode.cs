namespace Gateway.Config;

/// <summary>A value of a YAML file and the place where it stands.</summary>
internal abstract class YamlNode(string file, int line)
{
    public string File { get; } = file;

    /// <summary>Counted from 1.</summary>
    public int Line { get; } = line;

    /// <summary>How many nodes it is, itself included, when every alias in it is written out.</summary>
    public abstract int Weight { get; }

    /// <summary>How many levels it nests: 1 for a scalar.</summary>
    public abstract int Height { get; }
}

/// <summary>A single value as it is written. Plain ones may mean null, a number or a boolean; quoted ones are text.</summary>
internal sealed class YamlScalar(string text, bool isPlain, string file, int line) : YamlNode(file, line)
{
    public string Text { get; } = text;
    public bool IsPlain { get; } = isPlain;

    /// <summary>True for YAML's spellings of null, an empty plain value among them.</summary>
    public bool IsNull => IsPlain && Text is ("" or "~" or "null" or "Null" or "NULL");
    public override int Weight => 1;
    public override int Height => 1;
}

/// <summary>A list.</summary>
internal sealed class YamlList(IReadOnlyList<YamlNode> items, string file, int line) : YamlNode(file, line)
{
    public IReadOnlyList<YamlNode> Items { get; } = items;
    public override int Weight { get; } = 1 + items.Sum(item => item.Weight);
    public override int Height { get; } = 1 + items.Select(item => item.Height).DefaultIfEmpty().Max();
}

/// <summary>A map. Its entries have distinct keys and stand in file order, those of merge keys last.</summary>
internal sealed class YamlMap(IReadOnlyList<YamlEntry> entries, string file, int line) : YamlNode(file, line)
{
    public IReadOnlyList<YamlEntry> Entries { get; } = entries;
    public override int Weight { get; } = 1 + entries.Sum(entry => entry.Value.Weight);
    public override int Height { get; } = 1 + entries.Select(entry => entry.Value.Height).DefaultIfEmpty().Max();

    /// <summary>The entry of a key, or null.</summary>
    public YamlEntry? Find(string key)
    {
        foreach (var entry in Entries)
            if (entry.Key == key)
                return entry;
        return null;
    }
}

/// <summary>One entry of a map, with the line of its key.</summary>
internal sealed record YamlEntry(string Key, int Line, YamlNode Value)
{
    public string File => Value.File;
}
