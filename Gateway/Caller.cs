using System.Collections.Immutable;

namespace Gateway;

/// <summary>Who is calling: the key that was shown, its user and team, and what they may use.</summary>
public sealed class Caller
{
    /// <summary>The user id of the master key and of a gateway without keys; LiteLLM's name for it.</summary>
    public const string DefaultUserId = "default_user_id";

    /// <summary>SHA-256 of the key as 64 lower-case hex digits; empty where no keys are configured.</summary>
    public required string KeyId { get; init; }

    /// <summary>A name for people: how the key is called in metrics and logs. Null: none.</summary>
    public string? KeyAlias { get; init; }

    /// <summary>Whom the spend is booked to.</summary>
    public required string UserId { get; init; }

    /// <summary>The user's team. Null: none.</summary>
    public string? TeamId { get; init; }

    /// <summary>True for the master key, and for everybody where no keys are configured.</summary>
    public bool IsAdmin { get; init; }

    /// <summary>Model names, wildcard patterns (<c>openai/*</c>) and access groups that may be used. Empty: all.</summary>
    public ImmutableArray<string> Models { get; init; } = [];

    /// <summary>As <see cref="Models"/>, for all members of the team: both must allow a model. Empty: all.</summary>
    public ImmutableArray<string> TeamModels { get; init; } = [];

    /// <summary>What the user may spend in all. Null: no limit.</summary>
    public NanoUsd? MaxBudget { get; init; }

    /// <summary>
    /// Everybody who pays for the caller's requests, with their limits, in the order of <see cref="SubjectKind"/>: the gateway, the team,
    /// the key, the user. Whom a request names itself (end user, tags) is not among them.
    /// </summary>
    public ImmutableArray<LimitedSubject> Payers { get; init; } = [];
}
