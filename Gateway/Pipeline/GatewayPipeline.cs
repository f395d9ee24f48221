using Gateway.Config;
using Gateway.Decisions;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Telemetry;
using Gateway.Upstream;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>
/// Takes a client's request through the eight stages: authenticate, parse, authorize, admit, route, call, relay, settle.
/// </summary>
/// <remarks>
/// The config snapshot is read once, at the start: a reload never changes a request half-way. Retry and fallback end with the
/// first byte that is sent to the client; so a stream's first event is looked at before the 200 is sent. A stage that refuses
/// returns an <see cref="ApiError"/>; null means go on. Settling happens on every way out: a client that hangs up still pays
/// for what was generated, and its upstream call is cancelled. A call that was sent and given up before its answer was there, by
/// the client, a time limit, full buffers or a hedge that won, is booked as an estimate: its input and, unless it was a stream, all
/// the output that it was allowed. An attempt that the provider refused or broke off before its answer, or that was never sent, is
/// booked at nothing. Nothing waits for a disk before the first byte but the journal of each attempt, which must be
/// there before its call leaves.
/// </remarks>
internal sealed class GatewayPipeline(
    Func<GatewaySnapshot> snapshot,
    RequestChecks checks,
    Limiter limiter,
    Attempts attempts,
    FileCalls files,
    SpendLedger ledger,
    DecisionLog decisions,
    GatewayMetrics metrics,
    RequestLog log,
    BufferBudget buffers,
    ResponseStore responses,
    ResponseIds responseIds,
    TimeProvider time,
    ILogger<GatewayPipeline> logger,
    CancellationToken stopping)
{
    /// <summary>Serves one request.</summary>
    public async Task HandleAsync(HttpContext http, ClientEndpoint endpoint)
    {
        var current = snapshot();
        var exchange = NewExchange(http, endpoint, current.Config.General);
        var answer = new ClientAnswer(http, endpoint.Dialect, exchange, current.Config.General);
        metrics.Started();
        try
        {
            if (await ServeAsync(http, endpoint, current, exchange, answer) is { } refusal)
                await answer.RefuseAsync(refusal);
        }
        catch (Exception e) when (IsHangUp(e))
        {
            exchange.Status = ApiError.ClientClosedRequest;
        }
        catch (BadHttpRequestException e)
        {
            exchange.RefusedBy = Stage.Parse;
            await answer.RefuseAsync(ApiError.BadHttp(e.StatusCode));
        }
        catch (Exception e)
        {
            PipelineLog.Failed(logger, exchange.Id, e);
            await answer.RefuseAsync(ApiError.Internal(exchange.Id));
        }
        finally
        {
            exchange.Duration = time.GetElapsedTime(exchange.StartTimestamp);
            ledger.Append(exchange);
            decisions.Append(exchange, current.Catalog.ModelOf);
            metrics.Observe(exchange);
            log.Write(exchange);
        }
    }

    /// <summary>The stages, in order. Null: the request was answered.</summary>
    private async ValueTask<ApiError?> ServeAsync(
        HttpContext http, ClientEndpoint endpoint, GatewaySnapshot current, Exchange exchange, ClientAnswer answer)
    {
        if (stopping.IsCancellationRequested)
            return ApiError.Unavailable("it is stopping");
        // 1 authenticate
        if (checks.Authenticate(http, exchange, out var caller) is { } denied)
            return denied;
        answer.SetSpend(limiter.SpentByKey(caller));
        if (ledger.IsFull)
            return ApiError.DatabaseUnavailable("its ledger cannot be written");
        if (endpoint.File is { } file)
            return await files.ServeAsync(http, file, current, exchange, answer);
        // 2 read and parse
        using var body = new RequestBody(http.Request, current.Config.General.MaxRequestSizeBytes, buffers);
        if (await RequestChecks.ReadAsync(body, exchange, http.RequestAborted) is { } unreadable)
            return unreadable;
        if (RequestChecks.Parse(http, endpoint, current, body.Bytes, exchange, out var request) is { } malformed)
            return malformed;
        // 3 authorize what will be called
        if (RequestChecks.Authorize(http, endpoint, current, exchange, request, out var group) is { } forbidden)
            return forbidden;
        if (responseIds.Find(caller, request, ref group) is { } notFound)
            return RequestChecks.Refuse(exchange, Stage.Authorize, notFound);
        // 4 admit
        var run = new AttemptRun
        {
            Snapshot = current,
            Endpoint = endpoint,
            Exchange = exchange,
            Request = request,
            Group = group,
            ShownModel = exchange.RequestedModel!,
            Responses = responses,
        };
        var admission = await checks.AdmitAsync(run, http.RequestAborted);
        answer.SetLimits(admission);
        if (admission.Refusal is { } full)
            return full;
        using (run.Money)
            return await CallAsync(http, run, answer, caller);
    }

    /// <summary>The stages from the routing on. Null: the request was answered.</summary>
    private async ValueTask<ApiError?> CallAsync(
        HttpContext http, AttemptRun run, ClientAnswer answer, Caller caller)
    {
        AttemptOutcome? outcome = null;
        var isAbandoned = false;
        try
        {
            // 5, 6 route and call
            outcome = await attempts.RunAsync(run, http.RequestAborted);
            answer.SetSpend(limiter.SpentByKey(caller));
            answer.Describe(run, outcome);
            // 7 relay
            if (outcome.Error is { } failed)
                return RequestChecks.Refuse(run.Exchange, StageOfFailure(run.Exchange, failed), failed);
            await RelayAsync(http, run, outcome, answer);
            return null;
        }
        catch (Exception e) when (IsHangUp(e))
        {
            isAbandoned = true;
            throw;
        }
        finally
        {
            // 8 settle
            Settle(run, outcome, isAbandoned);
        }
    }

    /// <summary>
    /// True for what is thrown when the client has gone; nothing else is cancelled up to here. (The request's own token may be
    /// cancelled a moment later.)
    /// </summary>
    private static bool IsHangUp(Exception e) => e is OperationCanceledException or ConnectionResetException;

    private Exchange NewExchange(HttpContext http, ClientEndpoint endpoint, GeneralSettings settings)
    {
        var now = time.GetUtcNow();
        return new()
        {
            Id = CallId.For(http.Request.Headers),
            DecisionId = settings.DecisionRetention.KeepsNone ? "" : DecisionLog.NewId(now),
            StartedAt = now,
            StartTimestamp = time.GetTimestamp(),
            Route = endpoint.Route,
            Dialect = endpoint.Dialect.Name,
            ClientIp = http.Connection.RemoteIpAddress?.ToString(),
            UserAgent = RequestChecks.Recorded(http.Request.Headers.UserAgent),
        };
    }

    /// <summary>Without any attempt: whether a deployment was found at all, and if so whether it could be paid.</summary>
    internal static Stage StageOfFailure(Exchange exchange, ApiError error) =>
        exchange.Attempts.Count > 0 ? Stage.Call
        : error.IsOfMoney ? Stage.Admit
        : exchange.Routes is { } routes
        && !routes[^1].Candidates.Any(candidate => candidate.Verdict == RouteVerdict.Chosen)
            ? Stage.Route
            : Stage.Call;

    /// <summary>Sends the answer, whole or as far as it comes.</summary>
    private async ValueTask RelayAsync(HttpContext http, AttemptRun run, AttemptOutcome outcome, ClientAnswer answer)
    {
        await responseIds.RememberAsync(run, outcome);
        if (outcome.Answer is WholeAnswer whole)
        {
            Account(run, outcome);
            answer.SetCost(outcome.Attempt!.Cost);
            await answer.SendAsync(whole, run.ShownModel);
            return;
        }
        if (outcome.Answer is RelayedAnswer bytes)
        {
            await BytesRelay.RunAsync(http, run.Exchange, outcome.Deployment!, outcome.Attempt!, bytes, answer);
            return;
        }
        var stream = (StreamedAnswer)outcome.Answer!;
        run.Exchange.IsStream = true;
        answer.BeginStream();
        var end = await stream.RelayAsync(http.Response.BodyWriter, http.RequestAborted);
        if (StreamFailure.From(outcome.Deployment!, stream, end, time.GetUtcNow()) is not { } failure)
            return;
        outcome.Attempt!.ExceptionClass = failure.ExceptionClass;
        outcome.IsGateways = failure.IsGateways;
        run.Exchange.RefusedBy = Stage.Relay;
        await answer.BreakOffAsync(failure.ToError());
    }

    /// <summary>
    /// Books what the request cost and ends the last attempt, on every way out and whatever goes wrong on it: an answer that came
    /// is never free, and its memory is given back.
    /// </summary>
    private void Settle(AttemptRun run, AttemptOutcome? outcome, bool isAbandoned)
    {
        try
        {
            if (outcome?.Answer is null)
                return;
            if (!outcome.IsAccounted)
                Account(run, outcome);
            if (!isAbandoned)
                return;
            outcome.Attempt!.Status = ApiError.ClientClosedRequest; // not a failure of the deployment's
            outcome.Attempt.ExceptionClass = Attempts.ClientDisconnected;
        }
        finally
        {
            if (outcome?.Call is { } call)
            {
                run.Money!.Settle(call.Slice, call.Attempt);
                if (call.Slice.Overshoot.Value > 0)
                    PipelineLog.Overshot(logger, run.Exchange.Id, call.Attempt.DeploymentId, call.Attempt.Cost, call.Slice.Overshoot);
            }
            try
            {
                if (outcome?.Answer is not null)
                    attempts.Ended(run, outcome);
            }
            finally
            {
                outcome?.Answer?.Dispose();
            }
        }
    }

    /// <summary>Puts usage and cost of an answer into the attempt's record.</summary>
    private void Account(AttemptRun run, AttemptOutcome outcome)
    {
        var attempt = outcome.Attempt!;
        attempt.Latency = time.GetElapsedTime(attempt.StartTimestamp);
        AnswerUsage.Read(run, outcome.Answer!, attempt, outcome.Call!.Call);
        AnswerUsage.Charge(attempt, outcome.Call!.Call);
        outcome.IsAccounted = true;
    }
}
