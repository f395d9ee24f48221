namespace Gateway.Pricing;

/// <summary>What is taken off a cost and put on it before it is rounded; as it is by default: nothing.</summary>
public readonly record struct PriceAdjustment
{
    /// <summary>Discounts and margins are kept in millionths.</summary>
    public const long Whole = 1_000_000;

    /// <summary>A margin above 1,000 % is taken for a mistake (10 for 10 %), as in LiteLLM.</summary>
    public const decimal MostMargin = 10;

    /// <summary>What a factor is a fraction of: a discount and a margin in millionths, multiplied.</summary>
    private const long Divisor = Whole * Whole;

    /// <summary>A share of the cost that is taken off, in millionths: 0 to <see cref="Whole"/>.</summary>
    public long Discount { get; private init; }

    /// <summary>A share of what is left that is put on, in millionths: 0 to 10 × <see cref="Whole"/>.</summary>
    public long Margin { get; private init; }

    /// <summary>What is put on each request, in nano-USD per million requests.</summary>
    public long Fixed { get; private init; }

    /// <summary>True when it changes nothing.</summary>
    public bool IsNone => this == default;

    /// <summary>Makes an adjustment; shares are rounded to a millionth.</summary>
    /// <param name="discount">0 to 1.</param>
    /// <param name="margin">0 to <see cref="MostMargin"/>; counts on what the discount leaves.</param>
    /// <param name="fixedUsd">USD per request, 0 to 1000.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value outside its range.</exception>
    public static PriceAdjustment Of(decimal discount, decimal margin = 0, decimal fixedUsd = 0)
    {
        if (discount is < 0 or > 1)
            throw new ArgumentOutOfRangeException(nameof(discount));
        if (margin is < 0 or > MostMargin)
            throw new ArgumentOutOfRangeException(nameof(margin));
        if (!PriceRates.TryFromUsd(fixedUsd, out var perRequest))
            throw new ArgumentOutOfRangeException(nameof(fixedUsd));
        return new PriceAdjustment { Discount = Millionths(discount), Margin = Millionths(margin), Fixed = perRequest };
    }

    /// <summary>The shares alone, for a part of a cost.</summary>
    public PriceAdjustment WithoutFixed() => this with { Fixed = 0 };

    /// <summary>
    /// The one place where a cost is rounded: half up, and never above <paramref name="most"/>. Never falls when the sum rises.
    /// </summary>
    /// <param name="sum">A cost that is not negative, in nano-USD / <paramref name="scale"/>; at most 1e38.</param>
    /// <param name="scale">1e13: 1e6 of a rate's million × 1e7 ticks of a second.</param>
    /// <param name="most">The greatest cost, in nano-USD; at most 1e18.</param>
    internal long Round(Int128 sum, long scale, long most)
    {
        if (IsNone)
            return (long)Int128.Min((sum + scale / 2) / scale, most);
        var (nano, parts) = Int128.DivRem(sum, scale);
        if (nano >= most)
            return most;
        // nano × factor + parts × factor, where the product of all three would need more than 128 bits.
        var factor = (Int128)(Whole - Discount) * (Whole + Margin);
        var (result, rest) = Int128.DivRem(nano * factor, Divisor);
        var unit = (Int128)scale * Divisor;
        var small = rest * scale + parts * factor + (Int128)Fixed * (scale / 1_000_000) * Divisor;
        return (long)Int128.Min(result + (small + unit / 2) / unit, most);
    }

    /// <summary>A rate with discount and margin, rounded up; at most what a number holds: 9,223 USD per token.</summary>
    internal long RoundUp(long rate) => IsNone
        ? rate
        : (long)Int128.Min(((Int128)rate * (Whole - Discount) * (Whole + Margin) + (Divisor - 1)) / Divisor, long.MaxValue);

    private static long Millionths(decimal share) => (long)decimal.Round(share * Whole, 0, MidpointRounding.AwayFromZero);
}
