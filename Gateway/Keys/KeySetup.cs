using System.Collections.Immutable;

namespace Gateway.Keys;

/// <summary>A user and their keys, as the config says.</summary>
public sealed record KeyUser
{
    public required string UserId { get; init; }

    /// <summary>Empty: the gateway mints one.</summary>
    public ImmutableArray<KeyEntry> Keys { get; init; } = [];

    /// <summary>Empty: all.</summary>
    public ImmutableArray<string> Models { get; init; } = [];

    /// <summary>What the user may spend with all keys together.</summary>
    public SubjectLimits Limits { get; init; } = SubjectLimits.None;

    /// <summary>The name of keys that have none of their own.</summary>
    public string? KeyAlias { get; init; }

    /// <summary>Null: the user is in no team.</summary>
    public KeyTeam? Team { get; init; }

    /// <summary>The user's keys are refused, and none is minted.</summary>
    public bool IsBlocked { get; init; }
}

/// <summary>A key of the config.</summary>
/// <param name="Key">Plain or <c>sha256:HEX</c>. Null: it has no usable value and matches nobody.</param>
/// <param name="Alias">A name of its own. Null: the user's.</param>
/// <param name="Limits">What may be spent with this key alone.</param>
public sealed record KeyEntry(string? Key, string? Alias, SubjectLimits Limits);

/// <summary>A team, as the config says.</summary>
/// <param name="Models">What its members may use, beside what each of them may. Empty: all.</param>
/// <param name="Limits">What all members may spend together.</param>
/// <param name="IsBlocked">The keys of all members are refused.</param>
public sealed record KeyTeam(string TeamId, string? Alias, ImmutableArray<string> Models, SubjectLimits Limits, bool IsBlocked = false);

/// <summary>Whom the gateway lets in, as the config says.</summary>
public sealed record KeySetup
{
    public ImmutableArray<KeyUser> Users { get; init; } = [];

    /// <summary>The admin's key, plain or <c>sha256:HEX</c>. Null: none is configured, or it came to nothing.</summary>
    public string? MasterKey { get; init; }

    /// <summary><c>litellm_key_header_name</c>: the only header that is looked at. Null: the usual ones.</summary>
    public string? HeaderName { get; init; }

    /// <summary>What all callers may spend together.</summary>
    public SubjectLimits GatewayLimits { get; init; } = SubjectLimits.None;

    /// <summary>True for a config without any key: everybody is the admin. Who may reach the gateway is for others to check.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Users whom the config leaves without a key, in its order.</summary>
    internal IEnumerable<string> UsersToMintFor => Users.Where(user => user.Keys.IsEmpty && !user.IsBlocked).Select(user => user.UserId);
}
