using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Gateway.Pricing;

/// <summary>One model of prices.json: the names it goes by and its prices over time.</summary>
internal sealed class PriceEntry
{
    /// <summary>A price and when it holds. A null price: unknown.</summary>
    private sealed record Period(DateTimeOffset? From, TimeSpan? DayStart, TimeSpan? DayEnd, ModelPrice? Price);

    private readonly MatchRule _rule;
    private readonly ImmutableArray<Period> _periods;

    /// <summary>Reads an entry; <paramref name="provider"/> is the provider's name in prices.json.</summary>
    public PriceEntry(string provider, JsonElement json)
    {
        Id = json.GetProperty("id").GetString()!;
        _rule = MatchRule.Read(json.GetProperty("match"));
        ContextWindow = json.TryGetProperty("context_window", out var window) ? window.GetInt64() : null;
        _periods = [.. json.GetProperty("prices").EnumerateArray().Select(p => ReadPeriod($"{provider}/{Id}@prices.json", p))];
    }

    public string Id { get; }
    public long? ContextWindow { get; }

    /// <summary>How many dated prices the entry has, unknown ones included.</summary>
    public int Count => _periods.Length;

    /// <summary>False when no token price of the model is known at any time.</summary>
    public bool HasPrice => _periods.Any(p => p.Price is not null);

    /// <summary>True when the entry's rule means that name.</summary>
    public bool Matches(string model) => _rule.Matches(model);

    /// <summary>The price that holds at a time: the last in the file whose date and time of day fit. Null: unknown.</summary>
    public ModelPrice? At(DateTimeOffset time)
    {
        for (var i = _periods.Length - 1; i >= 0; i--)
        {
            if (Holds(_periods[i], time))
                return _periods[i].Price;
        }
        return null;
    }

    private static bool Holds(Period period, DateTimeOffset time)
    {
        if (period.From is { } from && time < from)
            return false;
        if (period is not { DayStart: { } start, DayEnd: { } end })
            return true;
        var now = time.UtcDateTime.TimeOfDay;
        return start <= end ? start <= now && now < end : start <= now || now < end;
    }

    private static Period ReadPeriod(string id, JsonElement json)
    {
        DateTimeOffset? from = null;
        TimeSpan? start = null, end = null;
        if (json.TryGetProperty("from", out var date))
        {
            from = DateTimeOffset.ParseExact(date.GetString()!, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            id += $" from {date.GetString()}";
        }
        if (json.TryGetProperty("daily", out var daily))
        {
            start = ReadTimeOfDay(daily.GetProperty("start_time"));
            end = ReadTimeOfDay(daily.GetProperty("end_time"));
            id += $" daily {start:hh\\:mm}-{end:hh\\:mm}";
        }
        return new Period(from, start, end, UsdPerMillion.ReadPrice(id, json.GetProperty("usd_per_million")));
    }

    /// <summary>Reads <c>16:30:00Z</c>; all times of the data are UTC.</summary>
    private static TimeSpan ReadTimeOfDay(JsonElement json) =>
        TimeSpan.ParseExact(json.GetString()!, @"hh\:mm\:ss\Z", CultureInfo.InvariantCulture);
}
