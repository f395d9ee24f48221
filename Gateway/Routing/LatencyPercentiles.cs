using System.Collections.Concurrent;
using Gateway.Catalog;

namespace Gateway.Routing;

/// <summary>Knows how long the slowest calls of a group lately took.</summary>
/// <remarks>Up to a hundred samples of each deployment are sorted for it: once a second is enough. Thread-safe.</remarks>
internal sealed class LatencyPercentiles(Func<Deployment, DeploymentState> stateOf)
{
    /// <summary>How long a percentile counts: among samples of ten minutes those of a second weigh little.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    /// <summary>With fewer samples a 95th percentile is the slowest of all, which says little.</summary>
    private const int LeastSamples = 20;

    /// <param name="First">The group's first deployment: a wildcard's groups are made request by request, and it is in no other group.</param>
    private readonly record struct Key(Deployment First, int Size, bool OfFirstTokens, double Share);

    private sealed record Known(TimeSpan? Value, TimeSpan At);

    private readonly ConcurrentDictionary<Key, Known> _known = new();

    /// <summary>The time in which the share <paramref name="p"/> of the last calls was done. Null: too few to say.</summary>
    public TimeSpan? Of(ModelGroup group, bool ofFirstTokens, double p, TimeSpan now)
    {
        var key = new Key(group.Deployments[0], group.Deployments.Length, ofFirstTokens, p);
        if (_known.TryGetValue(key, out var known) && now - known.At < Age)
            return known.Value;
        var value = WorkOut(group, ofFirstTokens, p, now);
        _known[key] = new(value, now);
        return value;
    }

    /// <summary>Forgets all: the deployments are others now.</summary>
    public void Clear() => _known.Clear();

    private TimeSpan? WorkOut(ModelGroup group, bool ofFirstTokens, double p, TimeSpan now)
    {
        var seconds = new List<double>();
        foreach (var deployment in group.Deployments)
            stateOf(deployment).CopySamples(seconds, ofFirstTokens, now);
        if (seconds.Count < LeastSamples)
            return null;
        seconds.Sort();
        var rank = (int)Math.Ceiling(p * seconds.Count);
        return TimeSpan.FromSeconds(seconds[Math.Clamp(rank, 1, seconds.Count) - 1]);
    }
}
