using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Pricing;

/// <summary>A rule of prices.json that says which model names an entry is for: <c>{"starts_with": "gpt-4o"}</c>.</summary>
internal abstract record MatchRule
{
    /// <summary>The patterns look ahead, which the linear engine cannot; so they get a time instead. Model names are short.</summary>
    private static readonly TimeSpan RegexTime = TimeSpan.FromMilliseconds(50);

    /// <summary>True when the name, in any case, is one that the rule means.</summary>
    public abstract bool Matches(string model);

    /// <summary>Reads a rule.</summary>
    /// <exception cref="FormatException">A kind of rule that is not known.</exception>
    public static MatchRule Read(JsonElement json)
    {
        var rule = json.EnumerateObject().First();
        return rule.Name switch
        {
            "equals" => new EqualTo(rule.Value.GetString()!),
            "starts_with" => new StartsWith(rule.Value.GetString()!),
            "ends_with" => new EndsWith(rule.Value.GetString()!),
            "contains" => new Contains(rule.Value.GetString()!),
            "regex" => new Pattern(rule.Value.GetString()!),
            "or" => new Any([.. rule.Value.EnumerateArray().Select(Read)]),
            "and" => new All([.. rule.Value.EnumerateArray().Select(Read)]),
            _ => throw new FormatException($"'{rule.Name}' is not a known kind of match rule."),
        };
    }

    private sealed record EqualTo(string Text) : MatchRule
    {
        public override bool Matches(string model) => model.Equals(Text, StringComparison.OrdinalIgnoreCase);
    }

    private sealed record StartsWith(string Text) : MatchRule
    {
        public override bool Matches(string model) => model.StartsWith(Text, StringComparison.OrdinalIgnoreCase);
    }

    private sealed record EndsWith(string Text) : MatchRule
    {
        public override bool Matches(string model) => model.EndsWith(Text, StringComparison.OrdinalIgnoreCase);
    }

    private sealed record Contains(string Text) : MatchRule
    {
        public override bool Matches(string model) => model.Contains(Text, StringComparison.OrdinalIgnoreCase);
    }

    private sealed record Pattern(string Text) : MatchRule
    {
        private readonly string _start = StartOf(Text);
        private Regex? _regex;

        public override bool Matches(string model)
        {
            // Building an expression takes longer than all other rules together, and few names need one.
            if (!model.StartsWith(_start, StringComparison.OrdinalIgnoreCase))
                return false;
            _regex ??= new Regex(Text, RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, RegexTime);
            try
            {
                return _regex.IsMatch(model);
            }
            catch (RegexMatchTimeoutException)
            {
                return false;
            }
        }
    }

    /// <summary>The plain text that a match begins with: <c>gpt-5.6-</c> for <c>^gpt-5\.6-\d{4}$</c>; may be empty.</summary>
    internal static string StartOf(string pattern)
    {
        if (!pattern.StartsWith('^') || pattern.Contains('|'))
            return "";
        var start = new StringBuilder();
        var i = 1;
        while (i < pattern.Length)
        {
            var isEscaped = pattern[i] == '\\' && i + 1 < pattern.Length && char.IsAsciiLetterOrDigit(pattern[i + 1]) is false;
            var letter = isEscaped ? pattern[i + 1] : pattern[i];
            if (!isEscaped && !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '/' or '_' or '@' or ':'))
                break;
            start.Append(letter);
            i += isEscaped ? 2 : 1;
        }
        // What comes next may make the last letter optional.
        if (i < pattern.Length && pattern[i] is '?' or '*' or '{' && start.Length > 0)
            start.Length--;
        return start.ToString();
    }

    private sealed record Any(MatchRule[] Rules) : MatchRule
    {
        public override bool Matches(string model) => Array.Exists(Rules, r => r.Matches(model));
    }

    private sealed record All(MatchRule[] Rules) : MatchRule
    {
        public override bool Matches(string model) => Array.TrueForAll(Rules, r => r.Matches(model));
    }
}
