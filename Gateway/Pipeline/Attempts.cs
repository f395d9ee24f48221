using Gateway.Catalog;
using Gateway.Ledger;
using Gateway.Routing;
using Gateway.Telemetry;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Makes attempts until one answers: those of the group that was asked for, then those of its fallbacks.</summary>
internal sealed class Attempts
{
    /// <summary>The class of an attempt whose client hung up.</summary>
    public const string ClientDisconnected = "ClientDisconnected";

    /// <summary>Of a fallback's error so many characters are told beside the first one.</summary>
    private const int MaxFallbackError = 500;

    private readonly DeploymentCalls _calls;
    private readonly GroupAttempts _group;
    private readonly Router _router;
    private readonly RetryBudget _budget;
    private readonly TimeProvider _time;

    /// <param name="stopping">Cancelled when the gateway stops: then nothing waits for a retry any more.</param>
    public Attempts(
        Router router, UpstreamClient upstream, SpendLedger ledger, GatewayMetrics metrics, TimeProvider time, Func<double> random,
        CancellationToken stopping)
    {
        _time = time;
        _router = router;
        _budget = new RetryBudget(time);
        _calls = new DeploymentCalls(router, upstream, ledger, metrics, time);
        _group = new GroupAttempts(
            _calls, new RetryPlan(router, _budget, time, random), new Hedge(_calls, router, _budget, time), time, stopping);
    }

    /// <summary>Makes attempts until one answers or none is left. The first failure is the one that the client is told of.</summary>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<AttemptOutcome> RunAsync(AttemptRun run, CancellationToken clientAborted)
    {
        run.StartTimestamp = _time.GetTimestamp();
        _budget.CountRequest(run.Snapshot.Config.Router.Hedge?.MaxShare ?? 0);
        var outcome = await _group.RunAsync(run, clientAborted);
        if (outcome.Error is not { } error)
            return outcome;
        var first = outcome.IsGateways ? null : run.FirstError;
        var group = run.Group;
        var targets = FallbackTargets.For(run, error.ExceptionClass);
        var last = await FallbackWalk.RunAsync(run, outcome, targets, _group.RunAsync, clientAborted);
        if (last.Error is null)
            return last;
        return new AttemptOutcome
        {
            Error = first is null ? error : WithRouting(WithWait(first, group), run, group.Name, targets, last.Error),
        };
    }

    /// <summary>Where a provider is overloaded and does not say for how long, the client is told when its group may be called.</summary>
    private ApiError WithWait(ApiError error, ModelGroup group) => error is { Status: 429 or 503, RetryAfter: null }
        ? error with { RetryAfter = _router.CooldownOf(group) } // at least 1 s is told
        : error;

    /// <summary>A provider's error says, as in LiteLLM, what was tried: clients look for these words.</summary>
    private static ApiError WithRouting(ApiError error, AttemptRun run, string group, FallbackTargets targets, ApiError last)
    {
        var names = targets.Names.IsEmpty ? "None" : $"[{string.Join(", ", targets.Names.Select(name => $"'{name}'"))}]";
        var message = $"{error.Message}. Received Model Group={group}\nAvailable Model Group Fallbacks={names}";
        if (run.Fallbacks > 0)
            message += $"\nError doing the fallback: {RecordedText.Shorten(last.Message, MaxFallbackError)}";
        return error with
        {
            Message = run.Retries == 0 ? message : $"{message} LiteLLM Retried: {run.Retries} times, LiteLLM Max Retries: {run.MaxRetries}",
        };
    }

    /// <inheritdoc cref="DeploymentCalls.Ended"/>
    public void Ended(AttemptRun run, AttemptOutcome outcome) => _calls.Ended(run, outcome);
}
