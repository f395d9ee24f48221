using System.Collections.Concurrent;
using Gateway.Catalog;

namespace Gateway.Pipeline;

/// <summary>
/// Finds every model that a request can come to: by routing, retry or hedge within a group, and by fallbacks from group to group. What
/// follows from the config alone is kept by the name that was asked for; the prices are looked up once a minute.
/// </summary>
internal sealed class RequestBoundTable
{
    /// <summary>Names may come from clients (wildcards), so what is kept is bounded; when full, it starts anew.</summary>
    private const int MaxKept = 4096;

    private static readonly FallbackKind[] Kinds = Enum.GetValues<FallbackKind>();

    private readonly ConcurrentDictionary<(string Name, bool FallsBack), Reach> _kept = new();

    /// <summary>The models that a request can come to, whatever fails, with their prices.</summary>
    /// <param name="run">At its beginning: its group is the one that the client asked for.</param>
    public PricedModel[] For(AttemptRun run, DateTimeOffset now)
    {
        var asked = run.Asked;
        var isClients = !asked.DisableFallbacks
            && (asked.AllFallbacks ?? asked.ContextWindowFallbacks ?? asked.ContentPolicyFallbacks) is not null;
        if (isClients || run.IsProbe)
            return new Reach(run).At(run.Snapshot.Catalog, now);
        var key = (run.AskedName, !asked.DisableFallbacks);
        if (!_kept.TryGetValue(key, out var reach))
            reach = Keep(key, new Reach(run, everybody: true));
        var isForAll = !reach.FallsBack || !FallbackTargets.IsAccessEnforced(run.Snapshot) || run.Exchange.Caller!.Models.IsDefaultOrEmpty;
        return (isForAll ? reach : new Reach(run)).At(run.Snapshot.Catalog, now);
    }

    private Reach Keep((string Name, bool FallsBack) key, Reach reach)
    {
        if (_kept.Count >= MaxKept)
            _kept.Clear();
        return _kept[key] = reach;
    }

    /// <summary>The models of a group and of all groups behind it.</summary>
    private sealed class Reach
    {
        private readonly List<RequestBoundModel> _models = [];
        private volatile Minute? _last;

        /// <param name="everybody">True: fallbacks that not every caller may use count too.</param>
        public Reach(AttemptRun run, bool everybody = false)
        {
            var open = new Queue<(string Name, ModelGroup Group)>([(run.AskedName, run.Group)]);
            // By name: an alias may have fallbacks of its own.
            var seen = new HashSet<string>(StringComparer.Ordinal) { run.AskedName };
            while (open.TryDequeue(out var next))
            {
                Add(run.Snapshot, next.Group);
                foreach (var kind in Kinds)
                {
                    var targets = FallbackTargets.Of(run, kind, next.Name, next.Group.Name);
                    foreach (var name in targets.Names)
                    {
                        if (!seen.Contains(name) && Find(run, targets, name, everybody) is { } group && seen.Add(name))
                            open.Enqueue((name, group));
                    }
                }
            }
            FallsBack = seen.Count > 1;
        }

        public bool FallsBack { get; }

        /// <summary>The models with the prices of a moment; of a minute the same array each time.</summary>
        public PricedModel[] At(ModelCatalog catalog, DateTimeOffset now)
        {
            var start = now.UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute;
            if (_last is { } last && last.Start == start)
                return last.Models;
            var minute = new DateTimeOffset(start, TimeSpan.Zero);
            PricedModel[] models = [.. _models.Select(model => model.PricedAt(catalog, minute))];
            _last = new Minute(start, models);
            return models;
        }

        private static ModelGroup? Find(AttemptRun run, FallbackTargets targets, string name, bool everybody) => everybody
            ? run.Snapshot.Catalog.Resolve(name)
            : targets.WhyClosed(run, name, out var group) is null ? group : null;

        /// <summary>A provider that the gateway does not speak to yet is never called.</summary>
        private void Add(GatewaySnapshot current, ModelGroup group)
        {
            for (var i = 0; i < group.Deployments.Length; i++)
            {
                var deployment = group.Deployments[i];
                var model = group.UpstreamModelOf(deployment);
                if (deployment.Provider.IsBuilt && !_models.Exists(known => known.Deployment == deployment && known.Model == model))
                    _models.Add(new RequestBoundModel(current, group, i));
            }
        }

        private sealed record Minute(long Start, PricedModel[] Models);
    }
}
