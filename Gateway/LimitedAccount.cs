using Gateway.Config;
using Gateway.Ledger;
using Gateway.Limits;

namespace Gateway;

/// <summary>An account that the config limits, and what must be asked of the ledger to open it.</summary>
/// <param name="Id">Of the subject. Null: each of the kind has one (end users).</param>
/// <param name="Model">A model, or a pattern, that has limits of its own. Null: all models.</param>
/// <param name="Siblings">All models of the subject that have, because a row counts for the one that fits best.</param>
internal sealed record LimitedAccount(SubjectKind Kind, string? Id, string? Model, BudgetPeriod? Period, string Siblings)
{
    /// <summary>True: the table of balances has its total.</summary>
    public bool HasBalance => Model is null && Kind is (SubjectKind.User or SubjectKind.Key or SubjectKind.Team);

    /// <summary>What it has spent in all. Null: the balance says it.</summary>
    public SumQuestion? Total => HasBalance ? null : Ask(SumQuestion.AllTime);

    /// <summary>All accounts with any limit, with the limits of their subjects.</summary>
    public static IEnumerable<(LimitedAccount Account, SubjectLimits Limits)> In(GatewayConfig config) =>
        Subjects(config).DistinctBy(subject => (subject.Kind, subject.Id)).Where(subject => subject.Limits.IsLimited).SelectMany(Accounts);

    /// <summary>What it has spent since an instant. Null: the balance says it.</summary>
    public SumQuestion? Since(BudgetSpan span) =>
        Period is null ? Total : Ask(span.Start.ToUnixTimeMilliseconds());

    private static IEnumerable<(SubjectKind Kind, string? Id, SubjectLimits Limits)> Subjects(GatewayConfig config)
    {
        yield return (SubjectKind.Gateway, Subject.Everybody.Id, config.GatewayLimits);
        foreach (var team in config.Teams)
            yield return (SubjectKind.Team, team.TeamId, team.Limits);
        foreach (var user in config.UserAccess)
        {
            yield return (SubjectKind.User, user.UserId, user.Limits);
            foreach (var entry in user.Keys)
            {
                if (entry.Key.IsUsable)
                    yield return (SubjectKind.Key, AccessKey.Hash(entry.Key), entry.Limits);
            }
        }
        yield return (SubjectKind.EndUser, null, config.LiteLlm.EndUserLimits);
        foreach (var (tag, limits) in config.Router.TagBudgets)
            yield return (SubjectKind.Tag, tag, limits);
        foreach (var (provider, limits) in config.Router.ProviderBudgets)
            yield return (SubjectKind.Provider, provider, limits);
    }

    private static IEnumerable<(LimitedAccount, SubjectLimits)> Accounts((SubjectKind Kind, string? Id, SubjectLimits Limits) subject)
    {
        var (kind, id, limits) = subject;
        yield return (new(kind, id, null, limits.Period, ""), limits);
        var siblings = string.Join('\n', limits.Models.Select(entry => entry.Model));
        foreach (var entry in limits.Models)
            yield return (new(kind, id, entry.Model, entry.Limits.Period, siblings), limits);
    }

    private SumQuestion Ask(long sinceMs) => new(Kind, Id, sinceMs, ByModel: Model is not null);
}
