using Gateway.Catalog;
using Gateway.Routing;
using Gateway.Telemetry;
using Gateway.Upstream;
using Polly;
using Polly.Retry;

namespace Gateway.Pipeline;

/// <summary>Makes attempts until one answers: retries within a group, then the group's fallbacks.</summary>
internal sealed class Attempts
{
    /// <summary>nginx's status for a client that hung up.</summary>
    private const int ClientClosedRequest = 499;

    private readonly ResiliencePipeline<AttemptOutcome> _retries;
    private readonly Router _router;
    private readonly UpstreamClient _upstream;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Func<double> _random;

    public Attempts(Router router, UpstreamClient upstream, GatewayMetrics metrics, TimeProvider time, Func<double> random)
    {
        _router = router;
        _upstream = upstream;
        _metrics = metrics;
        _time = time;
        _random = random;
        _retries = new ResiliencePipelineBuilder<AttemptOutcome> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<AttemptOutcome>
            {
                // How often is decided request by request, in AttemptOutcome.ShouldRetry.
                MaxRetryAttempts = int.MaxValue,
                ShouldHandle = static args => new(args.Outcome.Result is { ShouldRetry: true }),
                DelayGenerator = static args => new(args.Outcome.Result!.Delay),
            })
            .Build();
    }

    /// <summary>Makes attempts until one answers or none is left. The first failure is the one that the client is told of.</summary>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<AttemptOutcome> RunAsync(AttemptRun run, CancellationToken clientAborted)
    {
        var chain = run.Snapshot.Catalog.FallbacksOf(run.Group.Name);
        run.HasFallbacks = !chain.IsEmpty;
        var outcome = await RunGroupAsync(run, clientAborted);
        if (outcome.Error is not { } error)
            return outcome;
        error = run.FirstError ?? error;
        var asked = new List<string> { run.Group.Name };
        foreach (var name in chain)
        {
            if (!outcome.MayFallBack || run.Fallbacks == run.Snapshot.Config.Router.MaxFallbacks)
                break;
            if (asked.Contains(name) || run.Snapshot.Catalog.Resolve(name) is not { } group)
                continue;
            asked.Add(name);
            run.FallBackTo(group);
            outcome = await RunGroupAsync(run, clientAborted);
            if (outcome.Error is null)
                return outcome;
        }
        return new AttemptOutcome { Error = error };
    }

    private ValueTask<AttemptOutcome> RunGroupAsync(AttemptRun run, CancellationToken clientAborted) => _retries.ExecuteAsync(
        static (state, ct) => state.Attempts.AttemptAsync(state.Run, ct), (Attempts: this, Run: run), clientAborted);

    /// <summary>
    /// One attempt: (1) choose a deployment, (2) shape the request for it, (3) call it, (4) judge what came.
    /// </summary>
    private async ValueTask<AttemptOutcome> AttemptAsync(AttemptRun run, CancellationToken clientAborted)
    {
        // 1
        var routeRequest = new RouteRequest { IsStream = run.Request.IsStream };
        if (_router.Pick(run.Group, routeRequest, run.Tried, out var deployment) is { } none)
            return new AttemptOutcome { Error = none, MayFallBack = true };
        // 2
        if (Prepare(run, deployment, out var call) is { } refusal)
            return new AttemptOutcome { Error = refusal, MayFallBack = refusal.Status == 501 };
        var attempt = NewAttempt(run, deployment);
        // 3
        var answer = await CallAsync(run, deployment, attempt, call, clientAborted);
        // 4
        return answer is FailedAnswer { Failure: var failure }
            ? Judge(run, deployment, attempt, failure)
            : new AttemptOutcome { Answer = answer, Attempt = attempt, Deployment = deployment, Price = call.Price };
    }

    private ApiError? Prepare(AttemptRun run, Deployment deployment, out UpstreamCall call)
    {
        call = null!;
        if (!deployment.Provider.IsBuilt)
            return ApiError.ProviderNotBuilt(deployment.Provider.Name);
        var model = run.Group.UpstreamModelOf(deployment);
        if (RequestShape.ChangesFor(run, deployment, model, out var changes) is { } unsupported)
            return unsupported;
        if (ClientTarget.Find(deployment, run.Endpoint.Operation, model, run.Request, out var target) is { } refusal)
            return refusal;
        var price = run.Snapshot.Catalog.PriceFor(deployment, model, _time.GetUtcNow());
        call = new UpstreamCall
        {
            Deployment = deployment,
            Operation = run.Endpoint.Operation,
            Dialect = run.Endpoint.Dialect,
            Model = model,
            Uri = target.Uri,
            Key = target.Key,
            IsClientTarget = target.IsChosenByClient,
            Body = run.Endpoint.Dialect.Compose(run.Request, changes),
            Price = price,
            Stream = RequestShape.StreamFor(run, usage => price?.CostOf(usage, TimeSpan.Zero)),
            Timeout = RequestShape.TimeoutFor(run, deployment),
        };
        return null;
    }

    private Attempt NewAttempt(AttemptRun run, Deployment deployment)
    {
        (run.Tried ??= []).Add(deployment);
        var attempt = new Attempt
        {
            Number = run.Exchange.Attempts.Count + 1,
            Kind = run.RetriesInGroup > 0 ? AttemptKind.Retry : run.Fallbacks > 0 ? AttemptKind.Fallback : AttemptKind.First,
            ModelGroup = run.Group.Name,
            DeploymentId = deployment.Id,
            Provider = deployment.Provider.Name,
            Model = deployment.Model,
            ApiBase = deployment.ApiBase,
            StartedAt = _time.GetUtcNow(),
            StartTimestamp = _time.GetTimestamp(),
        };
        run.Exchange.Attempts.Add(attempt);
        return attempt;
    }

    private async ValueTask<UpstreamAnswer> CallAsync(
        AttemptRun run, Deployment deployment, Attempt attempt, UpstreamCall call, CancellationToken clientAborted)
    {
        _router.Started(deployment);
        var isReported = false;
        try
        {
            var answer = await _upstream.CallAsync(call, clientAborted);
            attempt.Latency = _time.GetElapsedTime(attempt.StartTimestamp);
            attempt.Status = answer is FailedAnswer failed ? failed.Failure.UpstreamStatus : 200;
            if (answer is StreamedAnswer)
                attempt.TimeToFirstToken = attempt.Latency;
            isReported = true;
            return answer;
        }
        finally
        {
            if (!isReported)
            {
                attempt.Latency = _time.GetElapsedTime(attempt.StartTimestamp);
                attempt.Status = ClientClosedRequest;
                attempt.ExceptionClass = "ClientDisconnected";
                Report(run, deployment, attempt, null);
            }
        }
    }

    private AttemptOutcome Judge(AttemptRun run, Deployment deployment, Attempt attempt, UpstreamFailure failure)
    {
        attempt.ExceptionClass = failure.ExceptionClass;
        Report(run, deployment, attempt, failure.RetryAfter);
        var retries = run.RetriesInGroup;
        var allowed = deployment.Params.NumRetries ?? run.Snapshot.Config.Router.NumRetries;
        var retry = retries < allowed && RetryRules.MayRetry(new RetryFacts
        {
            Status = failure.UpstreamStatus,
            GroupHasOthers = run.Group.Deployments.Length > 1,
            IsAnyHealthy = _router.HasHealthy(run.Group),
            HasFallbacks = run.HasFallbacks,
        });
        if (retry)
            run.CountRetry();
        run.FirstError ??= failure.ToError();
        return new AttemptOutcome
        {
            Error = failure.ToError(),
            Attempt = attempt,
            Deployment = deployment,
            ShouldRetry = retry,
            MayFallBack = RetryRules.MayFallBack(failure.Status),
            Delay = retry
                ? RetryRules.BackOff(retries, failure.RetryAfter, run.Snapshot.Config.Router.RetryAfter, _router.HasHealthy(run.Group, run.Tried), _random())
                : TimeSpan.Zero,
        };
    }

    /// <summary>Reports an attempt whose answer has been passed on, or was broken off.</summary>
    public void Ended(AttemptRun run, AttemptOutcome outcome)
    {
        outcome.Attempt!.Latency = _time.GetElapsedTime(outcome.Attempt.StartTimestamp);
        Report(run, outcome.Deployment!, outcome.Attempt, null);
    }

    private void Report(AttemptRun run, Deployment deployment, Attempt attempt, TimeSpan? retryAfter)
    {
        if (_router.Report(deployment, run.Group, attempt, retryAfter) is not null)
            _metrics.CooledDown(attempt);
    }
}
