using System.Collections.Concurrent;
using System.Globalization;
using Gateway.Catalog;
using Gateway.Config;

namespace Gateway.Routing;

/// <summary>Chooses the deployment of each attempt, from what it remembers of all earlier ones.</summary>
/// <remarks>
/// The state belongs to the deployment's id, so that it outlives a config reload. Every call that began, by <see cref="Pick"/> or
/// <see cref="Started"/>, is followed by exactly one <see cref="Report"/> or <see cref="Released"/>, on every way out. Thread-safe.
/// </remarks>
public sealed class Router
{
    private readonly ConcurrentDictionary<string, DeploymentState> _states = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Deployment, DeploymentState> _known = new();
    private readonly Lock _cooling = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Func<double> _random;
    private readonly Func<ModelGroup, int, NanoUsd?>? _priceOf;
    private volatile Rules _rules;

    /// <param name="random">Gives numbers uniform in [0, 1); called from many threads.</param>
    /// <param name="priceOf">
    /// What a million input and a million output tokens cost at the group's deployment of that index; null: unknown. Asked only by the
    /// cost-based strategy.
    /// </param>
    /// <exception cref="ArgumentException">There is no strategy of that name.</exception>
    public Router(
        RouterSettings settings, TimeProvider time, Func<double> random, Func<ModelGroup, int, NanoUsd?>? priceOf = null)
    {
        _time = time;
        _start = time.GetTimestamp();
        _random = random;
        _priceOf = priceOf;
        _rules = Rules.From(settings);
    }

    /// <summary>Takes new settings over; what is known of the deployments stays.</summary>
    /// <exception cref="ArgumentException">There is no strategy of that name.</exception>
    public void Use(RouterSettings settings)
    {
        _rules = Rules.From(settings);
        _known.Clear();
    }

    /// <summary>
    /// Chooses a deployment and begins a call to it. Null: <paramref name="deployment"/> is the one; else the refusal, and it is not
    /// set.
    /// </summary>
    /// <param name="tried">Where earlier attempts of the same request went. Null: this is the first.</param>
    /// <param name="record">What became of each deployment of the group, on either way out.</param>
    public ApiError? Pick(
        ModelGroup group, in RouteRequest request, List<Deployment>? tried, out Deployment deployment, out RouteRecord record)
    {
        var now = Now;
        var index = Choose(group, request, tried, now, out record);
        deployment = index < 0 ? null! : group.Deployments[index];
        if (index < 0)
            return NoneAvailable(group, now);
        StateOf(deployment).Started(now);
        return null;
    }

    /// <summary>What <see cref="Pick"/> would choose now; nothing begins.</summary>
    public ApiError? Explain(ModelGroup group, in RouteRequest request, out RouteRecord record)
    {
        var now = Now;
        return Choose(group, request, null, now, out record) < 0 ? NoneAvailable(group, now) : null;
    }

    /// <summary>A call to the deployment begins.</summary>
    public void Started(Deployment deployment) => StateOf(deployment).Started(Now);

    /// <summary>A call to the deployment has ended, one way or the other.</summary>
    /// <param name="retryAfter">What the provider asked for. Null: nothing.</param>
    /// <returns>How long the deployment is left alone because of this call. Null: it is not.</returns>
    public TimeSpan? Report(Deployment deployment, ModelGroup group, Attempt attempt, TimeSpan? retryAfter)
    {
        var now = Now;
        var state = StateOf(deployment);
        var isFailure = attempt.ExceptionClass is not null && Cooldown.Counts(attempt.Status);
        state.Ended(attempt, isFailure, now);
        if (!isFailure)
            return null;

        // One at a time, so that two deployments that fail together do not each take the other for the healthy one.
        lock (_cooling)
        {
            var (succeeded, failed) = state.Outcomes(now);
            var time = Cooldown.Decide(_rules.Settings, new()
            {
                Status = attempt.Status,
                RetryAfter = retryAfter,
                OwnCooldownTime = deployment.Params.CooldownTime,
                GroupSize = group.Deployments.Length,
                IsLastHealthy = !HasHealthy(group, except: deployment, now),
                Succeeded = succeeded,
                Failed = failed,
            });
            if (time is { } cooldown)
                state.Cool(now + cooldown);
            return time;
        }
    }

    /// <summary>A call to the deployment has ended that says nothing of it: no sample, no failure, no cooldown.</summary>
    public void Released(Deployment deployment) => StateOf(deployment).Released();

    /// <summary>True when the group has a deployment that is not cooling down and not among <paramref name="tried"/>.</summary>
    public bool HasHealthy(ModelGroup group, List<Deployment>? tried = null)
    {
        var now = Now;
        foreach (var deployment in group.Deployments)
            if (!IsTried(deployment, tried) && StateOf(deployment).Cooldown(now) == TimeSpan.Zero)
                return true;
        return false;
    }

