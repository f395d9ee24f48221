using System.Globalization;
using System.Text;

namespace Gateway.Config;

/// <summary>What a written value means as a boolean, a number or a time. Python and YAML 1.1 spellings count, in quotes or not.</summary>
internal static class ScalarText
{
    /// <summary>Timers cannot wait longer than 49 days; nothing in a gateway should wait a month.</summary>
    public static readonly TimeSpan LongestDuration = TimeSpan.FromDays(31);

    /// <summary>YAML 1.1 has more booleans than 1.2, and LiteLLM reads 1.1.</summary>
    public static bool TryFlag(string text, out bool value)
    {
        value = text.ToLowerInvariant() is "true" or "yes" or "on" or "1";
        return value || text.ToLowerInvariant() is "false" or "no" or "off" or "0";
    }

    /// <summary>A whole number; <c>1_000</c> and <c>3.0</c> are whole.</summary>
    public static bool TryWhole(string text, out long value)
    {
        value = 0;
        if (!TryDecimal(text, out var exact) || exact != decimal.Truncate(exact) || exact is < long.MinValue or > long.MaxValue)
            return false;
        value = (long)exact;
        return true;
    }

    /// <summary>An exact number; <c>1e-6</c> is one.</summary>
    public static bool TryDecimal(string text, out decimal value) =>
        decimal.TryParse(WithoutUnderscores(text), NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    /// <summary>A finite number.</summary>
    public static bool TryNumber(string text, out double value) =>
        double.TryParse(WithoutUnderscores(text), NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    /// <summary>A time from zero to <see cref="LongestDuration"/>: seconds, or a number with ms, s, m, h, d or w.</summary>
    public static bool TryDuration(string text, out TimeSpan value)
    {
        value = default;
        var unit = text.AsSpan().TrimStart("0123456789.+-_eE").Trim();
        double? seconds = unit switch
        {
            "" or "s" => 1,
            "ms" => 0.001,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => null,
        };
        if (seconds is null || !TryNumber(text[..text.LastIndexOf(unit.ToString(), StringComparison.Ordinal)].Trim(), out var count))
            return false;
        if (count < 0 || count * seconds.Value > LongestDuration.TotalSeconds)
            return false;
        value = TimeSpan.FromSeconds(count * seconds.Value);
        return true;
    }

    /// <summary>YAML 1.1 lets an underscore stand between digits.</summary>
    private static string WithoutUnderscores(string text)
    {
        if (!text.Contains('_'))
            return text;
        var bare = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var isBetween = i > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1]);
            if (text[i] != '_' || !isBetween)
                bare.Append(text[i]);
        }
        return bare.ToString();
    }
}
