using System.Collections.Immutable;
using Gateway.Routing;
using Gateway.Telemetry;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Makes attempts until one answers: those of the group that was asked for, then those of its fallbacks.</summary>
internal sealed class Attempts
{
    /// <summary>The class of an attempt whose client hung up.</summary>
    public const string ClientDisconnected = "ClientDisconnected";

    private readonly DeploymentCalls _calls;
    private readonly GroupAttempts _group;
    private readonly RetryBudget _budget;
    private readonly TimeProvider _time;

    /// <param name="stopping">Cancelled when the gateway stops: then nothing waits for a retry any more.</param>
    public Attempts(
        Router router, UpstreamClient upstream, GatewayMetrics metrics, TimeProvider time, Func<double> random, CancellationToken stopping)
    {
        _time = time;
        _budget = new RetryBudget(time);
        _calls = new DeploymentCalls(router, upstream, metrics, time);
        _group = new GroupAttempts(_calls, new RetryPlan(router, _budget, time, random), time, stopping);
    }

    /// <summary>Makes attempts until one answers or none is left. The first failure is the one that the client is told of.</summary>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<AttemptOutcome> RunAsync(AttemptRun run, CancellationToken clientAborted)
    {
        run.StartTimestamp = _time.GetTimestamp();
        _budget.CountRequest();
        var chain = run.Snapshot.Catalog.FallbacksOf(run.Group.Name);
        run.HasFallbacks = !chain.IsEmpty;
        var outcome = await _group.RunAsync(run, clientAborted);
        if (outcome.Error is not { } error)
            return outcome;
        error = run.FirstError is { } first && !outcome.IsGateways ? WithRouting(first, run, chain) : error;
        var asked = new List<string> { run.Group.Name };
        foreach (var name in chain)
        {
            if (!outcome.MayFallBack || run.Fallbacks == run.Snapshot.Config.Router.MaxFallbacks)
                break;
            if (asked.Contains(name) || run.Snapshot.Catalog.Resolve(name) is not { } group)
                continue;
            asked.Add(name);
            run.HasFallbacks = false;
            run.FallBackTo(group);
            outcome = await _group.RunAsync(run, clientAborted);
            if (outcome.Error is null)
                return outcome;
        }
        return new AttemptOutcome { Error = error };
    }

    /// <summary>A provider's error says, as in LiteLLM, what was tried: clients look for these words.</summary>
    private static ApiError WithRouting(ApiError error, AttemptRun run, ImmutableArray<string> chain)
    {
        var fallbacks = chain.IsEmpty ? "None" : $"[{string.Join(", ", chain.Select(name => $"'{name}'"))}]";
        var message = $"{error.Message}. Received Model Group={run.Group.Name}\nAvailable Model Group Fallbacks={fallbacks}";
        return error with
        {
            Message = run.Retries == 0 ? message : $"{message} LiteLLM Retried: {run.Retries} times, LiteLLM Max Retries: {run.MaxRetries}",
        };
    }

    /// <inheritdoc cref="DeploymentCalls.Ended"/>
    public void Ended(AttemptRun run, AttemptOutcome outcome) => _calls.Ended(run, outcome);
}
