using System.Collections.Immutable;

namespace Gateway.Keys;

/// <summary>Makes the callers of a setup, with everybody who pays for them.</summary>
internal static class CallerFactory
{
    /// <summary>The admin: whoever shows the master key, or everybody where no keys are configured.</summary>
    /// <param name="keyId">Empty: no keys are configured.</param>
    public static Caller Admin(KeySetup setup, string keyId) => new()
    {
        KeyId = keyId,
        UserId = Caller.DefaultUserId,
        IsAdmin = true,
        Payers = keyId.Length == 0
            ? [Everybody(setup), User(Caller.DefaultUserId, SubjectLimits.None)]
            : [Everybody(setup), Key(keyId, null, SubjectLimits.None), User(Caller.DefaultUserId, SubjectLimits.None)],
    };

    /// <summary>A user with one of their keys.</summary>
    /// <param name="key">Null: a minted one.</param>
    public static Caller Of(KeySetup setup, KeyUser user, KeyEntry? key, string keyId)
    {
        var alias = key?.Alias ?? user.KeyAlias;
        return new()
        {
            KeyId = keyId,
            KeyAlias = alias,
            UserId = user.UserId,
            TeamId = user.Team?.TeamId,
            Models = user.Models,
            TeamModels = user.Team?.Models ?? [],
            MaxBudget = user.Limits.MaxBudget,
            Payers = PayersOf(setup, user, Key(keyId, alias, key?.Limits ?? SubjectLimits.None)),
        };
    }

    /// <summary>Who pays for a user who has no key: for questions about what would be.</summary>
    public static Caller WithoutKey(KeySetup setup, KeyUser user) => new()
    {
        KeyId = "",
        KeyAlias = user.KeyAlias,
        UserId = user.UserId,
        TeamId = user.Team?.TeamId,
        Models = user.Models,
        TeamModels = user.Team?.Models ?? [],
        MaxBudget = user.Limits.MaxBudget,
        Payers = PayersOf(setup, user, key: null),
    };

    private static ImmutableArray<LimitedSubject> PayersOf(KeySetup setup, KeyUser user, LimitedSubject? key)
    {
        var payers = ImmutableArray.CreateBuilder<LimitedSubject>(4);
        payers.Add(Everybody(setup));
        if (user.Team is { } team)
            payers.Add(new(new(SubjectKind.Team, team.TeamId), team.Limits, team.Alias));
        if (key is not null)
            payers.Add(key);
        payers.Add(User(user.UserId, user.Limits));
        return payers.ToImmutable();
    }

    private static LimitedSubject Everybody(KeySetup setup) => new(Subject.Everybody, setup.GatewayLimits);
    private static LimitedSubject Key(string keyId, string? alias, SubjectLimits limits) => new(new(SubjectKind.Key, keyId), limits, alias);
    private static LimitedSubject User(string userId, SubjectLimits limits) => new(new(SubjectKind.User, userId), limits);
}
