using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Gateway.Config;

/// <summary>
/// Makes nodes of YAML text. YamlDotNet gives the events; its own composer is not used because it throws on duplicate keys,
/// leaves merge keys alone and overflows the stack on deep nesting.
/// </summary>
/// <remarks>
/// As PyYAML, and so LiteLLM, does: the last of duplicate keys wins (with a finding), <c>&lt;&lt;</c> merges one map or a list of
/// maps, the own keys of a map win over merged ones and earlier merged ones over later. Only the first document counts.
/// </remarks>
internal sealed class YamlComposer
{
    /// <summary>Real files nest about ten levels; a hundred leaves the stack far from full.</summary>
    public const int MaxNesting = 100;

    /// <summary>What all aliases together may add. The real file with the most adds 20; a "billion laughs" file needs millions.</summary>
    public const int MaxAliasedNodes = 10_000;

    /// <summary>Bounds memory: a node takes about 100 bytes. The largest real file known has 10,000.</summary>
    public const int MaxNodes = 500_000;

    private readonly IParser _parser;
    private readonly string _file;
    private readonly FindingLog _findings;
    private readonly Dictionary<string, YamlNode> _anchors = [];
    private int _nodes;
    private int _aliasedNodes;

    private YamlComposer(string text, string file, FindingLog findings)
    {
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
        _file = file;
        _findings = findings;
    }

    /// <summary>The root of the first document. Null, with a fatal finding, when the text is not YAML or breaks a bound.</summary>
    public static YamlNode? Compose(string text, string file, FindingLog findings)
    {
        if (text.IndexOf('\0') is >= 0 and var nul)
        {
            findings.Add(FindingKind.Fatal, file, 1 + text.AsSpan(0, nul).Count('\n'), "", "is not text: it contains a NUL character");
            return null;
        }
        var composer = new YamlComposer(text, file, findings);
        try
        {
            return composer.ReadDocument();
        }
        catch (YamlException e)
        {
            var line = (int)Math.Max(e.Start.Line, e.End.Line);
            if (e.Message.Contains("tab", StringComparison.Ordinal))
                line = TabbedLine(text) ?? line; // the scanner names the start of the map that the tab is in
            findings.Add(FindingKind.Fatal, file, line, "", "cannot be read as YAML: " + Shorten(e.Message));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or OverflowException or FormatException
                                    or IndexOutOfRangeException or NullReferenceException)
        {
            // YamlDotNet on text that it does not expect, such as an escape above U+10FFFF or a list that the file's end cuts off.
            var line = (int)(composer._parser.Current?.End.Line ?? 0);
            findings.Add(FindingKind.Fatal, file, line, "", "cannot be read as YAML: it breaks off or is malformed here");
        }
        return null;
    }

    private YamlNode ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
            return new YamlScalar("", isPlain: true, _file, 1);
        var root = ReadNode(depth: 1);
        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second))
            _findings.Add(FindingKind.Ignored, _file, (int)second.Start.Line, "", "only the first document of the file is read");
        return root;
    }

    private YamlNode ReadNode(int depth)
    {
        var start = _parser.Current!.Start;
        if (depth > MaxNesting)
            throw new YamlException(start, start, $"nests deeper than {MaxNesting} levels");
        if (++_nodes > MaxNodes)
            throw new YamlException(start, start, $"holds more than {MaxNodes:N0} values");
        if (_parser.TryConsume<AnchorAlias>(out var alias))
            return Expand(alias, depth);

        if (_parser.Current is not NodeEvent started)
            throw new YamlException(start, start, "a value is missing");
        var anchor = started.Anchor;
        YamlNode node = started switch
        {
            MappingStart => ReadMap(depth),
            SequenceStart => ReadList(depth),
            _ => ReadScalar(),
        };
        if (!anchor.IsEmpty)
            _anchors[anchor.Value] = node;
        return node;
    }

    private YamlNode Expand(AnchorAlias alias, int depth)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
            throw new YamlException(alias.Start, alias.End, "an alias refers to an anchor that is not defined above it");
        _aliasedNodes += node.Weight;
        if (_aliasedNodes > MaxAliasedNodes)
            throw new YamlException(alias.Start, alias.End, $"the aliases of the file stand for more than {MaxAliasedNodes:N0} values");
        if (depth + node.Height - 1 > MaxNesting)
            throw new YamlException(alias.Start, alias.End, $"nests deeper than {MaxNesting} levels");
        return node;
    }

    private YamlScalar ReadScalar()
    {
        var scalar = _parser.Consume<Scalar>();
        var isText = scalar.Style != ScalarStyle.Plain || !scalar.Tag.IsEmpty && scalar.Tag.Value == "tag:yaml.org,2002:str";
        return new YamlScalar(scalar.Value, !isText, _file, (int)scalar.Start.Line);
    }

    private YamlList ReadList(int depth)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = new List<YamlNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(ReadNode(depth + 1));
        return new YamlList(items, _file, (int)start.Start.Line);
    }

    private YamlMap ReadMap(int depth)
    {
        var start = _parser.Consume<MappingStart>();
        var entries = new List<YamlEntry>();
        var places = new Dictionary<string, int>();
        var merges = new List<YamlNode>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(depth + 1);
            var value = ReadNode(depth + 1);
            if (key is not YamlScalar name)
                _findings.Add(FindingKind.Invalid, _file, key.Line, "", "a key that is a list or a map; the entry is left out");
            else if (name is { IsPlain: true, Text: "<<" })
                merges.Add(value);
            else
                Put(new YamlEntry(name.Text, name.Line, value));
        }
        foreach (var merge in merges)
            Merge(merge);
        return new YamlMap(entries, _file, (int)start.Start.Line);

        void Put(YamlEntry entry)
        {
            if (places.TryAdd(entry.Key, entries.Count))
            {
                entries.Add(entry);
                return;
            }
            _findings.Add(FindingKind.Invalid, _file, entry.Line, FindingLog.Clip(entry.Key),
                $"occurs again (first on line {entries[places[entry.Key]].Line}); the last one counts");
            entries[places[entry.Key]] = entry;
        }

        void Merge(YamlNode merged)
        {
            var sources = merged is YamlList list ? list.Items : [merged];
            foreach (var source in sources)
            {
                if (source is not YamlMap map)
                {
                    _findings.Add(FindingKind.Invalid, _file, source.Line, "<<", "merges a value that is not a map; it is left out");
                    continue;
                }
                foreach (var entry in map.Entries)
                    if (places.TryAdd(entry.Key, entries.Count))
                        entries.Add(entry);
            }
        }
    }

    /// <summary>The first line that is indented with a tab.</summary>
    private static int? TabbedLine(string text)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line[..(line.Length - line.TrimStart(" \t").Length)].Contains('\t'))
                return number;
        }
        return null;
    }

    /// <summary>The scanner's words without a position, which the finding has, and on one line.</summary>
    private static string Shorten(string message) => FindingLog.Clip(message.ReplaceLineEndings(" "), 200);
}
