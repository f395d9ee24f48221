using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>
/// Reads the limits of one holder. What is set and cannot be read is closed: a limit of zero, a budget that never begins anew.
/// </summary>
internal static class LimitReader
{
    /// <summary>All limits that LiteLLM's keys, users, teams and budgets have.</summary>
    /// <param name="holder">Whose they are, for messages: <c>the user</c>.</param>
    public static SubjectLimits Read(YamlSection s, string holder)
    {
        var limits = new SubjectLimits
        {
            MaxBudget = Budget(s, "max_budget", holder),
            SoftBudget = s.Usd("soft_budget") is { } soft ? NanoUsd.FromUsd(soft) : null,
            Period = Period(s, "budget_duration"),
            Rpm = Limit(s, "rpm_limit", holder),
            Tpm = Limit(s, "tpm_limit", holder),
            MaxParallelRequests = (int?)Limit(s, "max_parallel_requests", holder, int.MaxValue),
            Models = ReadModels(s, holder),
        };
        return limits;
    }

    /// <summary>A map from names to budgets, as <c>provider_budget_config</c>. An entry that cannot be read is a budget of zero.</summary>
    public static ImmutableArray<KeyValuePair<string, SubjectLimits>> ReadNamed(YamlSection s, string key)
    {
        var named = s.Section(key, ConfigSections.Any) is not { } map
            ? []
            : map.Map.Entries.Select(entry => KeyValuePair.Create(entry.Key, Entry(map, entry.Key, $"'{FindingLog.Clip(entry.Key)}'")));
        return [.. named];
    }

    /// <summary>An amount. Null: absent.</summary>
    public static NanoUsd? Budget(YamlSection s, string key, string holder)
    {
        if (s.Usd(key) is { } usd)
            return NanoUsd.FromUsd(usd);
        if (!s.Has(key))
            return null;
        s.Report(s.Blame(key), key, $"is set and comes to no amount: {holder} can spend nothing");
        return NanoUsd.Zero;
    }

    /// <summary>A number of requests or tokens. Null: absent.</summary>
    public static long? Limit(YamlSection s, string key, string holder, long most = long.MaxValue)
    {
        if (s.Whole(key, most: most) is { } limit)
            return limit;
        if (!s.Has(key))
            return null;
        s.Report(s.Blame(key), key, $"is set and comes to no number: {holder} can call nothing");
        return 0;
    }

    /// <summary>How often a budget begins anew. Null: never, also when it cannot be read.</summary>
    public static BudgetPeriod? Period(YamlSection s, string key)
    {
        if (s.Text(key) is { } text)
        {
            if (BudgetPeriod.TryParse(text, out var period))
                return period;
            s.Report(FindingKind.Invalid, key,
                $"must be a period as 30s, 30m, 30h, 30d, 1w, 1mo, daily, weekly or monthly, not '{FindingLog.Clip(text, 40)}'; "
                + "the budget is for all time");
        }
        else if (s.Has(key))
            s.Report(s.Blame(key), key, "is set and comes to no period: the budget is for all time");
        return null;
    }

    /// <summary>The limits of one model, tag or provider, in LiteLLM's newer and older names; a plain number is a budget.</summary>
    internal static SubjectLimits ReadEntry(YamlSection s, string holder)
    {
        var limits = new SubjectLimits
        {
            MaxBudget = Budget(s, "max_budget", holder) ?? Budget(s, "budget_limit", holder),
            Period = Period(s, "budget_duration") ?? Period(s, "time_period"),
            Rpm = Limit(s, "rpm_limit", holder),
            Tpm = Limit(s, "tpm_limit", holder),
            MaxParallelRequests = (int?)Limit(s, "max_parallel_requests", holder, int.MaxValue),
        };
        s.ReportUnread();
        return limits;
    }

    private static SubjectLimits Entry(YamlSection map, string name, string holder) => map.Node(name) switch
    {
        YamlMap => ReadEntry(map.Section(name, ConfigSections.LimitEntry)!, holder),
        null => SubjectLimits.None,
        _ => new SubjectLimits { MaxBudget = Budget(map, name, holder) },
    };

    /// <summary>The limits of all three maps, by model in the order in which they are first named.</summary>
    private static ImmutableArray<SubjectModelLimits> ReadModels(YamlSection s, string holder)
    {
        var models = new List<SubjectModelLimits>();
        AddEach(s, models, "model_max_budget", holder, (map, name, _) => Entry(map, name, ModelHolder(name)));
        AddEach(s, models, "model_rpm_limit", holder,
            (map, name, known) => known with { Rpm = Limit(map, name, ModelHolder(name)) ?? known.Rpm });
        AddEach(s, models, "model_tpm_limit", holder,
            (map, name, known) => known with { Tpm = Limit(map, name, ModelHolder(name)) ?? known.Tpm });
        return [.. models.Where(model => model.Limits.IsLimited)];
    }

    private static string ModelHolder(string model) => $"for '{FindingLog.Clip(model)}' the holder";

    /// <param name="read">Gives the limits of a model in the map, from what is known of it so far.</param>
    private static void AddEach(YamlSection s, List<SubjectModelLimits> models, string key, string holder,
        Func<YamlSection, string, SubjectLimits, SubjectLimits> read)
    {
        if (s.Node(key) is not { } node)
            return;
        if (node is not YamlMap)
        {
            s.Report(s.Blame(key), key, $"must be a map from models to limits: {holder} can call no model");
            models.Add(new SubjectModelLimits("*", new SubjectLimits { MaxBudget = NanoUsd.Zero, Rpm = 0 }));
            return;
        }
        var map = s.Section(key, ConfigSections.Any)!;
        foreach (var entry in map.Map.Entries)
        {
            var at = models.FindIndex(model => model.Model == entry.Key);
            var limits = at < 0 ? SubjectLimits.None : models[at].Limits;
            var model = new SubjectModelLimits(entry.Key, read(map, entry.Key, limits));
            if (at < 0)
                models.Add(model);
            else
                models[at] = model;
        }
    }
}
