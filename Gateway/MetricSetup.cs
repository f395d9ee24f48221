using System.Collections.Frozen;
using Gateway.Config;
using Gateway.Decisions;
using Gateway.Keys;
using Gateway.Limits;
using Gateway.Pipeline;
using Gateway.Routing;
using Gateway.Telemetry;

namespace Gateway;

/// <summary>Tells the metrics what they need to know of the config and of the other parts.</summary>
internal sealed class MetricSetup(
    Func<GatewaySnapshot> current, KeyRing keys, Limiter limiter, Router router, DecisionLog decisions, TimeProvider time)
{
    /// <summary>What holds for one config. What is read at a scrape is that of the config that is in effect then.</summary>
    public MetricSettings Make(GatewaySnapshot snapshot)
    {
        var config = snapshot.Config;
        return new()
        {
            SeriesLimit = SeriesFor(snapshot),
            GaugeLimit = SeriesBound.OfGauges(
                Math.Max(KeysOf(config) + HoldersOf(config).Sum(holder => 1 + holder.Limits.Models.Length), snapshot.Catalog.Deployments.Length),
                config.General.MetricCardinality),
            ClientLabels = ClientLabelsOf(config),
            IsKnownModel = NamesOf(snapshot).Contains,
            Budgets = () => BudgetsOf(current().Config),
            KeyBudgets = () => KeyBudgetsOf(current().Config),
            DroppedDecisions = () => decisions.Dropped,
            Deployments = () => current().Catalog.Deployments.Select(deployment => new DeploymentStatus(
                deployment.Id, deployment.Model, deployment.ApiBase, deployment.Provider.Name, (int)router.HealthOf(deployment),
                deployment.Params.Tpm, deployment.Params.Rpm)),
        };
    }

    /// <summary>How many series a metric of requests may need with a config.</summary>
    public static int SeriesFor(GatewaySnapshot snapshot) => SeriesBound.OfRequests(
        // Beside the users' keys: the master key and callers without any.
        KeysOf(snapshot.Config) + 2, NamesOf(snapshot).Count + 1, snapshot.Catalog.Deployments.Length,
        ClientLabelsOf(snapshot.Config).Values.Select(values => values.Count), snapshot.Config.General.MetricCardinality);

    /// <summary>
    /// Every budget of the config. Of end users, who are as many as clients make up, those whom the operator lists as a label.
    /// </summary>
    private IEnumerable<BudgetStatus> BudgetsOf(GatewayConfig config)
    {
        var keyHolders = keys.Callers.Select(OwnLimitsOf).OfType<LimitedSubject>();
        foreach (var holder in HoldersOf(config).Concat(keyHolders))
        {
            if (holder.Limits.MaxBudget is not null)
                yield return StatusOf(holder);
            foreach (var model in holder.Limits.Models)
            {
                if (model.Limits.MaxBudget is not null)
                    yield return StatusOf(holder, model);
            }
        }
    }

    private IEnumerable<BudgetStatus> KeyBudgetsOf(GatewayConfig config)
    {
        var users = config.UserAccess.ToDictionary(user => user.UserId);
        foreach (var caller in keys.Callers)
        {
            var user = users.GetValueOrDefault(caller.UserId);
            var holder = OwnLimitsOf(caller) is { Limits.MaxBudget: not null } own ? own
                : user?.MaxBudget is not null ? HolderOf(user)
                : null;
            if (holder is not null)
                yield return StatusOf(holder) with { Subject = new Subject(SubjectKind.Key, caller.KeyId), Alias = caller.KeyAlias };
        }
    }

    /// <summary>Everybody with limits in the config but for keys.</summary>
    private static IEnumerable<LimitedSubject> HoldersOf(GatewayConfig config) =>
    [
        new(Subject.Everybody, config.GatewayLimits),
        .. config.Teams.Select(team => new LimitedSubject(new Subject(SubjectKind.Team, team.TeamId), team.Limits, team.TeamAlias)),
        .. config.UserAccess.Select(HolderOf),
        .. config.Router.TagBudgets.Select(tag => new LimitedSubject(new Subject(SubjectKind.Tag, tag.Key), tag.Value)),
        .. config.Router.ProviderBudgets.Select(
            provider => new LimitedSubject(new Subject(SubjectKind.Provider, provider.Key), provider.Value)),
        .. ClientLabelsOf(config).GetValueOrDefault("end_user", []).Select(
            user => new LimitedSubject(new Subject(SubjectKind.EndUser, user), config.LiteLlm.EndUserLimits)),
    ];

    private static LimitedSubject HolderOf(UserAccess user) => new(new Subject(SubjectKind.User, user.UserId), user.Limits);

    /// <summary>The limits that a key has beside its user's. Null: none.</summary>
    private static LimitedSubject? OwnLimitsOf(Caller caller)
    {
        foreach (var payer in caller.Payers)
        {
            if (payer.Subject.Kind == SubjectKind.Key)
                return payer;
        }
        return null;
    }

    private BudgetStatus StatusOf(LimitedSubject holder, SubjectModelLimits? model = null)
    {
        var facts = limiter.FactsOf(holder, model);
        return new()
        {
            Subject = holder.Subject,
            Alias = holder.Name,
            Model = facts.Model,
            Spent = facts.Spent,
            Reserved = facts.Reserved,
            Limit = facts.Limit!.Value,
            Left = facts.Left!.Value,
            ResetsIn = facts.PeriodEnd - time.GetUtcNow(),
            ExhaustedIn = facts.ExhaustedIn,
            ExhaustedInOfSix = facts.ExhaustedInOfSix,
        };
    }

    private static int KeysOf(GatewayConfig config) => config.UserAccess.Sum(user => Math.Max(1, user.ApiKeys.Length));

    private static Dictionary<string, IReadOnlyCollection<string>> ClientLabelsOf(GatewayConfig config) =>
        config.LiteLlm.ShownClientLabels.ToDictionary(label => label.Key, label => (IReadOnlyCollection<string>)label.Value);

    /// <summary>
    /// The model names that metrics may show: those of the config, and of a wildcard those that the price book knows. Whatever else a
    /// wildcard lets through is a client's text.
    /// </summary>
    private static FrozenSet<string> NamesOf(GatewaySnapshot snapshot) =>
    [
        .. snapshot.Catalog.Deployments.Select(deployment => deployment.ModelName),
        .. snapshot.Config.Router.ModelGroupAlias.Select(alias => alias.Alias),
        .. snapshot.Catalog.Listed.Select(listed => listed.Name),
    ];
}
