using System.Collections.Immutable;
using Gateway.Catalog;
using Gateway.Dialects;

namespace Gateway.Pipeline;

/// <summary>The names to go on with when a group has failed, in order.</summary>
/// <param name="IsClients">True: the client chose them, so it must be allowed to use them.</param>
internal readonly record struct FallbackTargets(ImmutableArray<string> Names, bool IsClients)
{
    /// <summary>Finds them; a list of the client's stands in place of the configured ones.</summary>
    /// <remarks>
    /// A request that is too long, or forbidden, goes by its own list where there is one, and nowhere when that has no entry for the
    /// group; as in LiteLLM. Without such a list it goes by the general one.
    /// </remarks>
    public static FallbackTargets For(AttemptRun run, string exceptionClass)
    {
        var asked = run.Asked;
        if (asked.DisableFallbacks)
            return new([], true);
        var (kind, own) = exceptionClass switch
        {
            "ContextWindowExceededError" => (FallbackKind.ContextWindow, asked.ContextWindowFallbacks ?? asked.AllFallbacks),
            "ContentPolicyViolationError" => (FallbackKind.ContentPolicy, asked.ContentPolicyFallbacks ?? asked.AllFallbacks),
            _ => (FallbackKind.General, asked.AllFallbacks),
        };
        if (own is not null)
            return new(TableOf(own).Find(run.AskedName, run.Group.Name) ?? [], true);
        var table = run.Snapshot.Catalog.Fallbacks(kind);
        if (table.IsEmpty)
            table = run.Snapshot.Catalog.Fallbacks(FallbackKind.General);
        return new(table.Find(run.AskedName, run.Group.Name) ?? [], false);
    }

    /// <summary>True when another group may still be asked after such a failure.</summary>
    public static bool IsAnyLeft(AttemptRun run, string exceptionClass)
    {
        if (run.Fallbacks >= run.Snapshot.Config.Router.MaxFallbacks)
            return false;
        var targets = For(run, exceptionClass);
        return targets.Names.Any(name => targets.WhySkipped(run, name, out _) is null);
    }

    /// <summary>Why a name is passed over, for people. Null: <paramref name="group"/> is to be asked.</summary>
    public string? WhySkipped(AttemptRun run, string name, out ModelGroup group)
    {
        var current = run.Snapshot;
        group = null!;
        if (current.Catalog.Resolve(name) is not { } found)
            return "there is no such model";
        group = found;
        if (run.WasAsked(group))
            return "it was asked already";
        var isChecked = IsClients || current.Config.Router.EnforceFallbackModelAccess || current.Config.General.EnforceFallbackModelAccess;
        return isChecked && !current.Catalog.IsAllowed(run.Exchange.Caller!, name, group) ? "the caller may not use it" : null;
    }

    private static FallbackTable TableOf(IReadOnlyList<ClientFallback> fallbacks) =>
        new(fallbacks.Select(fallback => KeyValuePair.Create(fallback.Group, fallback.Targets.ToImmutableArray())));
}
