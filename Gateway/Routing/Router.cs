using System.Collections.Concurrent;
using Gateway.Catalog;
using Gateway.Config;

namespace Gateway.Routing;

/// <summary>Chooses the deployment of each attempt, from what it remembers of all earlier ones.</summary>
/// <remarks>
/// The state belongs to the deployment's id, so that it outlives a config reload. Every call that began, by <see cref="Pick"/> or
/// <see cref="Started"/>, is followed by exactly one <see cref="Report"/>, <see cref="Released"/> or <see cref="NotStarted"/>, on every
/// way out, with the input tokens that it began with. Thread-safe.
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
    private readonly LatencyPercentiles _percentiles;
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
        _percentiles = new LatencyPercentiles(StateOf);
        _rules = Rules.From(settings);
    }

    /// <summary>Takes new settings over; what is known of the deployments stays.</summary>
    /// <exception cref="ArgumentException">There is no strategy of that name.</exception>
    public void Use(RouterSettings settings)
    {
        _rules = Rules.From(settings);
        _known.Clear();
        _percentiles.Clear();
    }

    /// <summary>Forgets the deployments that are not among <paramref name="current"/>, except those with calls in flight.</summary>
    public void Forget(IEnumerable<Deployment> current)
    {
        var ids = current.Select(deployment => deployment.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var (id, state) in _states)
            if (!ids.Contains(id) && state.InFlight == 0)
                _states.TryRemove(id, out _);
        _known.Clear();
        _percentiles.Clear();
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
        var refusal = Choose(group, request, tried, begins: true, out var index, out record);
        deployment = refusal is null ? group.Deployments[index] : null!;
        return refusal;
    }

    /// <summary>What <see cref="Pick"/> would choose now; nothing begins.</summary>
    public ApiError? Explain(ModelGroup group, in RouteRequest request, out RouteRecord record, List<Deployment>? tried = null) =>
        Choose(group, request, tried, begins: false, out _, out record);

    /// <summary>True when a deployment that was not tried yet would be chosen now.</summary>
    /// <param name="tried">Null: none was.</param>
    public bool HasAnother(ModelGroup group, in RouteRequest given, List<Deployment>? tried)
    {
        var request = given with { IsById = group.IsById };
        var size = group.Deployments.Length;
        var isUsual = size <= RouteDecision.UsualGroupSize;
        var candidates = isUsual ? stackalloc Candidate[size] : new Candidate[size];
        var verdicts = isUsual ? stackalloc CandidateVerdict[size] : new CandidateVerdict[size];
        var rules = _rules;
        Describe(group, request, tried, rules, Now, candidates);
        // Tried ones are chosen only where no other is left, whatever the random number.
        return RouteDecision.Decide(rules.Decision, request, candidates, 0, verdicts) is >= 0 and var chosen && !candidates[chosen].IsTried;
    }

    /// <summary>A call to the deployment begins, of a request whose tokens are not known.</summary>
    public void Started(Deployment deployment) => StateOf(deployment).Started(Now);

    /// <summary>A call to the deployment has ended, one way or the other.</summary>
    /// <param name="retryAfter">What the provider asked for. Null: nothing.</param>
    /// <param name="inputTokens">Those of its <see cref="RouteRequest"/>.</param>
    /// <returns>How long the deployment is left alone because of this call. Null: it is not.</returns>
    public TimeSpan? Report(Deployment deployment, ModelGroup group, Attempt attempt, TimeSpan? retryAfter, long inputTokens = 0)
    {
        var now = Now;
        var settings = _rules.Settings;
        var state = StateOf(deployment);
        var outcome = CallOutcomes.Of(attempt);
        state.Ended(attempt, inputTokens, outcome, settings.MaxLatencyListSize, now);
        if (outcome is not { } failure || failure == CallOutcome.Success)
            return null;

        // One at a time, so that two deployments that fail together do not each take the other for the healthy one.
        lock (_cooling)
        {
            var counts = state.Outcomes(failure, now);
            var info = deployment.Config.Info;
            var time = Cooldown.Decide(settings, new()
            {
                Status = attempt.Status,
                Outcome = failure,
                RetryAfter = retryAfter,
                OwnCooldownTime = deployment.Params.CooldownTime,
                OwnAllowedFails = info.AllowedFails,
                OwnPolicy = info.AllowedFailsPolicy,
                GroupSize = group.Deployments.Length,
                IsLastHealthy = !HasHealthy(group, except: deployment, now),
                Succeeded = counts.Succeeded,
                Failed = counts.Failed,
                FailedAlike = counts.OfOutcome,
                FailedInRow = counts.FailedInRow,
            });
            if (time is { } cooldown)
                state.Cool(now + cooldown);
            return time;
        }
    }

    /// <summary>A call to the deployment has ended that says nothing of it: no sample, no failure, no cooldown.</summary>
    /// <param name="inputTokens">Those of its <see cref="RouteRequest"/>.</param>
    /// <param name="usedTokens">What it used of the deployment's tpm nevertheless.</param>
    public void Released(Deployment deployment, long inputTokens = 0, long usedTokens = 0) =>
        StateOf(deployment).Released(inputTokens, usedTokens, Now);

    /// <summary>
    /// A call that <see cref="Pick"/> began was not sent: it uses up nothing of the deployment's limits, lest requests that are refused
    /// cost their senders nothing and everybody else the minute.
    /// </summary>
    /// <param name="inputTokens">Those of its <see cref="RouteRequest"/>.</param>
    /// <param name="timestamp">The clock's timestamp before the pick. In a later minute there is nothing to give back.</param>
    public void NotStarted(Deployment deployment, long inputTokens, long timestamp) =>
        StateOf(deployment).NotStarted(inputTokens, _time.GetElapsedTime(_start, timestamp), Now);

    /// <summary>Notes what a health check found; it counts where <c>enable_health_check_routing</c> is on.</summary>
    public void SetHealth(Deployment deployment, bool isHealthy) => StateOf(deployment).IsUnhealthy = !isHealthy;

    /// <summary>The time in which the share <paramref name="p"/> of the last streams gave a first token. Null: too few to say.</summary>
    public TimeSpan? FirstTokenPercentile(ModelGroup group, double p) => _percentiles.Of(group, ofFirstTokens: true, p, Now);

    /// <summary>The time in which the share <paramref name="p"/> of the last plain answers was complete. Null: too few to say.</summary>
    public TimeSpan? AnswerPercentile(ModelGroup group, double p) => _percentiles.Of(group, ofFirstTokens: false, p, Now);

    public DeploymentHealth HealthOf(Deployment deployment) => StateOf(deployment).Health(Now);

    /// <summary>How long the deployment is still left alone. Zero: it is not.</summary>
    public TimeSpan CooldownOf(Deployment deployment) => StateOf(deployment).Cooldown(Now);

    /// <summary>When the first deployment of a group may be called again. Zero: one may be called now.</summary>
    public TimeSpan CooldownOf(ModelGroup group)
    {
        var (now, soonest) = (Now, TimeSpan.MaxValue);
        foreach (var deployment in group.Deployments)
        {
            var cooldown = StateOf(deployment).Cooldown(now);
            soonest = cooldown < soonest ? cooldown : soonest;
        }
        return soonest;
    }

    /// <summary>Calls to the deployment that began and have not ended.</summary>
    public int InFlightAt(Deployment deployment) => StateOf(deployment).InFlight;

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>By the object while a config lasts, by the id across reloads: hashing a long id several times a request adds up.</summary>
    private DeploymentState StateOf(Deployment deployment) =>
        _known.TryGetValue(deployment, out var state)
            ? state
            : _known.GetOrAdd(deployment, static (it, states) => states.GetOrAdd(it.Id, static _ => new()), _states);

    private ApiError? Choose(
        ModelGroup group, in RouteRequest given, List<Deployment>? tried, bool begins, out int chosen, out RouteRecord record)
    {
        var (now, rules) = (Now, _rules);
        var request = given with { IsById = group.IsById };
        var size = group.Deployments.Length;
        var isUsual = size <= RouteDecision.UsualGroupSize;
        var candidates = isUsual ? stackalloc Candidate[size] : new Candidate[size];
        var verdicts = isUsual ? stackalloc CandidateVerdict[size] : new CandidateVerdict[size];
        Describe(group, request, tried, rules, now, candidates);
        var random = size == 1 ? 0 : _random();
        do
            chosen = RouteDecision.Decide(rules.Decision, request, candidates, random, verdicts);
        while (begins && chosen >= 0 && !TryStart(group.Deployments[chosen], rules, request, now, ref candidates[chosen]));
        record = RecordOf(group, rules.Settings.RoutingStrategy, candidates, verdicts);
        if (chosen >= 0)
            return null;
        var minuteEnds = TimeSpan.FromTicks(TimeSpan.TicksPerMinute - now.Ticks % TimeSpan.TicksPerMinute);
        return RouteRefusal.Of(rules.Decision, group, request, candidates, verdicts, minuteEnds, rules.Settings.CooldownTime);
    }

    /// <summary>
    /// Begins a call unless others were faster since the facts were gathered. Then the candidate has newer facts, with which it is not
    /// chosen once more, so that a choice is repeated at most twice for each candidate.
    /// </summary>
    private bool TryStart(Deployment deployment, Rules rules, in RouteRequest request, TimeSpan now, ref Candidate candidate) =>
        StateOf(deployment).TryStart(ref candidate, rules.Decision, request, now);

    private void Describe(
        ModelGroup group, in RouteRequest request, List<Deployment>? tried, Rules rules, TimeSpan now, Span<Candidate> candidates)
    {
        var (settings, decision) = (rules.Settings, rules.Decision);
        TimeSpan? latencyTtl = decision.Strategy is LatencyBased ? settings.LatencyTtl : null;
        for (var i = 0; i < candidates.Length; i++)
        {
            var deployment = group.Deployments[i];
            var set = deployment.Params;
            candidates[i] = new()
            {
                Weight = set.Weight,
                Rpm = set.Rpm,
                Tpm = set.Tpm,
                MaxParallelRequests = set.MaxParallelRequests ?? settings.DefaultMaxParallelRequests,
                MaxInputTokens = decision.ChecksContext ? group.ContextWindowOf(i) : null,
                Order = set.Order ?? Candidate.NoOrder,
                FitsTags = decision.FiltersTags && decision.Fits(request.Tags, set.Tags.AsSpan()),
                IsDefault = decision.FiltersTags && set.Tags.Contains(DefaultTag),
                Price = decision.Strategy is CostBased ? _priceOf?.Invoke(group, i) : null,
                IsTried = IsTried(deployment, tried),
            };
            StateOf(deployment).Describe(ref candidates[i], latencyTtl, settings.MaxLatencyListSize, now);
        }
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
        var followsChecks = _rules.Decision.FollowsHealthChecks;
        foreach (var other in group.Deployments)
            if (other.Id != except.Id && StateOf(other) is var state && state.Cooldown(now) == TimeSpan.Zero
                && !(followsChecks && state.IsUnhealthy))
                return true;
        return false;
    }

    /// <summary>The tag of deployments for requests that no other tag fits; LiteLLM's.</summary>
    private const string DefaultTag = "default";

    private sealed record Rules(RouterSettings Settings, RouteRules Decision)
    {
        public static Rules From(RouterSettings settings) => new(settings, RouteRules.From(settings));
    }
}
