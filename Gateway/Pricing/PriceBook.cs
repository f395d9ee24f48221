using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;

namespace Gateway.Pricing;

/// <summary>
/// What models cost and how large they are, by LiteLLM's provider prefixes. Providers are parsed when they are first asked for,
/// and answers are kept; all members may be called by many threads at once.
/// </summary>
public sealed class PriceBook
{
    /// <summary>Model names may come from clients (wildcards), so what is kept is bounded; when full, it starts anew.</summary>
    private const int MaxKept = 4096;

    /// <summary>Longer than any model's name; a longer one is not looked up.</summary>
    private const int MaxNameLength = 256;

    /// <summary>A model of limits.json.</summary>
    private sealed record LimitEntry(string Id, ModelLimits Limits, ModelPrice? Price);

    /// <summary>What both files and the configured map know of one name.</summary>
    private sealed record Known(ImmutableArray<PriceEntry> Prices, ModelPrice? ListPrice, ModelPrice? Mapped, ModelLimits Limits)
    {
        public static readonly Known Nothing = new([], null, null, ModelLimits.None);

        public bool HasPrice => !Prices.IsEmpty || ListPrice is not null || Mapped is not null;
    }

    private static readonly ModelPrice MarkedFree = ModelPrice.Free("free");

    private static readonly Lazy<PriceBook> EmbeddedBook = new(() => Load(Resource("prices.json"), Resource("limits.json")));

    private readonly PriceFile _prices;
    private readonly PriceFile _limits;
    private readonly PriceMap? _map;
    private readonly ConcurrentDictionary<string, ImmutableArray<PriceEntry>> _entries;
    private readonly ConcurrentDictionary<string, ImmutableArray<LimitEntry>> _limitEntries;
    private readonly ConcurrentDictionary<(string Provider, string Model), Known> _known = new();
    private readonly ConcurrentDictionary<string, string?> _makers = new();
    private readonly Lazy<ImmutableArray<(string Maker, MatchRule Rule)>> _makerRules;

    private PriceBook(PriceFile prices, PriceFile limits)
    {
        _prices = prices;
        _limits = limits;
        _entries = new();
        _limitEntries = new();
        _makerRules = new(ReadMakerRules);
    }

    /// <summary>The same book, its parsed pages shared, with a map in front.</summary>
    private PriceBook(PriceBook book, PriceMap map)
    {
        _map = map;
        _prices = book._prices;
        _limits = book._limits;
        _entries = book._entries;
        _limitEntries = book._limitEntries;
        _makerRules = book._makerRules;
    }

    /// <summary>The book that is part of the executable.</summary>
    public static PriceBook Embedded => EmbeddedBook.Value;

    /// <summary>Reads a book; both streams are read to their ends and closed.</summary>
    /// <param name="prices">JSON in the layout of the embedded prices.json: an array, one provider per line.</param>
    /// <param name="limits">JSON in the layout of the embedded limits.json.</param>
    public static PriceBook Load(Stream prices, Stream limits)
    {
        using (prices)
        using (limits)
            return new PriceBook(new PriceFile(prices), new PriceFile(limits));
    }

    /// <summary>A book in which a map's prices and sizes count before this book's.</summary>
    public PriceBook With(PriceMap map) => new(this, map);

    /// <summary>What a model's tokens cost at a time. Null: unknown, which is not the same as free.</summary>
    /// <param name="provider">LiteLLM's prefix: <c>openai</c>.</param>
    /// <param name="model">The model without prefix.</param>
    /// <param name="at">Prices change on dates and by the hour.</param>
    public ModelPrice? Find(string provider, string model, DateTimeOffset at) =>
        FindAny(provider, model, at) is { PricesTokens: true } price ? price : null;

    /// <summary>As <see cref="Find"/>, where pieces alone may have a price too (<see cref="ModelPrice.PricesTokens"/>).</summary>
    public ModelPrice? FindAny(string provider, string model, DateTimeOffset at)
    {
        if (_map is not null && Recall(provider, model).Mapped is { } mapped)
            return mapped;
        if (PriceNames.LocalPriceOf(provider) is { } local)
            return local;
        if (model.EndsWith(":free", StringComparison.OrdinalIgnoreCase))
            return MarkedFree;
        var known = Recall(provider, model);
        var price = known.ListPrice;
        foreach (var entry in known.Prices)
            price = Dearer(entry.At(at), price);
        return price;
    }

