using Gateway.Catalog;
using Gateway.Limits;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>What one attempt can cost at most.</summary>
/// <param name="Tokens">Input and output.</param>
/// <param name="OutputTokens">Of all choices together.</param>
internal readonly record struct AttemptBound(NanoUsd Cost, long Tokens, long OutputTokens);

internal sealed class RequestBound
{
    public CostBound Cost { get; private init; }
    public bool IsCapExplicit { get; private init; }
    public bool CanLower { get; private init; }
    public string? UnpricedModel { get; private init; }

    public static RequestBound Of(AttemptRun run, DateTimeOffset now) => new() { Cost = new() { OutputCap = 100 } };

    public AttemptBound For(AttemptRun run, Deployment deployment, ModelPrice? price, long granted) => new(NanoUsd.Zero, 0, granted);
}
