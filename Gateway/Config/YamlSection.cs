using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>
/// A map of the config with its name, from which a record reads its settings one by one. It remembers which keys were asked
/// for, reports values that cannot be read, and at the end the keys that nobody asked for.
/// </summary>
/// <remarks>A getter gives null when the key is absent, literally null, refers to a missing variable or cannot be read.</remarks>
internal sealed class YamlSection(ReadingContext context, SectionRules rules, YamlMap map, string path)
{
    private readonly HashSet<string> _asked = [];

    private delegate bool Parse<T>(string text, out T value);

    public ReadingContext Context { get; } = context;
    public YamlMap Map { get; } = map;
    public string Path { get; } = path;

    /// <summary>The names of the settings read so far, present or not.</summary>
    public IReadOnlySet<string> Asked => _asked;

    /// <summary>The same section with other entries.</summary>
    public YamlSection With(YamlMap other) => new(Context, rules, other, Path);

    public SectionRules Rules => rules;

    /// <summary>A section that is absent.</summary>
    public static YamlSection Empty(ReadingContext context, SectionRules rules, string path) =>
        new(context, rules, new YamlMap([], "", 0), path);

    /// <summary>True when the key is there with a value other than null, be it unreadable.</summary>
    public bool Has(string key) => Node(key) is not null;

    /// <summary>Text, never empty.</summary>
    public string? Text(string key) => Resolve(key) is { Length: > 0 } text ? text : null;

    /// <summary>Text in which <c>${</c> stands for itself; may be empty.</summary>
    public string? FreeText(string key) =>
        Scalar(key) is { } scalar ? Context.ResolveVerbatim(scalar, PathOf(key)).Text : null;

    public bool? Flag(string key) => Value<bool>(key, ScalarText.TryFlag, "must be true or false");

    /// <summary>True unless the key is absent, null or says false: a security setting is on even when it cannot be read.</summary>
    public bool IsSwitchedOn(string key) => Node(key) switch
    {
        null => false,
        YamlScalar scalar =>
            Context.Resolve(scalar, PathOf(key)).Text is not { } text || !ScalarText.TryFlag(text.Trim(), out var on) || on,
        _ => true,
    };

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public long? Whole(string key, long least = 0, long most = long.MaxValue) =>
        Value(key, (string text, out long value) => ScalarText.TryWhole(text, out value) && value >= least && value <= most,
            most == long.MaxValue ? $"must be a whole number of at least {least}" : $"must be a whole number from {least} to {most}");

    /// <summary>As <see cref="Whole"/>, for small numbers.</summary>
    public int? Count(string key, int least = 0, int most = int.MaxValue) => (int?)Whole(key, least, most);

    /// <summary>A number from zero to <paramref name="most"/>.</summary>
    public double? Number(string key, double most = 1e15) =>
        Value(key, (string text, out double value) => ScalarText.TryNumber(text, out value) && value >= 0 && value <= most,
            $"must be a number from 0 to {most:0.#}");

    /// <summary>USD, from zero to what fits <see cref="NanoUsd"/>.</summary>
    public decimal? Usd(string key) =>
        Value(key, (string text, out decimal value) => ScalarText.TryDecimal(text, out value) && value is >= 0 and <= 9_000_000_000,
            "must be an amount in USD, from 0 to 9000000000");

    /// <summary>An exact number from zero to <paramref name="most"/>.</summary>
    public decimal? Fraction(string key, decimal most) =>
        Value(key, (string text, out decimal value) => ScalarText.TryDecimal(text, out value) && value >= 0 && value <= most,
            $"must be a number from 0 to {most}");

    /// <summary>A time from zero to a month. <paramref name="zero"/> false: not zero.</summary>
    public TimeSpan? Duration(string key, bool zero = true) =>
        Value(key, (string text, out TimeSpan value) => ScalarText.TryDuration(text, out value) && (zero || value > TimeSpan.Zero),
            $"must be a time {(zero ? "from 0" : "above 0")} to {ScalarText.LongestDuration.Days} days, as 30, 500ms, 2s or 7d");

    /// <summary>One of a few names; anything else is fatal, as a misspelt name must not quietly become the default.</summary>
    public T? Choice<T>(string key, params ReadOnlySpan<(string Name, T Value)> choices)
        where T : struct
    {
        if (Text(key) is not { } text)
            return null;
        foreach (var (name, value) in choices)
            if (name.Equals(text, StringComparison.OrdinalIgnoreCase))
                return value;
        var names = new List<string>();
        foreach (var (name, _) in choices)
            names.Add(name);
        Report(FindingKind.Fatal, key, $"must be one of {string.Join(", ", names)}{Quote(key)}");
        return null;
    }

    /// <summary>Texts, from a list or from a single value. Null: absent; empty ones and those of missing variables are left out.</summary>
    public ImmutableArray<string>? Words(string key)
    {
        switch (Node(key))
        {
            case null:
                return null;
            case YamlMap:
                Report(FindingKind.Invalid, key, "must be a list, not a map");
                return null;
            case YamlList list:
                return [.. list.Items.Select((item, i) => Word(item, $"{PathOf(key)}[{i}]")).OfType<string>()];
            case var single:
                return Word(single, PathOf(key)) is { } word ? [word] : [];
        }
    }

