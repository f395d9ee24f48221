using System.Collections.Immutable;
using System.Text.Json;

namespace Gateway.Pricing;

/// <summary>Reads the <c>usd_per_million</c> objects of both files.</summary>
internal static class UsdPerMillion
{
    /// <summary>
    /// Reads a price of prices.json, whose members are a number or <c>{"base": 3, "tiers": [{"above": 200000, "price": 6}]}</c>.
    /// </summary>
    /// <returns>Null when neither input tokens nor recordings have a price: then what a request costs is unknown.</returns>
    public static ModelPrice? ReadPrice(string id, JsonElement json)
    {
        if (!json.TryGetProperty("input_mtok", out _))
            return ReadAudioPrice(id, json);
        var thresholds = new SortedSet<long>();
        foreach (var member in json.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Object)
                thresholds.UnionWith(member.Value.GetProperty("tiers").EnumerateArray().Select(t => t.GetProperty("above").GetInt64()));
        }
        // Priced per thousand requests: perplexity's search models.
        var perRequest = json.TryGetProperty("requests_kcount", out var requests) ? Rate(requests.GetDecimal() * 1000) : 0;
        return new ModelPrice
        {
            Id = id,
            Rates = ReadRates(json, -1),
            Tiers = [.. thresholds.Select(above => new PriceTier(above, ReadRates(json, above)))],
            PerRequest = perRequest,
            Search = json.TryGetProperty("web_searches_kcount", out var searches) ? SearchFee.Of(Rate(searches.GetDecimal() * 1000)) : null,
        };
    }

    /// <summary>The price of an hour of a recording: whisper's.</summary>
    private static ModelPrice? ReadAudioPrice(string id, JsonElement json) =>
        json.TryGetProperty("input_audio_hours", out var hour) || json.TryGetProperty("audio_hours", out hour)
            ? new ModelPrice
            {
                Id = id,
                Units = new UnitRates { AudioSecond = Rate(hour.GetDecimal() * 1_000_000 / 3600) },
                PricesTokens = false,
            }
            : null;

    /// <summary>Reads a list price of limits.json, whose tiers are objects of the same shape as the price itself.</summary>
    /// <returns>Null when input and output are 0, which there means that nobody knows.</returns>
    public static ModelPrice? ReadListPrice(string id, JsonElement json)
    {
        var rates = ReadListRates(json);
        if (rates is { Input: 0, Output: 0 })
            return null;
        var tiers = json.TryGetProperty("tiers", out var list) ? list.EnumerateArray() : default;
        return new ModelPrice
        {
            Id = id,
            Rates = rates,
            Tiers = [.. tiers.Select(t => new PriceTier(t.GetProperty("above_input_tokens").GetInt64(), ReadListRates(t)))
                .OrderBy(t => t.Above)],
        };
    }

    /// <summary>The rates of a prompt that has just passed a threshold; -1: of the smallest prompt.</summary>
    private static PriceRates ReadRates(JsonElement json, long above) => PriceRates.Of(
        Find(json, "input_mtok", above) ?? 0,
        Find(json, "output_mtok", above) ?? 0,   // embeddings have no output
        Find(json, "cache_read_mtok", above),
        Find(json, "cache_write_mtok", above),
        Find(json, "cache_write_1h_mtok", above),
        Find(json, "input_audio_mtok", above),
        Find(json, "output_reasoning_mtok", above),
        Find(json, "output_audio_mtok", above),
        Find(json, "input_image_mtok", above),
        Find(json, "output_image_mtok", above));

    private static long? Find(JsonElement json, string name, long above)
    {
        if (!json.TryGetProperty(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number)
            return Rate(value.GetDecimal());
        var price = value.GetProperty("base").GetDecimal();
        var reached = -1L;
        foreach (var tier in value.GetProperty("tiers").EnumerateArray())
        {
            var threshold = tier.GetProperty("above").GetInt64();
            if (threshold <= above && threshold > reached)
                (reached, price) = (threshold, tier.GetProperty("price").GetDecimal());
        }
        return Rate(price);
    }

    /// <summary>A cache price of 0 is how limits.json says that it was not given.</summary>
    private static PriceRates ReadListRates(JsonElement json)
    {
        var (read, write) = (Rate(json.GetProperty("cache_read").GetDecimal()), Rate(json.GetProperty("cache_write").GetDecimal()));
        return PriceRates.Of(
            Rate(json.GetProperty("input").GetDecimal()),
            Rate(json.GetProperty("output").GetDecimal()),
            read == 0 ? null : read,
            write == 0 ? null : write);
    }

    private static long Rate(decimal usdPerMillion) =>
        PriceRates.TryFromUsdPerMillion(usdPerMillion, out var rate)
            ? rate
            : throw new FormatException("The price data holds a price that is negative or too large.");
}
