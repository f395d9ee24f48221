using System.Collections.Immutable;

namespace Gateway.Pricing;

/// <summary>What tokens cost at an urgency that has prices of its own.</summary>
public sealed record ServicePrice(ServiceTier Service, PriceRates Rates, ImmutableArray<PriceTier> Tiers);