    /// <summary>A secret; unusable when it is present and comes to nothing. Null: absent or literally null.</summary>
    public Secret? Secret(string key)
    {
        if (Node(key) is not { } node)
            return null;
        if (node is YamlScalar scalar)
            return Context.Resolve(scalar, PathOf(key)).Text is { } text ? Config.Secret.Of(text) : Config.Secret.Unusable;
        Report(FindingKind.Invalid, key, "must be a single value");
        return Config.Secret.Unusable;
    }

    /// <summary>The map under a key; null when there is none.</summary>
    public YamlSection? Section(string key, SectionRules inner)
    {
        switch (Node(key))
        {
            case null or YamlScalar { Text: "" }:
                return null;
            case YamlMap map:
                return new YamlSection(Context, inner, map, PathOf(key));
            default:
                Report(FindingKind.Invalid, key, "must be a map; it is left out");
                return null;
        }
    }

    /// <summary>The maps of a list under a key. Null entries are skipped; others that are not maps are reported.</summary>
    public IEnumerable<YamlSection> Sections(string key, SectionRules inner)
    {
        if (Node(key) is not { } node)
            yield break;
        if (node is not YamlList list)
        {
            Report(FindingKind.Invalid, key, "must be a list; it is left out");
            yield break;
        }
        for (var i = 0; i < list.Items.Count; i++)
        {
            var item = list.Items[i];
            var itemPath = $"{PathOf(key)}[{i}]";
            if (item is YamlMap map)
                yield return new YamlSection(Context, inner, map, itemPath);
            else if (item is not YamlScalar { IsNull: true })
                Context.Findings.Add(FindingKind.Invalid, item.File, item.Line, itemPath, "must be a map; it is left out");
        }
    }

    /// <summary>The kind of finding for a value that came to nothing: a missing variable where that is why.</summary>
    public FindingKind Blame(string key) =>
        Node(key) is YamlScalar scalar && Context.Resolve(scalar, PathOf(key)).Resolution == Resolution.Missing
            ? FindingKind.MissingVariable
            : FindingKind.Invalid;

    /// <summary>The value of a key. Null: absent or literally null.</summary>
    public YamlNode? Node(string key)
    {
        _asked.Add(key);
        return Map.Find(key)?.Value is { } node and not YamlScalar { IsNull: true } ? node : null;
    }

    /// <summary>The entries nobody asked for so far.</summary>
    public IEnumerable<YamlEntry> Unread() => Map.Entries.Where(entry => !_asked.Contains(entry.Key));

    /// <summary>Reports every key that nobody asked for, by the rules of the section.</summary>
    public void ReportUnread()
    {
        foreach (var entry in Unread())
            rules.Report(this, entry);
    }

    public void Report(FindingKind kind, string key, string message)
    {
        var entry = Map.Find(key);
        Context.Findings.Add(kind, entry?.File ?? Map.File, entry?.Line ?? Map.Line, PathOf(key), message);
    }

    /// <summary>Says something about the section as a whole.</summary>
    public void Report(FindingKind kind, string message) => Context.Findings.Add(kind, Map.File, Map.Line, Path, message);

    public string PathOf(string key) => Path.Length == 0 ? FindingLog.Clip(key) : $"{Path}.{FindingLog.Clip(key)}";

    private string? Word(YamlNode node, string wordPath)
    {
        if (node is YamlScalar scalar)
            return Context.Resolve(scalar, wordPath).Text is { Length: > 0 } text ? text : null;
        Context.Findings.Add(FindingKind.Invalid, node.File, node.Line, wordPath, "must be a single value; it is left out");
        return null;
    }

    private T? Value<T>(string key, Parse<T> parse, string expected)
        where T : struct
    {
        if (Resolve(key) is not { } text)
            return null;
        if (parse(text.Trim(), out var value))
            return value;
        Report(FindingKind.Invalid, key, expected + Quote(key));
        return null;
    }

    private string? Resolve(string key) => Scalar(key) is { } scalar ? Context.Resolve(scalar, PathOf(key)).Text : null;

    private YamlScalar? Scalar(string key)
    {
        var node = Node(key);
        if (node is not null and not YamlScalar)
            Report(FindingKind.Invalid, key, "must be a single value");
        return node as YamlScalar;
    }

    /// <summary>The value found, for a message; nothing where it may be a secret, which a variable's value always may.</summary>
    public string Quote(string key) =>
        Map.Find(key)?.Value is YamlScalar scalar && !SecretNames.Matches(key)
        && !scalar.Text.StartsWith(ReadingContext.ReferencePrefix, StringComparison.Ordinal)
            ? $", not '{FindingLog.Clip(scalar.Text, 40)}'"
            : "";
}
