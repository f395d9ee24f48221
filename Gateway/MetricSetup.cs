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
internal sealed class MetricSetup(Func<GatewaySnapshot> current, KeyRing keys, Limiter limiter, Router router, DecisionLog decisions)
{
    /// <summary>What holds for one config. What is read at a scrape is that of the config that is in effect then.</summary>
    public MetricSettings Make(GatewaySnapshot snapshot)
    {
        var config = snapshot.Config;
        return new()
        {
            SeriesLimit = SeriesFor(snapshot),
            GaugeLimit = SeriesBound.OfGauges(
                Math.Max(KeysOf(config), snapshot.Catalog.Deployments.Length), config.General.MetricCardinality),
            ClientLabels = ClientLabelsOf(config),
            IsKnownModel = NamesOf(snapshot).Contains,
            Budgets = () => current().Config.UserAccess.Where(user => user.MaxBudget is not null).Select(user =>
                new UserBudget(user.UserId, user.MaxBudget!.Value - limiter.SpentByUser(user.UserId), user.MaxBudget.Value)),
            KeyBudgets = () => keys.Callers.Where(caller => caller.MaxBudget is not null).Select(caller => new KeyBudget(
                caller.KeyId, caller.KeyAlias, caller.MaxBudget!.Value - limiter.SpentByUser(caller.UserId), caller.MaxBudget.Value)),
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
