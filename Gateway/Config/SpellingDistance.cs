namespace Gateway.Config;

/// <summary>Finds the name that somebody meant who made a slip: a letter too many, too few, wrong or swapped.</summary>
internal static class SpellingDistance
{
    /// <summary>Longer than any setting's name; bounds the work on nonsense.</summary>
    private const int MaxLength = 60;

    /// <summary>The nearest name within one slip, from six letters on two. Null: none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> names)
    {
        if (word.Length is < 3 or > MaxLength)
            return null;
        var nearest = word.Length < 6 ? 1 : 2;
        string? found = null;
        var lower = word.ToLowerInvariant().Replace('-', '_');
        foreach (var name in names)
        {
            if (Math.Abs(name.Length - word.Length) > nearest || name == word || word.Length < 6 && name.Length < 5)
                continue;
            var distance = Between(lower, name.ToLowerInvariant());
            if (distance > nearest || distance == nearest && found is not null)
                continue;
            (nearest, found) = (distance, name);
        }
        return found;
    }

    /// <summary>How many slips lie between two words (optimal string alignment).</summary>
    public static int Between(string a, string b)
    {
        var costs = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            costs[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            costs[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var wrong = a[i - 1] == b[j - 1] ? 0 : 1;
                var cost = Math.Min(Math.Min(costs[i - 1, j], costs[i, j - 1]) + 1, costs[i - 1, j - 1] + wrong);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    cost = Math.Min(cost, costs[i - 2, j - 2] + 1);
                costs[i, j] = cost;
            }
        }
        return costs[a.Length, b.Length];
    }
}