    /// <summary>What is known of a model's size.</summary>
    public ModelLimits FindLimits(string provider, string model) =>
        _map is null && PriceNames.IsLocal(provider) ? ModelLimits.None : Recall(provider, model).Limits;

    /// <summary>The ids of all models known of a provider, sorted, for the list of a wildcard's models.</summary>
    public IEnumerable<string> ModelsOf(string provider)
    {
        var ids = new SortedSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in PriceNames.PricesOf(provider))
            ids.UnionWith(EntriesOf(name).Select(e => e.Id));
        ids.UnionWith(LimitsOf(PriceNames.LimitsOf(provider)).Select(l => l.Id));
        return ids;
    }

    /// <summary>Whose model a bare name is: <c>gpt-4o</c> → <c>openai</c>. Null: nobody's that is known.</summary>
    public string? MakerOf(string model)
    {
        if (model.Length is 0 or > MaxNameLength)
            return null;
        if (_makers.TryGetValue(model, out var maker))
            return maker;
        maker = FindMaker(model);
        Keep(_makers, model, maker);
        return maker;
    }

    /// <summary>How many models and dated prices prices.json holds, and how many models limits.json; parses everything.</summary>
    internal (int Models, int Prices, int Limits) CountAll()
    {
        var models = _prices.Providers.SelectMany(p => EntriesOf(p)).ToList();
        return (models.Count, models.Sum(m => m.Count), _limits.Providers.Sum(p => LimitsOf(p).Length));
    }

    /// <summary>How many answers are kept.</summary>
    internal int Kept => _known.Count;

    private Known Recall(string provider, string model)
    {
        if (model.Length is 0 or > MaxNameLength)
            return Known.Nothing;
        var key = (provider, model);
        if (_known.TryGetValue(key, out var known))
            return known;
        known = Search(provider, model);
        // A server of one's own may call its model anything.
        if (!known.HasPrice && !PriceNames.IsLocal(provider) && MakerOf(model) is { } maker && maker != provider)
        {
            // The bare name, as LiteLLM does: a model sold by another is taken for what its maker asks.
            var made = Search(maker, model);
            known = made with { Limits = known.Limits.Or(made.Limits) };
        }
        Keep(_known, key, known);
        return known;
    }

    /// <summary>Tries the model's names in turn; the first one that has a price sets it, the first one that has a size sets that.</summary>
    private Known Search(string provider, string model)
    {
        ImmutableArray<PriceEntry> prices = [];
        ModelPrice? listPrice = null;
        var mapped = _map?.Find(provider, model);
        var limits = mapped?.Limits ?? ModelLimits.None;
        foreach (var name in ModelNames.Of(provider, model))
        {
            var entries = EntriesFor(provider, name);
            var limit = LimitsOf(PriceNames.LimitsOf(provider)).FirstOrDefault(l => IsSame(l.Id, name));
            limits = limits.Or(limit?.Limits ?? ModelLimits.None).Or(new(entries.FirstOrDefault()?.ContextWindow, null));
            if (prices.IsEmpty && listPrice is null)
            {
                prices = [.. entries.Where(e => e.HasPrice)];
                listPrice = limit?.Price;
            }
        }
        return new Known(prices, listPrice, mapped?.Price, limits);
    }

    /// <summary>
    /// The entries of a name: one for each company that the prefix stands for; else one of the companies whose models the
    /// provider sells (azure sells OpenAI's).
    /// </summary>
    private ImmutableArray<PriceEntry> EntriesFor(string provider, string model)
    {
        if (provider == "huggingface")
            return EntriesOfRouter(model);
        var names = PriceNames.PricesOf(provider);
        var found = ImmutableArray.CreateBuilder<PriceEntry>();
        foreach (var name in names)
        {
            if (FindEntry(name, model) is { } entry)
                found.Add(entry);
        }
        if (found.Count > 0)
            return found.ToImmutable();
        foreach (var name in names)
        {
            var sellers = _prices.FindHeadMember(name, "fallback_model_providers"u8);
            foreach (var seller in sellers?.EnumerateArray() ?? default)
            {
                if (FindEntry(seller.GetString()!, model) is { } entry)
                    return [entry];
            }
        }
        return [];
    }

    /// <summary>
    /// Huggingface's router sends <c>org/model:company</c> (LiteLLM: <c>company/org/model</c>) to that company, and a name without
    /// one to any of them: then all prices count, so that the dearest does.
    /// </summary>
    private ImmutableArray<PriceEntry> EntriesOfRouter(string model)
    {
        var (slash, colon) = (model.IndexOf('/'), model.LastIndexOf(':'));
        if (colon > 0 && _prices.Find(PriceNames.HuggingfaceRouter + model[(colon + 1)..]) is not null)
            return [.. One(FindEntry(PriceNames.HuggingfaceRouter + model[(colon + 1)..], model[..colon]))];
        if (slash > 0 && _prices.Find(PriceNames.HuggingfaceRouter + model[..slash]) is not null)
            return [.. One(FindEntry(PriceNames.HuggingfaceRouter + model[..slash], model[(slash + 1)..]))];
        var routers = _prices.Providers.Where(p => p.StartsWith(PriceNames.HuggingfaceRouter, StringComparison.Ordinal));
        return [.. routers.SelectMany(r => One(FindEntry(r, model)))];

        static IEnumerable<PriceEntry> One(PriceEntry? entry) => entry is null ? [] : [entry];
    }

    /// <summary>Rules in file order, then ids: some entries' rules do not know their own id.</summary>
    private PriceEntry? FindEntry(string priceProvider, string model)
    {
        var entries = EntriesOf(priceProvider);
        return entries.FirstOrDefault(e => e.Matches(model)) ?? entries.FirstOrDefault(e => IsSame(e.Id, model));
    }

    private string? FindMaker(string model)
    {
        foreach (var (maker, rule) in _makerRules.Value)
        {
            if (rule.Matches(model))
                return maker;
        }
        // OpenAI's rule leaves out its embeddings and older models.
        return FindEntry("openai", model) is null ? null : "openai";
    }

    private ImmutableArray<(string, MatchRule)> ReadMakerRules()
    {
        var rules = ImmutableArray.CreateBuilder<(string, MatchRule)>();
        foreach (var provider in _prices.Providers)
        {
            if (PriceNames.MakerOf(provider) is { } maker && _prices.FindHeadMember(provider, "model_match"u8) is { } rule)
                rules.Add((maker, MatchRule.Read(rule)));
        }
        return rules.ToImmutable();
    }

    private ImmutableArray<PriceEntry> EntriesOf(string priceProvider) =>
        _entries.GetOrAdd(priceProvider, static (name, file) => Parse(file, name, json => new PriceEntry(name, json)), _prices);

    private ImmutableArray<LimitEntry> LimitsOf(string provider) =>
        _limitEntries.GetOrAdd(provider, static (name, file) => Parse(file, name, json => ReadLimit(name, json)), _limits);

    private static ImmutableArray<T> Parse<T>(PriceFile file, string provider, Func<JsonElement, T> read)
    {
        if (file.Find(provider) is not { } line)
            return [];
        using var json = JsonDocument.Parse(line);
        return [.. json.RootElement.GetProperty("models").EnumerateArray().Select(read)];
    }

    private static LimitEntry ReadLimit(string provider, JsonElement json)
    {
        var id = json.GetProperty("id").GetString()!;
        var limits = new ModelLimits(json.GetProperty("context_window").GetInt64(), json.GetProperty("max_output_tokens").GetInt64());
        return new LimitEntry(id, limits, UsdPerMillion.ReadListPrice($"{provider}/{id}@limits.json", json.GetProperty("usd_per_million")));
    }

    private static bool IsSame(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    /// <summary>The dearer of two prices for as much input as output; the first where they cost the same.</summary>
    private static ModelPrice? Dearer(ModelPrice? first, ModelPrice? second)
    {
        if (first is null || second is null)
            return first ?? second;
        return second.Rates.Input + second.Rates.Output > first.Rates.Input + first.Rates.Output ? second : first;
    }

    private static void Keep<TKey, TValue>(ConcurrentDictionary<TKey, TValue> kept, TKey key, TValue value) where TKey : notnull
    {
        if (kept.Count >= MaxKept)
            kept.Clear();
        kept[key] = value;
    }

    private static Stream Resource(string name) =>
        typeof(PriceBook).Assembly.GetManifestResourceStream($"Pricing/{name}")
        ?? throw new InvalidOperationException($"The executable was built without Pricing/{name}.");
}
