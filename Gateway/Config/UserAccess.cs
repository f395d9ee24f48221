using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>One entry of <c>user_access</c>: a user, their keys, models and budget.</summary>
public sealed record UserAccess
{
    public required string UserId { get; init; }

    /// <summary>Plain keys, or <c>sha256:&lt;hex&gt;</c>; unusable ones match nobody. Empty: a key is minted at the first start.</summary>
    public ImmutableArray<Secret> ApiKeys { get; init; } = [];

    /// <summary>Model names, wildcards, access groups. Empty: all.</summary>
    public ImmutableArray<string> Models { get; init; } = [];
    public NanoUsd? MaxBudget { get; init; }
    public string? KeyAlias { get; init; }
    public string? TeamId { get; init; }
    public required int Line { get; init; }
}
