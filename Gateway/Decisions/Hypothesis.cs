namespace Gateway.Decisions;

/// <summary>What a request that was not made would have met with beyond its first choice.</summary>
public sealed record Hypothesis
{
    /// <summary>The groups that would be asked should the chosen one fail, in order, each with the choice that would be made now.</summary>
    public IReadOnlyList<RouteRecord> Fallbacks { get; init; } = [];

    /// <summary>What an answer would cost, deployment by deployment of all groups that would be asked.</summary>
    public IReadOnlyList<PriceEstimate> Prices { get; init; } = [];
}

/// <summary>What an answer of a deployment would cost.</summary>
/// <param name="PriceId">Null: the price is unknown.</param>
public sealed record PriceEstimate(string DeploymentId, string? PriceId, IReadOnlyList<CostLine> Lines, NanoUsd Cost);
