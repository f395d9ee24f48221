using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>Applies the discounts and margins of a config to prices, provider by provider.</summary>
internal sealed class CostAdjustments
{
    /// <summary>The price book's own bound on the prices that it keeps; when full, it starts anew.</summary>
    private const int MaxKept = 4096;

    public static readonly CostAdjustments None = new(FrozenDictionary<string, PriceAdjustment>.Empty, default);

    private readonly FrozenDictionary<string, PriceAdjustment> _byProvider;
    private readonly PriceAdjustment _others;

    // The price book gives the same object for the same price, so that it is adjusted once, not at every request.
    private readonly ConcurrentDictionary<(ModelPrice Price, PriceAdjustment Adjustment), ModelPrice> _adjusted = new(ByReference.Instance);

    private CostAdjustments(FrozenDictionary<string, PriceAdjustment> byProvider, PriceAdjustment others) =>
        (_byProvider, _others) = (byProvider, others);

    /// <summary>Reads the config's lists; a name that is no provider's is a finding.</summary>
    public static CostAdjustments Read(LiteLlmSettings settings, List<ConfigFinding> findings)
    {
        if (settings.CostDiscounts.IsEmpty && settings.CostMargins.IsEmpty)
            return None;
        var discounts = Known(settings.CostDiscounts, hasGlobal: false, findings);
        var margins = Known(settings.CostMargins, hasGlobal: true, findings);
        var everywhere = margins.GetValueOrDefault(CostShare.EveryProvider);
        var adjustments = discounts.Keys.Union(margins.Keys).Where(name => name != CostShare.EveryProvider)
            .ToFrozenDictionary(name => name, name => Of(discounts.GetValueOrDefault(name), margins.GetValueOrDefault(name) ?? everywhere));
        return new CostAdjustments(adjustments, Of(null, everywhere));
    }

    /// <summary>What a provider's answers are given off and on.</summary>
    public PriceAdjustment Of(Provider provider) => _byProvider.GetValueOrDefault(provider.Name, _others);

    /// <summary>The price with what its provider's answers are given off and on. Allocates once per price.</summary>
    public ModelPrice? Apply(Provider provider, ModelPrice? price)
    {
        var adjustment = Of(provider);
        if (price is null || adjustment.IsNone)
            return price;
        if (_adjusted.TryGetValue((price, adjustment), out var adjusted))
            return adjusted;
        adjusted = price with { Adjustment = adjustment };
        if (_adjusted.Count >= MaxKept)
            _adjusted.Clear();
        return _adjusted[(price, adjustment)] = adjusted;
    }

    private static PriceAdjustment Of(CostShare? discount, CostShare? margin) =>
        PriceAdjustment.Of(discount?.Percentage ?? 0, margin?.Percentage ?? 0, margin?.FixedAmount ?? 0);

    private static Dictionary<string, CostShare> Known(ImmutableArray<CostShare> shares, bool hasGlobal, List<ConfigFinding> findings)
    {
        var known = new Dictionary<string, CostShare>(StringComparer.Ordinal);
        foreach (var share in shares)
        {
            if (share.Provider == CostShare.EveryProvider ? hasGlobal : Providers.Find(share.Provider) is not null)
                known[Providers.Find(share.Provider)?.Name ?? share.Provider] = share;
            else
                findings.Add(new ConfigFinding(FindingKind.Unknown, share.File, share.Line, share.Path,
                    "is no provider, so that nothing is changed by it"
                    + NearNames.Hint(share.Provider, Providers.All.Select(p => p.Name))));
        }
        return known;
    }

    /// <summary>Prices are compared as objects: comparing them by value would take longer than adjusting them.</summary>
    private sealed class ByReference : IEqualityComparer<(ModelPrice Price, PriceAdjustment Adjustment)>
    {
        public static readonly ByReference Instance = new();

        public bool Equals((ModelPrice Price, PriceAdjustment Adjustment) x, (ModelPrice Price, PriceAdjustment Adjustment) y) =>
            ReferenceEquals(x.Price, y.Price) && x.Adjustment == y.Adjustment;

        public int GetHashCode((ModelPrice Price, PriceAdjustment Adjustment) key) =>
            RuntimeHelpers.GetHashCode(key.Price);
    }
}
