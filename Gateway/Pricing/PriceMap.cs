using System.Globalization;
using System.Text.Json;

namespace Gateway.Pricing;

/// <summary>
/// Prices and sizes of models in the format of LiteLLM's <c>model_prices_and_context_window.json</c>: an object with a member per
/// model. They count before those of the price book.
/// </summary>
public sealed class PriceMap
{
    /// <summary>LiteLLM's own file has about 2,500 entries.</summary>
    private const int MaxEntries = 50_000;

    /// <summary>So many problems are told apart; the rest is one sentence.</summary>
    private const int MaxProblems = 50;

    /// <summary>As the price book: a longer name is not looked up.</summary>
    private const int MaxNameLength = 256;

    /// <summary>
    /// The dearest token ever sold costs 0.0006 USD (o1-pro). Above 0.01 USD somebody wrote a price per million or per thousand.
    /// </summary>
    private const decimal MostUsdPerToken = 0.01m;

    /// <summary>LiteLLM's first entry explains the others.</summary>
    private const string Sample = "sample_spec";

    /// <summary>The modes whose seconds are those of the answer; elsewhere they are those of a recording.</summary>
    private static readonly string[] TextModes = ["chat", "completion", "responses", "embedding"];

    /// <summary>An entry.</summary>
    /// <param name="Provider">Null: it holds at any provider.</param>
    /// <param name="Price">Null: it tells none that can be counted.</param>
    internal sealed record Entry(string? Provider, ModelPrice? Price, ModelLimits Limits);

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly ICollection<string> _problems;
    private readonly string _name;
    private int _found;

    private PriceMap(string name, ICollection<string> problems) => (_name, _problems) = (name, problems);

    /// <summary>How many models it knows.</summary>
    public int Count => _entries.Count;