    public DeploymentHealth HealthOf(Deployment deployment) => StateOf(deployment).Health(Now);

    /// <summary>How long the deployment is still left alone. Zero: it is not.</summary>
    public TimeSpan CooldownOf(Deployment deployment) => StateOf(deployment).Cooldown(Now);

    /// <summary>Calls to the deployment that began and have not ended.</summary>
    public int InFlightAt(Deployment deployment) => StateOf(deployment).InFlight;

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>By the object while a config lasts, by the id across reloads: hashing a long id several times a request adds up.</summary>
    private DeploymentState StateOf(Deployment deployment) =>
        _known.TryGetValue(deployment, out var state) ? state : _known.GetOrAdd(deployment, static (it, states) => states.GetOrAdd(it.Id, static _ => new()), _states);

    private int Choose(ModelGroup group, in RouteRequest request, List<Deployment>? tried, TimeSpan now, out RouteRecord record)
    {
        var rules = _rules;
        var size = group.Deployments.Length;
        var isUsual = size <= RouteDecision.UsualGroupSize;
        var candidates = isUsual ? stackalloc Candidate[size] : new Candidate[size];
        var verdicts = isUsual ? stackalloc CandidateVerdict[size] : new CandidateVerdict[size];
        for (var i = 0; i < size; i++)
        {
            var deployment = group.Deployments[i];
            candidates[i] = new()
            {
                Weight = deployment.Params.Weight,
                Rpm = deployment.Params.Rpm,
                Tpm = deployment.Params.Tpm,
                Price = rules.Strategy is CostBased ? _priceOf?.Invoke(group, i) : null,
                IsTried = IsTried(deployment, tried),
            };
            StateOf(deployment).Describe(ref candidates[i], now, rules.Settings.LatencyTtl);
        }
        // Whoever names a deployment by its id gets it, cooling down or not, as in LiteLLM.
        var chosen = group.IsById ? 0 : RouteDecision.Decide(rules.Strategy, request, candidates, size == 1 ? 0 : _random(), verdicts);
        record = RecordOf(group, rules.Settings.RoutingStrategy, candidates, verdicts);
        return chosen;
    }

    private static RouteRecord RecordOf(
        ModelGroup group, string strategy, ReadOnlySpan<Candidate> candidates, ReadOnlySpan<CandidateVerdict> verdicts)
    {
        var records = new CandidateRecord[candidates.Length];
        for (var i = 0; i < records.Length; i++)
            records[i] = new(group.Deployments[i].Id, verdicts[i].Verdict, verdicts[i].Score, candidates[i].Cooldown);
        return new() { ModelGroup = group.Name, Strategy = strategy, Candidates = records };
    }

    private static bool IsTried(Deployment deployment, List<Deployment>? tried)
    {
        if (tried is not null)
            foreach (var other in tried)
                if (other.Id == deployment.Id)
                    return true;
        return false;
    }

    private bool HasHealthy(ModelGroup group, Deployment except, TimeSpan now)
    {
        foreach (var other in group.Deployments)
            if (other.Id != except.Id && StateOf(other).Cooldown(now) == TimeSpan.Zero)
                return true;
        return false;
    }

    // LiteLLM's text, which clients match on. Nothing cooling: all are over their rate, and the current minute's end is waited for.
    private ApiError NoneAvailable(ModelGroup group, TimeSpan now)
    {
        var cooling = new List<string>();
        var wait = TimeSpan.MaxValue;
        foreach (var deployment in group.Deployments)
        {
            var cooldown = StateOf(deployment).Cooldown(now);
            if (cooldown == TimeSpan.Zero)
                continue;
            cooling.Add(deployment.Id);
            wait = cooldown < wait ? cooldown : wait;
        }
        if (cooling.Count == 0 || cooling.Count < group.Deployments.Length)
        {
            var minuteEnds = TimeSpan.FromTicks(TimeSpan.TicksPerMinute - now.Ticks % TimeSpan.TicksPerMinute);
            wait = minuteEnds < wait ? minuteEnds : wait;
        }
        var seconds = Math.Ceiling(wait.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        return new()
        {
            Status = 429,
            Type = "throttling_error",
            Message = $"No deployments available for selected model, Try again in {seconds} seconds. Passed model={group.Name}. "
                + $"pre-call-checks=False, cooldown_list=[{string.Join(", ", cooling.Select(id => $"'{id}'"))}]",
            RetryAfter = wait,
            ExceptionClass = "RouterRateLimitError",
        };
    }

    private sealed record Rules(RouterSettings Settings, IRoutingStrategy Strategy)
    {
        public static Rules From(RouterSettings settings) => new(
            settings,
            RoutingStrategies.Find(settings.RoutingStrategy, settings.LowestLatencyBuffer) ?? throw new ArgumentException(
                $"'{settings.RoutingStrategy}' is not a routing strategy; there are {string.Join(", ", RoutingStrategies.Names)}"));
    }
}
