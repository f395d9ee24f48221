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
            return new(TableOf(own).Find(run.Group.Name) ?? [], true);
        var table = run.Snapshot.Catalog.Fallbacks(kind);
        if (table.IsEmpty)
            table = run.Snapshot.Catalog.Fallbacks(FallbackKind.General);
        return new(table.Find(run.Group.Name) ?? [], false);
    }

    /// <summary>True when another group may still be asked after such a failure.</summary>
    public static bool IsAnyLeft(AttemptRun run, string exceptionClass) =>
        run.Fallbacks < run.Snapshot.Config.Router.MaxFallbacks
        && For(run, exceptionClass).Names.Any(name => run.Snapshot.Catalog.Resolve(name) is { } group && !run.WasAsked(group));

    private static FallbackTable TableOf(IReadOnlyList<ClientFallback> fallbacks) =>
        new(fallbacks.Select(fallback => KeyValuePair.Create(fallback.Group, fallback.Targets.ToImmutableArray())));
}
