using System.Globalization;

namespace Gateway.Config;

/// <summary><c>decision_retention</c>: how long and how many decisions are kept, whichever is reached first.</summary>
public sealed record DecisionRetention(TimeSpan Age, int Count)
{
    private const string Key = "decision_retention";

    /// <summary>About 20 GB of database.</summary>
    private const int MostCount = 10_000_000;

    public static readonly DecisionRetention Default = new(TimeSpan.FromDays(7), 100_000);

    /// <summary>No decision is kept.</summary>
    public static readonly DecisionRetention None = new(TimeSpan.Zero, 0);

    public bool KeepsNone => Count == 0 || Age == TimeSpan.Zero;

    /// <summary>
    /// A time (<c>7d</c>), a number of decisions (<c>100000</c>), a list of both, or <c>off</c>; what is left out has its default.
    /// </summary>
    internal static DecisionRetention Read(YamlSection s)
    {
        var retention = Default;
        foreach (var word in s.Words(Key) ?? [])
        {
            if (ScalarText.TryFlag(word, out var on) && !on) // off, no, false, 0
                return None;
            if (ScalarText.TryWhole(word, out var count) && count is > 0 and <= MostCount)
                retention = retention with { Count = (int)count };
            else if (char.IsAsciiLetter(word[^1]) && ScalarText.TryDuration(word, out var age) && age > TimeSpan.Zero)
                retention = retention with { Age = age };
            else
                s.Report(FindingKind.Invalid, Key, string.Create(CultureInfo.InvariantCulture,
                    $"must be a time up to {ScalarText.LongestDuration.Days} days (7d), a number of decisions up to {MostCount} (100000), ")
                    + "a list of both, or off" + s.Quote(Key));
        }
        return retention;
    }
}
