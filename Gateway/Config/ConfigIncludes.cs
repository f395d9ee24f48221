namespace Gateway.Config;

/// <summary>Puts a config file and the files that it includes together: lists are joined, anything else of an included file wins.</summary>
internal sealed class ConfigIncludes
{
    /// <summary>Bounds the work; the real file with the most includes has 4.</summary>
    private const int MaxFiles = 100;

    private readonly ReadingContext _context;
    private readonly HashSet<string> _open = [];
    private int _files;

    private ConfigIncludes(ReadingContext context) => _context = context;

    /// <summary>The whole config. Null, with a fatal finding, when it cannot be read.</summary>
    public static YamlMap? Compose(
        string yaml, string fileName, string? folder, IReadOnlyDictionary<string, string> environment, FindingLog findings) =>
        new ConfigIncludes(new ReadingContext(environment, findings)).Compose(yaml, fileName, folder);

    // The recursion is as deep as files include one another: at most MaxFiles.
    private YamlMap? Compose(string yaml, string fileName, string? folder)
    {
        switch (YamlComposer.Compose(yaml, fileName, _context.Findings))
        {
            case YamlMap map:
                return WithIncludes(map, fileName, folder);
            case YamlScalar { IsNull: true }:
                _context.Findings.Add(FindingKind.Fatal, fileName, 0, "", "is empty");
                return null;
            case { } other:
                _context.Findings.Add(FindingKind.Fatal, fileName, other.Line, "", "must be a map of sections, such as model_list");
                return null;
            case null:
                return null;
        }
    }

    private YamlMap? WithIncludes(YamlMap map, string fileName, string? folder)
    {
        if (map.Find("include") is not { } include || include.Value is YamlScalar { IsNull: true })
            return map;
        if (include.Value is not YamlList list)
        {
            _context.Findings.Add(FindingKind.Fatal, include.File, include.Line, "include", "must be a list of files");
            return null;
        }
        var whole = map;
        foreach (var item in list.Items)
        {
            if (Open(item, fileName, folder) is not { } included)
                return null;
            whole = Join(whole, included);
        }
        return whole;
    }

    private YamlMap? Open(YamlNode item, string fileName, string? folder)
    {
        if (item is not YamlScalar scalar || _context.Resolve(scalar, "include").Text is not { Length: > 0 } path || path.Contains('\0'))
            return Refuse(item, "must be a list of files");
        if (folder is null)
            return Refuse(item, "cannot be followed: the config is not a file");
        var full = Path.GetFullPath(path, folder);
        if (++_files > MaxFiles)
            return Refuse(item, $"leads to more than {MaxFiles} files");
        if (!_open.Add(full))
            return Refuse(item, $"leads back to {FindingLog.Clip(path)}, which is being read already");
        if (!File.Exists(full))
        {
            _context.Findings.Files.Add(ReadFile.Missing(full));
            return Refuse(item, $"names {FindingLog.Clip(path)}, which does not exist");
        }

        var name = Path.Combine(Path.GetDirectoryName(fileName) ?? "", path);
        var included = ConfigFile.Read(full, _context.Findings) is { } yaml ? Compose(yaml, name, Path.GetDirectoryName(full)) : null;
        _open.Remove(full);
        return included;
    }

    private YamlMap? Refuse(YamlNode item, string message)
    {
        _context.Findings.Add(FindingKind.Fatal, item.File, item.Line, "include", message);
        return null;
    }

    private static YamlMap Join(YamlMap map, YamlMap included)
    {
        var entries = map.Entries.ToList();
        foreach (var entry in included.Entries.Where(entry => entry.Key != "include"))
        {
            var place = entries.FindIndex(own => own.Key == entry.Key);
            if (place < 0)
                entries.Add(entry);
            else if (entries[place].Value is YamlList own && entry.Value is YamlList more)
                entries[place] = entries[place] with { Value = new YamlList([.. own.Items, .. more.Items], own.File, own.Line) };
            else
                entries[place] = entry;
        }
        return new YamlMap(entries, map.File, map.Line);
    }
}
