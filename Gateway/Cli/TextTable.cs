namespace Gateway.Cli;

/// <summary>A table for a terminal: columns as wide as their widest cell, two spaces apart; columns of numbers stand right.</summary>
internal sealed class TextTable(params string[] head)
{
    private readonly List<string[]> _rows = [];
    private readonly HashSet<int> _numeric = [];

    /// <summary>Says which columns, from 0, hold numbers.</summary>
    public TextTable WithNumbersIn(params int[] columns)
    {
        _numeric.UnionWith(columns);
        return this;
    }

    /// <summary>Adds a row with as many cells as the head.</summary>
    public void Add(params string[] cells) => _rows.Add([.. cells.Select(Printable)]);

    public void WriteTo(TextWriter output)
    {
        var widths = head.Select((name, i) => Math.Max(name.Length, _rows.Select(row => row[i].Length).DefaultIfEmpty().Max())).ToArray();
        foreach (var row in _rows.Prepend(head))
            output.WriteLine(string.Join("  ", row.Select((cell, i) => Pad(cell, i, widths[i]))).TrimEnd());
    }

    private string Pad(string cell, int column, int width) => _numeric.Contains(column) ? cell.PadLeft(width) : cell.PadRight(width);

    /// <summary>Names come from configs and clients; control characters in them must not reach the terminal.</summary>
    private static string Printable(string cell) => string.Concat(cell.Select(c => char.IsControl(c) ? '?' : c));
}
