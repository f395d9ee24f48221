using System.Collections.Immutable;
using Gateway.Config;

namespace Gateway.Reload;

/// <summary>What made the gateway read its config again.</summary>
public enum ReloadCause { FileChange, Signal, Request }

/// <summary>What came of it.</summary>
public enum ReloadOutcome
{
    Applied,

    /// <summary>The files say what they said before.</summary>
    Unchanged,

    /// <summary>The config before stays.</summary>
    Failed,
}

/// <summary>What came of one reload, for whoever asked for it.</summary>
public sealed record ReloadResult(ReloadOutcome Outcome, string Message)
{
    /// <summary>All that there is to say of the files.</summary>
    public ImmutableArray<ConfigFinding> Findings { get; init; } = [];

    /// <summary>Settings that differ from those that the gateway was started with and count only after a restart.</summary>
    public ImmutableArray<string> NeedsRestart { get; init; } = [];
}

/// <summary>What came of putting a config into effect that could be read.</summary>
public sealed record ConfigChange
{
    /// <summary>Of the models, and why the config is refused: with a fatal finding nothing has changed.</summary>
    public ImmutableArray<ConfigFinding> Findings { get; init; } = [];

    /// <inheritdoc cref="ReloadResult.NeedsRestart"/>
    public ImmutableArray<string> NeedsRestart { get; init; } = [];

    /// <summary>Users without any key, in the config's order.</summary>
    public ImmutableArray<string> UsersWithoutKey { get; init; } = [];
}

/// <summary>Whether the running config is what the files say. Public: it names no setting.</summary>
/// <param name="IsCurrent">False: the last reload failed.</param>
/// <param name="Since">Since when the config is in effect; after a failure, since when the files say something else.</param>
/// <param name="Message">Why the reload failed. Null: it did not.</param>
public sealed record ConfigStatus(bool IsCurrent, DateTimeOffset Since, string? Message = null);
