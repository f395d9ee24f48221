namespace Gateway;

/// <summary>One line of the arithmetic that a cost comes from: so many tokens (requests, seconds) at a rate.</summary>
/// <param name="UsdPerMillion">The rate, in USD per million of what is counted.</param>
/// <param name="Usd">What the line comes to, not rounded.</param>
public readonly record struct CostLine(string Name, decimal Count, decimal UsdPerMillion, decimal Usd);
