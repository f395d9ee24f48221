namespace Gateway.Catalog;

/// <summary>Finds the names that somebody who mistyped one probably meant.</summary>
public static class NearNames
{
    /// <summary>A longer name is not a typing error but something else.</summary>
    private const int MaxLength = 128;

    /// <summary>
    /// At most <paramref name="count"/> near names, the nearest first: those with few letters changed, and those that contain the
    /// name.
    /// </summary>
    public static IEnumerable<string> Of(string name, IEnumerable<string> known, int count = 3)
    {
        if (name.Length is 0 or > MaxLength)
            return [];
        // A third of the letters may be wrong: gpt4o is near gpt-4o, and not near o1.
        var allowed = Math.Max(1, name.Length / 3);
        return known.Where(k => k.Length <= MaxLength)
            .Select(k => (Name: k, Distance: Distance(name, k), Holds: k.Contains(name, StringComparison.OrdinalIgnoreCase)))
            .Where(k => k.Distance <= allowed || k.Holds)
            .OrderBy(k => k.Distance).ThenBy(k => k.Name, StringComparer.Ordinal)
            .Select(k => k.Name).Distinct().Take(count);
    }

    /// <summary>A half-sentence for a message: <c>; did you mean 'gpt-4o'?</c>, or nothing.</summary>
    public static string Hint(string name, IEnumerable<string> known) =>
        Of(name, known, 1).FirstOrDefault() is { } near ? $"; did you mean '{near}'?" : "";

    /// <summary>Levenshtein's distance, regardless of case.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                var differs = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], above) + 1, diagonal + differs);
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
