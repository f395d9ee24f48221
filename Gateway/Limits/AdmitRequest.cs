using System.Collections.Immutable;

namespace Gateway.Limits;

/// <summary>A request that asks for admission: who pays for it, and what it can cost.</summary>
public readonly record struct AdmitRequest
{
    /// <summary>Everybody who pays, in the order of <see cref="SubjectKind"/>, none twice, the provider not among them.</summary>
    public required ImmutableArray<LimitedSubject> Subjects { get; init; }

    /// <summary>The model group that is asked for; picks each subject's limits for models.</summary>
    public required string Model { get; init; }

    public required CostBound Bound { get; init; }

    /// <summary>True when the client set the output cap itself, so that a shorter answer is one it did not ask for.</summary>
    public bool IsCapExplicit { get; init; }

    /// <summary>False where the dialect has no field to send a lower cap in.</summary>
    public bool CanLower { get; init; }

    /// <summary>
    /// A model without a known price that the request could reach, where <c>unknown_price</c> is <c>deny</c>: refused to who has a budget.
    /// Null: all prices are known, or unknown ones are allowed.
    /// </summary>
    public string? UnpricedModel { get; init; }

    /// <summary>The settings that would tell its price. Null: those of tokens.</summary>
    public string? PriceSettings { get; init; }

    /// <summary>The settings where tokens are billed.</summary>
    public const string TokenPrices = "input_cost_per_token and output_cost_per_token";
}

/// <summary>The beginning of one attempt: what it is for, and when its ledger row says it started.</summary>
/// <param name="Model">The model group of this attempt; after a fallback another than was asked for.</param>
/// <param name="Provider">The provider with its budget. Null: providers have none.</param>
public readonly record struct AttemptStart(DateTimeOffset StartedAt, string Model, LimitedSubject? Provider = null);
