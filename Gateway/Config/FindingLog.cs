using System.Collections.Immutable;
using System.Text;

namespace Gateway.Config;

/// <summary>Collects what there is to say about a config.</summary>
internal sealed class FindingLog
{
    /// <summary>Bounds the work on a file of nonsense. The largest real file known gives a few hundred.</summary>
    public const int MaxFindings = 5_000;

    private readonly List<ConfigFinding> _findings = [];
    private readonly HashSet<ConfigFinding> _seen = [];

    /// <summary>Every file that was looked for, be it there or not: a change of one of them changes the config.</summary>
    public List<ReadFile> Files { get; } = [];

    /// <summary>True when no more are taken but fatal ones.</summary>
    public bool IsFull => _findings.Count >= MaxFindings;

    /// <summary>Adds a finding, once.</summary>
    public void Add(FindingKind kind, string file, int line, string path, string message)
    {
        var finding = new ConfigFinding(kind, file, line, path, message);
        if ((!IsFull || kind == FindingKind.Fatal) && _seen.Add(finding))
            _findings.Add(finding);
    }

    /// <summary>All findings by file and line; one that is the same in many entries of a list stands once, with their number.</summary>
    public ImmutableArray<ConfigFinding> ToImmutable() =>
    [
        .. _findings
            .GroupBy(finding => (finding.Kind, finding.File, Path: WithoutIndexes(finding.Path), finding.Message))
            .Select(Summarize)
            .OrderBy(finding => finding.File, StringComparer.Ordinal)
            .ThenBy(finding => finding.Line),
    ];

    /// <summary>A name out of the file, short and without control characters, so that a finding stays one line.</summary>
    public static string Clip(string text, int length = 60)
    {
        var clipped = new StringBuilder(Math.Min(text.Length, length) + 1);
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, length)))
            clipped.Append(char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c);
        return text.Length > length ? clipped.Append('…').ToString() : clipped.ToString();
    }

    private static ConfigFinding Summarize(IEnumerable<ConfigFinding> same)
    {
        var all = same.OrderBy(finding => finding.Line).ToArray();
        var first = all[0];
        return all.Length == 1
            ? first
            : first with { Message = $"{first.Message} (and {all.Length - 1} more like it)" };
    }

    /// <summary><c>model_list[3].rpm</c> as <c>model_list[].rpm</c>.</summary>
    private static string WithoutIndexes(string path)
    {
        if (!path.Contains('['))
            return path;
        var bare = new StringBuilder(path.Length);
        var inIndex = false;
        foreach (var c in path)
        {
            inIndex = c == '[' || inIndex && char.IsAsciiDigit(c);
            if (!inIndex || c == '[')
                bare.Append(c);
        }
        return bare.ToString();
    }
}
