using System.Collections.Immutable;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>Says whether a list of models lets a caller use one.</summary>
internal static class ModelAccess
{
    /// <summary>Entries that are no model's name; LiteLLM's words.</summary>
    public const string All = "all-proxy-models";

    /// <inheritdoc cref="All"/>
    public const string None = "no-default-models";

    /// <summary>LiteLLM's word for whatever the team may use, which is checked apart.</summary>
    private const string AllOfTeam = "all-team-models";

    /// <summary>
    /// A list allows: everything when it is empty or holds <c>*</c>, <see cref="All"/> or <c>all-team-models</c>; nothing when it holds <see cref="None"/>;
    /// else the names in it, what its wildcards match (a bare name with its inferred provider too), and the models of its access groups.
    /// </summary>
    /// <param name="models">The list.</param>
    /// <param name="requested">The name that the client used.</param>
    /// <param name="group">What it leads to; its own name counts too.</param>
    /// <param name="prices">Tells whose model a bare name is.</param>
    public static bool IsAllowed(ImmutableArray<string> models, string requested, ModelGroup group, PriceBook prices) =>
        AllowedBy(models, requested, group, prices) is not null;

    /// <summary>Which entry of the list allows the model; <see cref="All"/> where the list is empty. Null: none does.</summary>
    public static string? AllowedBy(ImmutableArray<string> models, string requested, ModelGroup group, PriceBook prices)
    {
        if (models.IsDefaultOrEmpty)
            return All;
        if (models.Contains(None))
            return null;
        foreach (var entry in models)
        {
            if (entry is "*" or All or AllOfTeam || Names(entry, requested) || Names(entry, group.Name) || group.AccessGroups.Contains(entry))
                return entry;
        }
        return AllowedWithProvider(models, requested, prices);
    }

    /// <summary>True when a list allows everything.</summary>
    public static bool AllowsEverything(ImmutableArray<string> models) => models.IsDefaultOrEmpty
        || (!models.Contains(None) && models.Any(static entry => entry is "*" or All or AllOfTeam));

    private static bool Names(string entry, string name) =>
        entry == name || WildcardPattern.IsPattern(entry) && WildcardPattern.Matches(entry, name);

    private static string? AllowedWithProvider(ImmutableArray<string> models, string requested, PriceBook prices)
    {
        if (requested.Contains('/') || !models.Any(m => m.Contains('/') && WildcardPattern.IsPattern(m)))
            return null;
        if (prices.MakerOf(requested) is not { } maker)
            return null;
        var full = $"{maker}/{requested}";
        return models.FirstOrDefault(m => WildcardPattern.IsPattern(m) && WildcardPattern.Matches(m, full));
    }
}
