namespace Gateway.Config;

/// <summary>A price of a deployment's own for long prompts, for an urgency or for images, in USD.</summary>
/// <param name="Name">The key, for messages.</param>
/// <param name="Field">What the key means.</param>
/// <param name="Usd">USD for one.</param>
public sealed record CustomTierPrice(string Name, PriceField Field, decimal Usd);
