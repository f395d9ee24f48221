using System.Globalization;

namespace Gateway;

/// <summary>An amount of money: a whole number of nano-dollars (1e-9 USD). Exact from 0 to about 9.2 billion dollars.</summary>
public readonly record struct NanoUsd(long Value) : IComparable<NanoUsd>
{
    /// <summary>Nano-dollars in a dollar.</summary>
    public const long PerUsd = 1_000_000_000;

    /// <summary>A sign, ten digits of dollars, a point and nine digits behind it.</summary>
    private const int MaxTextLength = 21;

    /// <summary>No money.</summary>
    public static readonly NanoUsd Zero;

    /// <summary>Converts dollars, rounding to the nearest nano-dollar (half away from zero).</summary>
    /// <exception cref="OverflowException">More than about 9.2 billion dollars.</exception>
    public static NanoUsd FromUsd(decimal usd) => new((long)decimal.Round(usd * PerUsd, 0, MidpointRounding.AwayFromZero));

    /// <summary>The amount in dollars, exactly.</summary>
    public decimal ToUsd() => new decimal(Value) / PerUsd;

    /// <summary>Dollars as a plain decimal without exponent or trailing zeros: <c>0.0000125</c>, <c>3</c>, <c>0</c>.</summary>
    public override string ToString()
    {
        Span<char> text = stackalloc char[MaxTextLength];
        var whole = Math.DivRem(Value, PerUsd, out var fraction);
        var length = 0;
        if (Value < 0)
            text[length++] = '-';
        Math.Abs(whole).TryFormat(text[length..], out var digits, default, CultureInfo.InvariantCulture);
        length += digits;
        if (fraction == 0)
            return new string(text[..length]);
        text[length++] = '.';
        Math.Abs(fraction).TryFormat(text[length..], out digits, "D9", CultureInfo.InvariantCulture);
        return new string(text[..(length + digits)].TrimEnd('0'));
    }

    public int CompareTo(NanoUsd other) => Value.CompareTo(other.Value);

    public static NanoUsd operator +(NanoUsd a, NanoUsd b) => new(checked(a.Value + b.Value));
    public static NanoUsd operator -(NanoUsd a, NanoUsd b) => new(checked(a.Value - b.Value));
    public static bool operator <(NanoUsd a, NanoUsd b) => a.Value < b.Value;
    public static bool operator >(NanoUsd a, NanoUsd b) => a.Value > b.Value;
    public static bool operator <=(NanoUsd a, NanoUsd b) => a.Value <= b.Value;
    public static bool operator >=(NanoUsd a, NanoUsd b) => a.Value >= b.Value;
}
