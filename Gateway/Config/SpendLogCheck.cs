using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>Refuses a config that has budgets and keeps no rows: after a restart nobody could tell what was spent in a period.</summary>
internal static class SpendLogCheck
{
    private const string Section = "general_settings";
    private const string Key = "disable_spend_logs";

    public static void Run(GatewayConfig config, YamlSection root)
    {
        if (!config.General.DisableSpendLogs || FirstBudget(config) is not { } where)
            return;
        var entry = (root.Map.Find(Section)?.Value as YamlMap)?.Find(Key);
        root.Context.Findings.Add(FindingKind.Fatal, entry?.File ?? root.Map.File, entry?.Line ?? root.Map.Line, $"{Section}.{Key}",
            $"is true, and {where} has a budget, whose spend is the sum of the rows; take out the one or the other");
    }

    /// <summary>Who has a budget, for messages. Null: nobody.</summary>
    public static string? FirstBudget(GatewayConfig config)
    {
        if (HasBudget(config.GatewayLimits))
            return "litellm_settings.max_budget";
        if (HasBudget(config.LiteLlm.EndUserLimits))
            return "each end user";
        foreach (var team in config.Teams)
        {
            if (HasBudget(team.Limits))
                return $"the team '{FindingLog.Clip(team.TeamId)}'";
        }
        foreach (var user in config.UserAccess)
        {
            if (HasBudget(user.Limits) || user.Keys.Any(key => HasBudget(key.Limits)))
                return $"the user '{FindingLog.Clip(user.UserId)}'";
        }
        return Named(config.Router.TagBudgets, "the tag") ?? Named(config.Router.ProviderBudgets, "the provider");
    }

    private static string? Named(ImmutableArray<KeyValuePair<string, SubjectLimits>> holders, string kind)
    {
        foreach (var (name, limits) in holders)
        {
            if (HasBudget(limits))
                return $"{kind} '{FindingLog.Clip(name)}'";
        }
        return null;
    }

    private static bool HasBudget(SubjectLimits limits) =>
        limits.MaxBudget is not null || limits.SoftBudget is not null || limits.Models.Any(model => HasBudget(model.Limits));
}
