using Gateway.Catalog;
using Gateway.Routing;
using Gateway.Telemetry;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>A call that was begun at a deployment.</summary>
/// <param name="began">The clock's timestamp before its deployment was chosen.</param>
internal sealed class OpenCall(Deployment deployment, Attempt attempt, UpstreamCall call, long began)
{
    public Deployment Deployment => deployment;
    public Attempt Attempt => attempt;
    public UpstreamCall Call => call;
    public long Began => began;

    /// <summary>True when a call beside it has answered: it is no failure then.</summary>
    public bool HasLost { get; set; }

    /// <summary>True once the router knows that it has ended.</summary>
    public bool IsReported { get; set; }
}

/// <summary>Begins, makes and ends calls to single deployments. Every call that begins is reported to the router exactly once.</summary>
internal sealed class DeploymentCalls(Router router, UpstreamClient upstream, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>(1) Chooses a deployment, (2) shapes the request for it, (3) opens the record of the attempt.</summary>
    /// <returns>Null: <paramref name="open"/> is to be sent. Else why there is no call; for a hedge, with or without an error.</returns>
    public AttemptOutcome? Begin(AttemptRun run, AttemptKind kind, out OpenCall open)
    {
        open = null!;
        // 1
        var began = time.GetTimestamp();
        var none = router.Pick(run.Group, run.RouteRequest, run.Tried, out var deployment, out var route);
        run.Exchange.AddRoute(route);
        if (none is not null)
            return new AttemptOutcome { Error = none, MayFallBack = true };
        // 2
        var isBegun = false;
        try
        {
            if (kind == AttemptKind.Hedge && run.Tried!.Contains(deployment))
                return new AttemptOutcome(); // none other can be taken at this moment
            if (OutOfTime(run, deployment) is { } late)
                return late;
            if (Prepare(run, deployment, out var call) is { } refusal)
                return new AttemptOutcome { Error = refusal, MayFallBack = refusal.Status == 501 };
            // 3
            open = new(deployment, NewAttempt(run, deployment, kind), call, began);
            route.Attempt = open.Attempt.Number;
            isBegun = true;
            return null;
        }
        finally
        {
            if (!isBegun)
                NotStarted(run, deployment, began);
        }
    }

    /// <summary>Another attempt is not begun once the request's time is over; the first failure is told then.</summary>
    private AttemptOutcome? OutOfTime(AttemptRun run, Deployment deployment)
    {
        if (run.FirstError is not { } first || TimeLeft(run, TimeLimits.For(run, deployment)) > TimeSpan.Zero)
            return null;
        run.Exchange.Note($"The request's time was over before {deployment.Id} was called.");
        return new AttemptOutcome { Error = first, MayFallBack = false };
    }

    private ApiError? Prepare(AttemptRun run, Deployment deployment, out UpstreamCall call)
    {
        call = null!;
        if (RequestShape.For(run, deployment, out var shaped) is { } refusal)
            return refusal;
        var (model, changes, target) = shaped;
        var price = run.Snapshot.Catalog.PriceFor(deployment, model, time.GetUtcNow());
        var limits = TimeLimits.For(run, deployment);
        var left = TimeLeft(run, limits);
        var first = left < limits.Attempt ? left : limits.Attempt;
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
            Stream = RequestShape.StreamFor(run, deployment, usage => price?.CostOf(usage, TimeSpan.Zero)),
            Timeout = run.Request.IsStream ? limits.Attempt : first,
            FirstEventTimeout = first,
        };
        return null;
    }

    private TimeSpan TimeLeft(AttemptRun run, TimeLimits limits)
    {
        var left = limits.Request - time.GetElapsedTime(run.StartTimestamp);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private Attempt NewAttempt(AttemptRun run, Deployment deployment, AttemptKind kind)
    {
        (run.Tried ??= []).Add(deployment);
        var attempt = new Attempt
        {
            Number = run.Exchange.Attempts.Count + 1,
            Kind = kind,
            ModelGroup = run.Group.Name,
            DeploymentId = deployment.Id,
            Provider = deployment.Provider.Name,
            Model = deployment.Model,
            ApiBase = deployment.ApiBase,
            StartedAt = time.GetUtcNow(),
            StartTimestamp = time.GetTimestamp(),
        };
        run.Exchange.Attempts.Add(attempt);
        return attempt;
    }

    /// <summary>Makes the call. What it returns is still to be reported; a call that throws has been.</summary>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<UpstreamAnswer> SendAsync(AttemptRun run, OpenCall open, CancellationToken clientAborted)
    {
        UpstreamAnswer? answer = null;
        var attempt = open.Attempt;
        try
        {
            answer = await upstream.CallAsync(open.Call, clientAborted);
            attempt.Latency = time.GetElapsedTime(attempt.StartTimestamp);
            attempt.Status = answer is FailedAnswer failed ? failed.Failure.UpstreamStatus : 200;
            if (answer is StreamedAnswer)
                attempt.TimeToFirstToken = attempt.Latency;
            return answer;
        }
        finally
        {
            if (answer is null)
                Abandon(run, open);
        }
    }

    /// <summary>Ends an attempt whose client hung up before there was an answer. What the provider was sent it may bill.</summary>
    private void Abandon(AttemptRun run, OpenCall open)
    {
        var attempt = open.Attempt;
        attempt.Latency = time.GetElapsedTime(attempt.StartTimestamp);
        attempt.Status = ApiError.ClientClosedRequest;
        attempt.ExceptionClass = open.HasLost ? Attempt.HedgeLost : Attempts.ClientDisconnected;
        if (open.Call.IsSent)
        {
            AnswerUsage.EstimateInput(run, attempt);
            AnswerUsage.Charge(attempt, open.Call.Price);
        }
        open.IsReported = true;
        if (open.Call.IsSent)
            Report(run, open.Deployment, attempt, null, says: !open.HasLost);
        else
            NotStarted(run, open.Deployment, open.Began);
    }

    /// <summary>Ends an attempt that answered when another one beside it already had: what came is paid for and thrown away.</summary>
    public void Lost(AttemptRun run, OpenCall open, UpstreamAnswer answer)
    {
        AnswerUsage.Read(run, answer, open.Attempt);
        AnswerUsage.Charge(open.Attempt, open.Call.Price);
        open.Attempt.ExceptionClass = Attempt.HedgeLost;
        open.IsReported = true;
        Report(run, open.Deployment, open.Attempt, null, says: false);
    }

    /// <summary>Ends an attempt that failed, unless that was done.</summary>
    public void Failed(AttemptRun run, OpenCall open, UpstreamFailure failure)
    {
        if (open.IsReported)
            return;
        open.IsReported = true;
        open.Attempt.ExceptionClass = failure.ExceptionClass;
        if (run.Request.ApiKey is not null && !open.Call.IsSent)
            NotStarted(run, open.Deployment, open.Began); // the client's own target cannot be reached
        else
            Report(run, open.Deployment, open.Attempt, failure.RetryAfter, says: !failure.IsGateways);
    }

    /// <summary>Ends an attempt whose answer has been passed on, or was broken off.</summary>
    public void Ended(AttemptRun run, AttemptOutcome outcome)
    {
        outcome.Attempt!.Latency = time.GetElapsedTime(outcome.Attempt.StartTimestamp);
        Report(run, outcome.Deployment!, outcome.Attempt, null, says: !outcome.IsGateways);
        outcome.HangUp?.Dispose();
    }

    /// <summary>A call that was never sent, or not whole, uses up nothing of the deployment's limits.</summary>
    private void NotStarted(AttemptRun run, Deployment deployment, long began) =>
        router.NotStarted(deployment, run.Exchange.InputTokens, began);

    /// <summary>A call with a client's own key tells nothing of the deployment for others, and its tokens are of another quota.</summary>
    /// <param name="says">False: neither does how it ended, as it was not the deployment's doing; its tokens count.</param>
    private void Report(AttemptRun run, Deployment deployment, Attempt attempt, TimeSpan? retryAfter, bool says)
    {
        var inputTokens = run.Exchange.InputTokens;
        if (run.Request.ApiKey is not null)
            router.Released(deployment, inputTokens);
        else if (!says)
            router.Released(deployment, inputTokens, attempt.Usage.Total);
        else if (router.Report(deployment, run.Group, attempt, retryAfter, inputTokens) is not null)
            metrics.CooledDown(attempt);
    }
}
