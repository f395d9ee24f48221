using System.Collections.Immutable;
using System.Runtime.CompilerServices;
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
    /// <summary>The class of an attempt whose client hung up.</summary>
    public const string ClientDisconnected = "ClientDisconnected";

    private readonly ResiliencePipeline<AttemptOutcome> _retries;
    private readonly Router _router;
    private readonly UpstreamClient _upstream;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Func<double> _random;
    private readonly CancellationToken _stopping;

    /// <param name="stopping">Cancelled when the gateway stops: then nothing waits for a retry any more.</param>
    public Attempts(
        Router router, UpstreamClient upstream, GatewayMetrics metrics, TimeProvider time, Func<double> random, CancellationToken stopping)
    {
        _router = router;
        _upstream = upstream;
        _metrics = metrics;
        _time = time;
        _random = random;
        _stopping = stopping;
        _retries = new ResiliencePipelineBuilder<AttemptOutcome> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<AttemptOutcome>
            {
                // How often and when is decided request by request, in AttemptOutcome.ShouldRetry and AttemptRun.RetryDelay.
                MaxRetryAttempts = int.MaxValue,
                Delay = TimeSpan.Zero,
                ShouldHandle = static args => new(args.Outcome.Result is { ShouldRetry: true }),
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
        error = run.FirstError is { } first && !outcome.IsGateways ? WithRouting(first, run, chain) : error;
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

    /// <summary>The first attempt is made straight away: Polly takes over where it failed and is to be made again.</summary>
    private async ValueTask<AttemptOutcome> RunGroupAsync(AttemptRun run, CancellationToken clientAborted)
    {
        var first = await AttemptAsync(run, clientAborted);
        return first.ShouldRetry ? await RetryAsync(run, first, clientAborted) : first;
    }

    private ValueTask<AttemptOutcome> RetryAsync(AttemptRun run, AttemptOutcome failed, CancellationToken clientAborted) =>
        _retries.ExecuteAsync(
            static (state, ct) => Interlocked.Exchange(ref state.Failed.Value, null) is { } failed
                ? new ValueTask<AttemptOutcome>(failed)
                : state.Attempts.AttemptAsync(state.Run, ct),
            (Attempts: this, Run: run, Failed: new StrongBox<AttemptOutcome?>(failed)),
            clientAborted);

    /// <summary>
    /// One attempt: (1) wait where it is a retry, (2) choose a deployment, (3) shape the request for it, (4) call it, (5) judge what
    /// came.
    /// </summary>
    private async ValueTask<AttemptOutcome> AttemptAsync(AttemptRun run, CancellationToken clientAborted)
    {
        // 1
        if (run.RetryDelay is { } delay)
        {
            run.RetryDelay = null;
            if (!await WaitAsync(delay, clientAborted))
                return new AttemptOutcome { Error = run.FirstError, MayFallBack = true };
            run.CountRetry();
        }
        // 2
        var routeRequest = new RouteRequest
        {
            IsStream = run.Request.IsStream,
            InputTokens = AnswerUsage.InputTokens(run.Request),
            Tags = run.Exchange.Tags,
        };
        var none = _router.Pick(run.Group, routeRequest, run.Tried, out var deployment, out var route);
        run.Exchange.AddRoute(route);
        if (none is not null)
            return new AttemptOutcome { Error = none, MayFallBack = true };
        // 3
        if (Prepare(run, deployment, out var call) is { } refusal)
        {
            _router.Released(deployment);
            return new AttemptOutcome { Error = refusal, MayFallBack = refusal.Status == 501 };
        }
        var attempt = NewAttempt(run, deployment);
        route.Attempt = attempt.Number;
        // 4
        var answer = await CallAsync(run, deployment, attempt, call, clientAborted);
        // 5
        return answer is FailedAnswer { Failure: var failure }
            ? Judge(run, deployment, attempt, failure)
            : new AttemptOutcome { Answer = answer, Attempt = attempt, Deployment = deployment, Price = call.Price };
    }

    /// <summary>Waits before a retry.</summary>
    /// <returns>False: the gateway is stopping, and the failure that there is will have to do.</returns>
    private async ValueTask<bool> WaitAsync(TimeSpan delay, CancellationToken clientAborted)
    {
        if (delay == TimeSpan.Zero)
            return true;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(clientAborted, _stopping);
        try
        {
            await Task.Delay(delay, _time, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!clientAborted.IsCancellationRequested)
        {
            return false;
        }
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
                Abandon(run, deployment, attempt, call);
        }
    }

    /// <summary>Ends an attempt whose client hung up before there was an answer. What the provider was sent it may bill.</summary>
    private void Abandon(AttemptRun run, Deployment deployment, Attempt attempt, UpstreamCall call)
    {
        attempt.Latency = _time.GetElapsedTime(attempt.StartTimestamp);
        attempt.Status = ApiError.ClientClosedRequest;
        attempt.ExceptionClass = ClientDisconnected;
        if (call.IsSent)
        {
            AnswerUsage.EstimateInput(run, attempt);
            AnswerUsage.Charge(attempt, call.Price);
        }
        Report(run, deployment, attempt, null);
    }

    private AttemptOutcome Judge(AttemptRun run, Deployment deployment, Attempt attempt, UpstreamFailure failure)
    {
        attempt.ExceptionClass = failure.ExceptionClass;
        Report(run, deployment, attempt, failure.RetryAfter, failure.IsGateways);
        var retries = run.RetriesInGroup;
        var allowed = deployment.Params.NumRetries ?? run.Snapshot.Config.Router.NumRetries;
        var retry = retries < allowed && !failure.IsGateways && RetryRules.MayRetry(new RetryFacts
        {
            Status = failure.UpstreamStatus,
            GroupHasOthers = run.Group.Deployments.Length > 1,
            IsAnyHealthy = _router.HasHealthy(run.Group),
            HasFallbacks = run.HasFallbacks,
        });
        if (retry)
            run.RetryDelay = RetryRules.BackOff(
                retries, failure.RetryAfter, run.Snapshot.Config.Router.RetryAfter, _router.HasHealthy(run.Group, run.Tried), _random());
        run.MaxRetries ??= allowed;
        run.FirstError ??= failure.ToError();
        return new AttemptOutcome
        {
            Error = failure.ToError(),
            Attempt = attempt,
            Deployment = deployment,
            ShouldRetry = retry,
            IsGateways = failure.IsGateways,
            MayFallBack = !failure.IsGateways && RetryRules.MayFallBack(failure.Status),
        };
    }

    /// <summary>Reports an attempt whose answer has been passed on, or was broken off.</summary>
    public void Ended(AttemptRun run, AttemptOutcome outcome)
    {
        outcome.Attempt!.Latency = _time.GetElapsedTime(outcome.Attempt.StartTimestamp);
        Report(run, outcome.Deployment!, outcome.Attempt, null, outcome.IsGateways);
    }

    /// <summary>A call with a client's own key tells nothing of the deployment for others, nor does a failure of the gateway's.</summary>
    private void Report(AttemptRun run, Deployment deployment, Attempt attempt, TimeSpan? retryAfter, bool isGateways = false)
    {
        if (isGateways || run.Request.ApiKey is not null)
            _router.Released(deployment);
        else if (_router.Report(deployment, run.Group, attempt, retryAfter) is not null)
            _metrics.CooledDown(attempt);
    }
}
