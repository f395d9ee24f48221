namespace Gateway.Ledger;

/// <summary>Cells of a CSV file (RFC 4180).</summary>
public static class CsvText
{
    /// <summary>What makes a spreadsheet take a text for a formula (OWASP, "CSV Injection").</summary>
    private const string FormulaStarts = "=+-@\t\r";

    /// <summary>
    /// A text as a cell: in quotes where it holds commas, quotes or line ends, with an apostrophe before it where a spreadsheet would take
    /// it for a formula, since names, tags and end users come from clients.
    /// </summary>
    public static string Cell(string text)
    {
        if (text.Length > 0 && FormulaStarts.Contains(text[0]))
            text = "'" + text;
        return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"")}\"" : text;
    }
}
