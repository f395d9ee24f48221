using Gateway.Catalog;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Routing;
using Gateway.Telemetry;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Begins, makes and ends calls to single deployments. Every call that begins is reported to the router exactly once.</summary>
internal sealed class DeploymentCalls(
    Router router, UpstreamClient upstream, SpendLedger ledger, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>
    /// Begins a call: (1) chooses a deployment, (2) shapes the request for it, (3) reserves its money, (4) opens the record of the attempt,
    /// (5) journals it. Nothing has been sent.
    /// </summary>
    /// <returns>
    /// A call that is to be sent; else why there is none, for a hedge with or without an error.
    /// </returns>
    public async ValueTask<(OpenCall? Open, AttemptOutcome? None)> BeginAsync(AttemptRun run, AttemptKind kind)
    {
        var none = Begin(run, kind, out var open, out var isOfDeployment);
        // A provider whose budget is full, or that cannot be sent the request, is no reason not to ask another one.
        for (var others = run.Group.Deployments.Length; isOfDeployment && others > 1; others--)
            none = Begin(run, kind, out open, out isOfDeployment);
        if (none is not null)
            return (null, none);
        // 5
        if (await ledger.OpenAsync(run.Exchange, open.Attempt) || !open.IsLimited)
            return (open, null);
        NotJournaled(run, open);
        return (null, new AttemptOutcome { Error = ApiError.Unavailable("its ledger cannot be written"), IsGateways = true });
    }

    /// <param name="isOfDeployment">True: this deployment cannot be called, and maybe another one can.</param>
    private AttemptOutcome? Begin(AttemptRun run, AttemptKind kind, out OpenCall open, out bool isOfDeployment)
    {
        open = null!;
        isOfDeployment = false;
        // 1
        var began = time.GetTimestamp();
        var none = router.Pick(run.Group, run.RouteRequest, run.Tried, out var deployment, out var route);
        run.Exchange.AddRoute(route);
        if (none is not null)
            return new AttemptOutcome { Error = none, MayFallBack = true };
        var isBegun = false;
        try
        {
            if (kind == AttemptKind.Hedge && run.Tried!.Contains(deployment))
                return new AttemptOutcome(); // none other can be taken at this moment
            if (OutOfTime(run, deployment) is { } late)
                return late;
            // 2
            var money = run.Money!;
            var provider = RequestPayers.Provider(deployment.Provider.Name, run.Snapshot.Config);
            var isLimited = money.IsLimitedAt(provider);
            var bound = deployment.Provider.IsBuilt ? money.Bound.ForDeployment(run, deployment, money.OutputCap, isLimited) : default;
            if (Prepare(run, deployment, bound.OutputCap, out var call) is { } refusal)
                return NotCalled(run, deployment, refusal, isOfDeployment = RequestShape.IsOfDeployment(refusal));
            // 3
            var startedAt = time.GetUtcNow();
            if (money.Begin(kind, bound, new AttemptStart(startedAt, run.Group.Name, provider), out var slice) is { } full)
            {
                isOfDeployment = provider is not null; // the money of another one may have room
                return NotCalled(run, deployment, full, mayFallBack: true);
            }
            // 4
            open = new(deployment, NewAttempt(run, deployment, kind, startedAt, bound), call, began, slice, isLimited);
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

    /// <summary>Why a deployment that was chosen is not called; it is not chosen again while there is another.</summary>
    public static AttemptOutcome NotCalled(AttemptRun run, Deployment deployment, ApiError reason, bool mayFallBack)
    {
        run.Exchange.Note($"{deployment.Id} was not called: {reason.Message}");
        (run.Tried ??= []).Add(deployment);
        return new AttemptOutcome { Error = reason, MayFallBack = mayFallBack };
    }

    /// <summary>Takes back an attempt that could not be journaled: nobody would know of it if the gateway died now.</summary>
    private void NotJournaled(AttemptRun run, OpenCall open)
    {
        run.Exchange.Attempts.Remove(open.Attempt);
        run.Exchange.Note($"{open.Deployment.Id} was not called: the attempt could not be journaled, and the caller has a limit.");
        run.Money!.Settle(open.Slice, open.Attempt);
        NotStarted(run, open.Deployment, open.Began);
    }

    /// <summary>Another attempt is not begun once the request's time is over; the first failure is told then.</summary>
    private AttemptOutcome? OutOfTime(AttemptRun run, Deployment deployment)
    {
        if (run.FirstError is not { } first || TimeLeft(run, TimeLimits.For(run, deployment)) > TimeSpan.Zero)
            return null;
        run.Exchange.Note($"The request's time was over before {deployment.Id} was called.");
        return new AttemptOutcome { Error = first, MayFallBack = false };
    }

    /// <param name="outputCap">As in <see cref="RequestShape.For"/>.</param>
    private ApiError? Prepare(AttemptRun run, Deployment deployment, long? outputCap, out UpstreamCall call)
    {
        call = null!;
        if (RequestShape.For(run, deployment, out var shaped, outputCap) is { } refusal)
            return refusal;
        var operation = run.Endpoint.Operation;
        if (UpstreamBody.Compose(run, deployment, shaped, time.GetUtcNow(), out var body) is { } untranslatable)
            return untranslatable;
        var (model, _, target, _) = shaped;
        var price = OperationPrice.Of(deployment, operation, run.Snapshot.Catalog.AnyPriceFor(deployment, model, time.GetUtcNow()));
        var answerPrice = ToolFees.PriceOf(run.Request, operation, deployment, model, price, target.IsChosenByClient)
            .UpTo(RequestBound.LongestOf(run, deployment));
        var limits = TimeLimits.For(run, deployment);
        var left = TimeLeft(run, limits);
        var first = left < limits.Attempt ? left : limits.Attempt;
        call = new UpstreamCall
        {
            Deployment = deployment,
            Operation = operation,
            Wire = body.Wire,
            Model = model,
            Uri = target.Uri,
            Key = target.Key,
            IsClientTarget = target.IsChosenByClient,
            Body = body.Body,
            Headers = body.Headers,
            Lost = body.Lost,
            Price = price,
            AnswerPrice = answerPrice,
            Stream = RequestShape.StreamFor(run, deployment, answerPrice),
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

    private Attempt NewAttempt(AttemptRun run, Deployment deployment, AttemptKind kind, DateTimeOffset startedAt, in AttemptBound bound)
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
            StartedAt = startedAt,
            StartTimestamp = time.GetTimestamp(),
            Bound = bound.Cost,
            InputAtMost = bound.InputAtMost,
            OutputAtMost = bound.OutputOfAll,
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
        ChargeUnseen(run, open);
        open.IsReported = true;
        if (open.Call.IsSent)
            Report(run, open.Deployment, attempt, null, says: !open.HasLost);
        else
            NotStarted(run, open.Deployment, open.Began);
    }

    /// <summary>
    /// Books an answer that nobody waited for. A provider may bill what it was sent and, as nothing of a whole answer can be seen before
    /// it is there, all that it may have written. A call that was not sent costs nothing.
    /// </summary>
    private static void ChargeUnseen(AttemptRun run, OpenCall open)
    {
        if (open.Call.IsSent)
        {
            AnswerUsage.EstimateUnseen(run, open.Attempt);
            if (open.Call.Operation.IsPassedThrough())
                PassThroughUsage.SetUnseen(run, open.Attempt, open.Call);
            AnswerUsage.Charge(open.Attempt, open.Call);
        }
        run.Money!.Settle(open.Slice, open.Attempt);
    }

    /// <summary>Ends an attempt that answered when another one beside it already had: what came is paid for and thrown away.</summary>
    public void Lost(AttemptRun run, OpenCall open, UpstreamAnswer answer)
    {
        AnswerUsage.Read(run, answer, open.Attempt, open.Call);
        AnswerUsage.Charge(open.Attempt, open.Call);
        run.Money!.Settle(open.Slice, open.Attempt);
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
        if (failure.IsAbandoned)
            ChargeUnseen(run, open);
        else
            run.Money!.Settle(open.Slice, open.Attempt);
        ledger.Append(run.Exchange, open.Attempt);
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
