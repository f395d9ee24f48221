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
    public static FallbackTargets For(AttemptRun run, string exceptionClass) =>
        Of(run, KindOf(exceptionClass), run.AskedName, run.Group.Name);

    /// <summary>The targets of a group for one kind of failure.</summary>
    /// <param name="askedName">The name that led to the group.</param>
    public static FallbackTargets Of(AttemptRun run, FallbackKind kind, string askedName, string group)
    {
        var asked = run.Asked;
        if (asked.DisableFallbacks)
            return new([], true);
        var own = kind switch
        {
            FallbackKind.ContextWindow => asked.ContextWindowFallbacks ?? asked.AllFallbacks,
            FallbackKind.ContentPolicy => asked.ContentPolicyFallbacks ?? asked.AllFallbacks,
            _ => asked.AllFallbacks,
        };
        if (own is not null)
            return new(TableOf(own).Find(askedName, group) ?? [], true);
        var table = run.Snapshot.Catalog.Fallbacks(kind);
        if (table.IsEmpty)
            table = run.Snapshot.Catalog.Fallbacks(FallbackKind.General);
        return new(table.Find(askedName, group) ?? [], false);
    }

    private static FallbackKind KindOf(string exceptionClass) => exceptionClass switch
    {
        "ContextWindowExceededError" => FallbackKind.ContextWindow,
        "ContentPolicyViolationError" => FallbackKind.ContentPolicy,
        _ => FallbackKind.General,
    };

    /// <summary>True when another group may still be asked after such a failure.</summary>
    public static bool IsAnyLeft(AttemptRun run, string exceptionClass)
    {
        if (run.Fallbacks >= run.Snapshot.Config.Router.MaxFallbacks)
            return false;
        var targets = For(run, exceptionClass);
        return targets.Names.Any(name => targets.WhySkipped(run, name, out _) is null);
    }

    /// <summary>Why a name is passed over, for people. Null: <paramref name="group"/> is to be asked.</summary>
    public string? WhySkipped(AttemptRun run, string name, out ModelGroup group) =>
        WhyClosed(run, name, out group) ?? (run.WasAsked(group) ? "it was asked already" : null);

    /// <summary>Why the request can never go on with a name, for people. Null: it may, with <paramref name="group"/>.</summary>
    public string? WhyClosed(AttemptRun run, string name, out ModelGroup group)
    {
        var current = run.Snapshot;
        group = null!;
        if (current.Catalog.Resolve(name) is not { } found)
            return "there is no such model";
        group = found;
        var isChecked = IsClients || IsAccessEnforced(current);
        return isChecked && !current.Catalog.IsAllowed(run.Exchange.Caller!, name, group) ? "the caller may not use it" : null;
    }

    /// <summary>True when configured fallbacks too are only for callers who may use them.</summary>
    public static bool IsAccessEnforced(GatewaySnapshot current) =>
        current.Config.Router.EnforceFallbackModelAccess || current.Config.General.EnforceFallbackModelAccess;

    private static FallbackTable TableOf(IReadOnlyList<ClientFallback> fallbacks) =>
        new(fallbacks.Select(fallback => KeyValuePair.Create(fallback.Group, fallback.Targets.ToImmutableArray())));
}
