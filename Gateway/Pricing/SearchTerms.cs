namespace Gateway.Pricing;

/// <summary>What a request says of searches and other tools that the provider runs itself.</summary>
public readonly record struct AskedTools
{
    /// <summary>True when it asks for searches.</summary>
    public bool Searches { get; init; }

    /// <summary>True when it asks for a tool that nobody knows the fee of.</summary>
    public bool IsUnknown { get; init; }

    /// <summary><c>search_context_size</c>. Null: it names none.</summary>
    public string? Size { get; init; }

    /// <summary>The results or sources that it allows. Null: it does not say.</summary>
    public long? MaxResults { get; init; }
}

/// <summary>What the searches of one request cost: the fee of one, how many are billed, and how many it can be at most.</summary>
public readonly record struct SearchTerms
{
    /// <summary>
    /// A model's own search through OpenRouter's plugin costs what its maker asks, at most 0.05 USD a request (gpt-4o-search-preview in
    /// the large size, openrouter.ai/docs/features/web-search): as much as 13 results of the plugin's own.
    /// </summary>
    private const long LeastResults = 13;

    private SearchCount Counting { get; init; }

    /// <summary>In nano-USD per million.</summary>
    public long Rate { get; private init; }

    /// <summary>How many are billed where the provider does not report it.</summary>
    public long Expected { get; private init; }

    /// <summary>How many it can be.</summary>
    public long AtMost { get; private init; }

    /// <summary>False when the request can bring about a fee that nobody knows.</summary>
    public bool IsKnown { get; private init; }

    /// <summary>Finds the terms of a request. A deployment's own price is the whole truth: what it does not say costs nothing.</summary>
    /// <param name="provider">LiteLLM's prefix.</param>
    /// <param name="model">The model at the provider.</param>
    /// <param name="price">Null: unknown.</param>
    public static SearchTerms Of(string provider, string model, ModelPrice? price, in AskedTools asked)
    {
        var rule = SearchRule.Find(provider, model);
        var searches = asked.Searches || rule is { IsAlways: true };
        var isOwn = IsOwn(provider, price);
        var fee = FeeOf(provider, model, price);
        var most = rule is null ? SearchRule.Undocumented : Math.Clamp(asked.MaxResults ?? rule.Unsaid, 1, rule.AtMost);
        var counting = rule?.Count ?? SearchCount.Reported;
        return new SearchTerms
        {
            Counting = counting,
            Rate = fee?.RateOf(asked.Size, rule?.UnsaidSize ?? "") ?? 0,
            IsKnown = isOwn || !asked.IsUnknown && (!searches || fee is not null),
            AtMost = !searches ? 0 : counting == SearchCount.Results ? Math.Max(most, LeastResults) : most,
            Expected = !searches ? 0 : counting switch
            {
                SearchCount.PerRequest => 1,
                SearchCount.Results => most,
                _ => rule is { IsAlways: true } ? 1 : 0,
            },
        };
    }

    /// <summary>
    /// The fee of a search: the price's where a config says it, else the provider's list price, else the price book's. Null: unknown.
    /// </summary>
    internal static SearchFee? FeeOf(string provider, string model, ModelPrice? price) =>
        IsOwn(provider, price) || price is { Source: PriceSource.Map, Search: not null }
            ? price?.Search
            : SearchRule.Find(provider, model)?.Fee ?? price?.Search;

    private static bool IsOwn(string provider, ModelPrice? price) =>
        price?.Source == PriceSource.Deployment || PriceNames.IsLocal(provider);

    /// <summary>What is billed.</summary>
    /// <param name="bill">What the provider says. Null: nothing.</param>
    public SearchCharge ChargeOf(ReportedBill? bill) => new(
        Counting switch
        {
            SearchCount.Reported => bill?.Searches ?? Expected,
            SearchCount.Sources => bill?.Sources ?? Expected,
            _ => Expected,
        },
        Rate);

    /// <summary>What it can be at most, after discount and margin, rounded up so that it bounds a part of a larger sum.</summary>
    public NanoUsd MostCost(PriceAdjustment adjustment)
    {
        var sum = new SearchCharge(AtMost, Rate);
        if (sum.Sum == 0)
            return NanoUsd.Zero;
        // One more than rounding to the nearest gives is never less than rounding up.
        return new(ModelPrice.Adjust((decimal)sum.Sum / 1_000_000m / NanoUsd.PerUsd, adjustment).Value + 1);
    }
}
