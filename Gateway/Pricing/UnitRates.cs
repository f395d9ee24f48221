namespace Gateway.Pricing;

/// <summary>What pieces cost that are no tokens, in nano-USD per million. Null: no price is known.</summary>
public readonly record struct UnitRates
{
    /// <summary>A picture that is drawn, of whatever size and quality.</summary>
    public long? Image { get; init; }

    /// <summary>A character that is spoken.</summary>
    public long? Character { get; init; }

    /// <summary>A second of a recording that is sent.</summary>
    public long? AudioSecond { get; init; }

    /// <summary>A search unit of a rerank.</summary>
    public long? SearchUnit { get; init; }

    /// <summary>True when no piece costs anything.</summary>
    public bool IsZero => (Image ?? 0, Character ?? 0, AudioSecond ?? 0, SearchUnit ?? 0) == (0, 0, 0, 0);

    /// <summary>So many pieces, in nano-USD per million; parts of a second are rounded up.</summary>
    internal Int128 SumOf(in BilledUnits units) =>
        (Int128)Count(units.Images) * (Image ?? 0)
        + (Int128)Count(units.Characters) * (Character ?? 0)
        + ((Int128)Count(units.AudioMs) * (AudioSecond ?? 0) + 999) / 1000
        + (Int128)Count(units.SearchUnits) * (SearchUnit ?? 0);

    /// <summary>The lines that add up to the same.</summary>
    internal IEnumerable<PriceLine> LinesOf(BilledUnits units) =>
    [
        new("images", Image is null ? 0 : units.Images, Image ?? 0),
        new("characters", Character is null ? 0 : units.Characters, Character ?? 0),
        new("audio seconds", AudioSecond is null ? 0 : units.AudioMs / 1000m, AudioSecond ?? 0),
        new("search units", SearchUnit is null ? 0 : units.SearchUnits, SearchUnit ?? 0),
    ];

    /// <summary>Far above anything that is sent, far below an overflow.</summary>
    private static long Count(long units) => Math.Clamp(units, 0, 1_000_000_000_000);
}