    /// <summary>Reads a map. Fields that are not known are passed over, as LiteLLM adds some with each version.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="name">What the map is called in a price's id: a file name.</param>
    /// <param name="problems">Grows by a sentence per entry that is wrong, and is left out. At most 51.</param>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static PriceMap Read(ReadOnlyMemory<byte> json, string name, ICollection<string> problems)
    {
        var map = new PriceMap(name, problems);
        var reader = new Utf8JsonReader(json.Span);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("must be a JSON object with a member per model");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var model = reader.GetString()!;
            reader.Read();
            using var entry = JsonDocument.ParseValue(ref reader);
            map.Add(model, entry.RootElement);
        }
        if (map._found > MaxProblems)
            problems.Add($"has {map._found - MaxProblems} more entries that are left out");
        return map;
    }

    /// <summary>What the map knows of a model under any of its names. Null: nothing.</summary>
    internal Entry? Find(string provider, string model)
    {
        Entry? known = null;
        foreach (var name in ModelNames.Of(provider, model))
        {
            // A name with its provider, then a bare one that is that provider's or anybody's.
            known = Join(known, _entries.GetValueOrDefault($"{provider}/{name}"));
            if (_entries.TryGetValue(name, out var bare) && (bare.Provider is null || PriceNames.IsSame(provider, bare.Provider)))
                known = Join(known, bare);
        }
        return known;
    }

    private static Entry? Join(Entry? first, Entry? second) => first is null || second is null
        ? first ?? second
        : new Entry(first.Provider, first.Price ?? second.Price, first.Limits.Or(second.Limits));

    private void Add(string model, JsonElement json)
    {
        if (model == Sample)
            return;
        var shown = Clip(model);
        if (model.Length is 0 or > MaxNameLength)
            Report($"the entry '{shown}' has a name that no model can have; it is left out");
        else if (json.ValueKind != JsonValueKind.Object)
            Report($"the entry '{shown}' must be an object; it is left out");
        else if (_entries.Count >= MaxEntries)
            Report($"the entry '{shown}' is beyond the {MaxEntries} that are read; it is left out");
        else if (ReadPrice(model, json, out var problem) is var price && problem is not null)
            Report($"the entry '{shown}': {problem}; it is left out");
        else
            _entries[model] = new Entry(Text(json, "litellm_provider"), price, ReadLimits(json));
    }

    private ModelPrice? ReadPrice(string model, JsonElement json, out string? problem)
    {
        problem = null;
        var sheet = new PriceSheet();
        SearchFee? search = null;
        var isText = Text(json, "mode") is not { } mode || TextModes.Contains(mode);
        foreach (var member in json.EnumerateObject())
        {
            if (member.NameEquals("tiered_pricing"))
                ReadTiers(member.Value, sheet, ref problem);
            else if (member.NameEquals("search_context_cost_per_query"))
                search = ReadSearchFee(member.Value, ref problem);
            else if (PriceField.TryRead(member.Name, out var field))
                Add(sheet, field, member.Name, member.Value, ref problem);
        }
        var input = new PriceField(PriceUnit.Input);
        // As in the price book: who does not know what input costs does not know what a request costs.
        var isTimed = sheet.Find(new(PriceUnit.InputSecond)) is not null || sheet.Find(new(PriceUnit.OutputSecond)) is not null;
        var isKnown = sheet.Find(input) is not null || sheet.Find(new(PriceUnit.Request)) is not null || (isTimed && isText);
        var price = sheet.ToPrice($"{model}@{_name}", PriceSource.Map) with { Search = search, PricesTokens = isKnown };
        if (!isText)
            price = price with { PerSecond = 0 };
        return problem is null && (isKnown || price.Units != default) ? price : null;
    }

    /// <summary>
    /// <c>{"search_context_size_low": 0.03, …_medium: …, …_high: …}</c>, or one number for all; a size that is left out costs as much as
    /// the dearest.
    /// </summary>
    private static SearchFee? ReadSearchFee(JsonElement json, ref string? problem)
    {
        const string Name = "search_context_cost_per_query";
        if (json.ValueKind == JsonValueKind.Null)
            return null;
        var sizes = new long?[SearchFee.SizeNames.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            var value = json;
            if (json.ValueKind == JsonValueKind.Object && !json.TryGetProperty("search_context_size_" + SearchFee.SizeNames[i], out value))
                continue;
            if (Number(value) is not { } usd || !PriceRates.TryFromUsd(usd, out var rate))
            {
                problem ??= $"{Name} must hold numbers of USD from 0 to 1000";
                return null;
            }
            sizes[i] = rate;
        }
        return sizes.Max() is { } dearest ? new SearchFee(sizes[0] ?? dearest, sizes[1] ?? dearest, sizes[2] ?? dearest) : null;
    }

    /// <summary><c>[{"range": [0, 32000], "input_cost_per_token": …}, …]</c>: each holds above the start of its range.</summary>
    private static void ReadTiers(JsonElement json, PriceSheet sheet, ref string? problem)
    {
        foreach (var tier in json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : default)
        {
            if (tier.ValueKind != JsonValueKind.Object || !tier.TryGetProperty("range", out var range)
                || range.ValueKind != JsonValueKind.Array || range.GetArrayLength() == 0
                || Number(range[0]) is not (>= 0 and < 1e12m and var from))
            {
                problem ??= "tiered_pricing must be a list of objects with a range, as [0, 32000]";
                return;
            }
            foreach (var member in tier.EnumerateObject())
            {
                if (PriceField.TryRead(member.Name, out var field) && field is { IsPerToken: true, Above: 0 })
                    Add(sheet, field with { Above = (long)from }, $"tiered_pricing.{member.Name}", member.Value, ref problem);
            }
        }
    }

    private static void Add(PriceSheet sheet, PriceField field, string name, JsonElement json, ref string? problem)
    {
        if (json.ValueKind == JsonValueKind.Null)
            return;
        if (Number(json) is not { } usd || !PriceRates.TryFromUsd(usd, out var rate))
            problem ??= $"{name} must be a number of USD from 0 to 1000";
        else if (field.IsPerToken && usd > MostUsdPerToken)
            problem ??= $"{name} is {usd.ToString(CultureInfo.InvariantCulture)} USD for one token; prices are per token, not per million";
        else
            sheet.Add(field, rate);
    }

    /// <summary>A number, or (LiteLLM takes them too) a number in quotes. Null: it is none that can be a price.</summary>
    private static decimal? Number(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Number when json.TryGetDecimal(out var number) => number,
        JsonValueKind.String when decimal.TryParse(
            json.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    /// <summary>Sizes; what is no count says nothing (LiteLLM's file has texts there).</summary>
    private static ModelLimits ReadLimits(JsonElement json) =>
        new(Size(json, "max_input_tokens"), Size(json, "max_output_tokens") ?? Size(json, "max_tokens"));

    private static long? Size(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && Number(value) is > 0 and < 1e12m and var size ? (long)size : null;

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private void Report(string problem)
    {
        if (_found++ < MaxProblems)
            _problems.Add(problem);
    }

    private static string Clip(string text) =>
        string.Concat(text.Take(60).Select(c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c));
}
