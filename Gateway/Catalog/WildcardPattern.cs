using System.Collections.Immutable;

namespace Gateway.Catalog;

/// <summary>
/// A model name with stars, each of which stands for any text: <c>openai/*</c>. Unlike LiteLLM's, which are open at the end
/// (<c>a*b</c> takes <c>axbzzz</c> too), a pattern is for whole names. As in LiteLLM an earlier star takes as much as it can.
/// </summary>
public sealed class WildcardPattern
{
    private readonly string[] _pieces;

    public WildcardPattern(string text)
    {
        Text = text;
        _pieces = text.Split('*');
    }

    public string Text { get; }

    /// <summary>How many stars there are.</summary>
    public int Stars => _pieces.Length - 1;

    /// <summary>True for text that holds a star.</summary>
    public static bool IsPattern(string text) => text.Contains('*');

    /// <summary>True when the whole name fits. Allocates nothing.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        // The usual two-pointer walk: on a mismatch the last star takes one letter more.
        var (p, n, star, mark) = (0, 0, -1, 0);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
                (star, mark, p) = (p, n, p + 1);
            else if (p < pattern.Length && pattern[p] == name[n])
                (p, n) = (p + 1, n + 1);
            else if (star >= 0)
                (p, n) = (star + 1, ++mark);
            else
                return false;
        }
        return pattern[p..].TrimStart('*').IsEmpty;
    }

    /// <summary>What each star stands for. Null: the name does not fit.</summary>
    public ImmutableArray<string>? Capture(string name)
    {
        var (first, last) = (_pieces[0], _pieces[^1]);
        if (Stars == 0)
            return name == Text ? [] : null;
        if (name.Length < first.Length + last.Length
            || !name.StartsWith(first, StringComparison.Ordinal) || !name.EndsWith(last, StringComparison.Ordinal))
            return null;
        // From the right, each piece as far right as it goes: that is what makes the earlier stars long.
        var captured = new string[Stars];
        var end = name.Length - last.Length;
        for (var i = Stars - 1; i > 0; i--)
        {
            var piece = _pieces[i];
            var at = end >= piece.Length + first.Length ? name.AsSpan(first.Length, end - first.Length).LastIndexOf(piece) : -1;
            if (at < 0)
                return null;
            at += first.Length;
            captured[i] = name[(at + piece.Length)..end];
            end = at;
        }
        captured[0] = name[first.Length..end];
        return [.. captured];
    }

    /// <summary>Puts texts in the place of the stars, left to right; needs as many as there are stars.</summary>
    public string Fill(ImmutableArray<string> texts)
    {
        var parts = new string[_pieces.Length + Stars];
        for (var i = 0; i < parts.Length; i++)
            parts[i] = i % 2 == 0 ? _pieces[i / 2] : texts[i / 2];
        return string.Concat(parts);
    }

    /// <summary>Sorts patterns in the order in which they are tried: longest first, of equal ones that with more special characters.</summary>
    public static int Compare(WildcardPattern a, WildcardPattern b)
    {
        var byLength = b.Text.Length.CompareTo(a.Text.Length);
        return byLength != 0 ? byLength : Special(b.Text).CompareTo(Special(a.Text));
    }

    /// <summary>The characters that LiteLLM counts.</summary>
    private static int Special(string text) => text.Count(c => @"*+?\^$|()".Contains(c));
}
