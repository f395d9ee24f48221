using System.Globalization;
using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Keys;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Telemetry;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>
/// Takes a client's request through the eight stages: authenticate, parse, authorize, admit, route, call, relay, settle.
/// </summary>
/// <remarks>
/// The config snapshot is read once, at the start: a reload never changes a request half-way. Retry and fallback end with the
/// first byte that is sent to the client; so a stream's first event is looked at before the 200 is sent. A stage that refuses
/// returns an <see cref="ApiError"/>; null means go on. Settling happens on every way out: a client that hangs up still pays
/// for what was generated, and its upstream call is cancelled. Nothing waits for a disk before the first byte.
/// </remarks>
internal sealed class GatewayPipeline(
    Func<GatewaySnapshot> snapshot,
    KeyRing keys,
    Limiter limiter,
    Attempts attempts,
    SpendLedger ledger,
    GatewayMetrics metrics,
    RequestLog log,
    BufferBudget buffers,
    TimeProvider time,
    ILogger<GatewayPipeline> logger)
{
    /// <summary>A client's text that is recorded is cut to this many characters.</summary>
    private const int MaxRecordedText = 256;

    /// <summary>nginx's status for a client that hung up.</summary>
    private const int ClientClosedRequest = 499;

    /// <summary>Serves one request.</summary>
    public async Task HandleAsync(HttpContext http, ClientEndpoint endpoint)
    {
        var current = snapshot();
        var exchange = NewExchange(http, endpoint);
        var answer = new ClientAnswer(http, endpoint.Dialect, exchange, current.Config.General);
        metrics.Started();
        try
        {
            if (await ServeAsync(http, endpoint, current, exchange, answer) is { } refusal)
                await answer.RefuseAsync(refusal);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            exchange.Status = ClientClosedRequest;
        }
        catch (BadHttpRequestException e)
        {
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
            metrics.Observe(exchange);
            log.Write(exchange);
        }
    }

    /// <summary>The stages, in order. Null: the request was answered.</summary>
    private async ValueTask<ApiError?> ServeAsync(
        HttpContext http, ClientEndpoint endpoint, GatewaySnapshot current, Exchange exchange, ClientAnswer answer)
    {
        // 1 authenticate
        if (keys.Authenticate(http, out var caller) is { } denied)
            return denied;
        exchange.Caller = caller;
        if (ledger.IsFull)
            return ApiError.Unavailable("its ledger cannot be written");
        // 2 read and parse
        using var body = new RequestBody(http.Request, current.Config.General.MaxRequestSizeBytes, buffers);
        if (await body.ReadAsync(http.RequestAborted) is { } unreadable)
            return unreadable;
        if (endpoint.Dialect.Read(body.Bytes, out var request) is { } malformed)
            return malformed;
        Record(http, exchange, request, current);
        // 3 authorize what will be called
        if (FindGroup(http, endpoint, current, exchange, caller, request, out var group) is { } forbidden)
            return forbidden;
        // 4 admit
        if (limiter.Admit(caller, out var reservation) is { } full)
            return full;
        using (reservation!)
        {
            // 5, 6 route and call
            var run = new AttemptRun
            {
                Snapshot = current,
                Endpoint = endpoint,
                Exchange = exchange,
                Request = request,
                Group = group,
                ShownModel = exchange.RequestedModel!,
            };
            AttemptOutcome? outcome = null;
            var isRelayed = false;
            try
            {
                outcome = await attempts.RunAsync(run, http.RequestAborted);
                answer.Describe(run, outcome, limiter.SpentByKey(caller));
                // 7 relay
                if (outcome.Error is not null)
                    return outcome.Error;
                await RelayAsync(http, run, outcome, answer);
                isRelayed = true;
                return null;
            }
            finally
            {
                // 8 settle
                Settle(run, outcome, reservation!, isRelayed);
            }
        }
    }

    private Exchange NewExchange(HttpContext http, ClientEndpoint endpoint) => new()
    {
        Id = CallId.For(http.Request.Headers),
        StartedAt = time.GetUtcNow(),
        StartTimestamp = time.GetTimestamp(),
        Route = endpoint.Route,
        ClientIp = http.Connection.RemoteIpAddress?.ToString(),
        UserAgent = Shorten(http.Request.Headers.UserAgent),
    };

    private static void Record(HttpContext http, Exchange exchange, ClientRequest request, GatewaySnapshot current)
    {
        var headers = http.Request.Headers;
        exchange.IsStream = request.IsStream;
        exchange.EndUser = Shorten(headers["x-litellm-customer-id"]) ?? Shorten(headers["x-litellm-end-user-id"])
            ?? (current.Config.General.UserHeaderName is { } name ? Shorten(headers[name]) : null)
            ?? request.User;
    }

    /// <summary>Resolves the model once: what is authorized is what will be called.</summary>
    private static ApiError? FindGroup(
        HttpContext http, ClientEndpoint endpoint, GatewaySnapshot current, Exchange exchange, Caller caller, ClientRequest request, out ModelGroup group)
    {
        group = null!;
        var general = current.Config.General;
        var forced = endpoint.Operation == Operation.Embeddings ? general.EmbeddingModel : general.CompletionModel;
        var model = forced ?? (endpoint.ModelInPath ? ModelOf(http.Request.RouteValues) : null) ?? request.Model;
        if (string.IsNullOrEmpty(model))
            return ApiError.NoModel();
        exchange.RequestedModel = Shorten(model);
        if (model.Length > MaxRecordedText || current.Catalog.Resolve(model) is not { } found)
            return ApiError.UnknownModel(endpoint.Route, exchange.RequestedModel!);
        group = found;
        exchange.ModelGroup = found.Name;
        return current.Catalog.IsAllowed(caller, model, found) ? null : ApiError.ModelAccessDenied(caller.Models, model);
    }

    /// <summary>The model in a path; one whose name has a slash (<c>openai/gpt-4o</c>) takes two segments, or comes escaped.</summary>
    private static string? ModelOf(RouteValueDictionary path)
    {
        var model = path["vendor"] is string vendor ? $"{vendor}/{path["model"]}" : path["model"] as string;
        return model?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase); // the web server leaves this escape alone
    }

    /// <summary>Sends the answer, whole or as far as it comes.</summary>
    private async ValueTask RelayAsync(HttpContext http, AttemptRun run, AttemptOutcome outcome, ClientAnswer answer)
    {
        if (outcome.Answer is WholeAnswer whole)
        {
            Account(run, outcome);
            answer.SetCost(outcome.Attempt!.Cost);
            await answer.SendAsync(whole, run.ShownModel);
            return;
        }
        var stream = (StreamedAnswer)outcome.Answer!;
        answer.BeginStream();
        var end = await stream.RelayAsync(http.Response.BodyWriter, http.RequestAborted);
        if (StreamFailure.From(outcome.Deployment!, stream, end) is { } failure)
        {
            outcome.Attempt!.ExceptionClass = failure.ExceptionClass;
            await answer.BreakOffAsync(failure.ToError());
        }
    }

    /// <summary>Books what the attempt cost and ends it, on every way out.</summary>
    private void Settle(AttemptRun run, AttemptOutcome? outcome, Reservation reservation, bool isRelayed)
    {
        if (outcome?.Answer is not { } answer)
            return;
        if (answer is StreamedAnswer)
            Account(run, outcome);
        if (!isRelayed)
        {
            outcome.Attempt!.Status = ClientClosedRequest; // not a failure of the deployment's
            outcome.Attempt.ExceptionClass = "ClientDisconnected";
        }
        reservation.Settle(outcome.Attempt!.Cost);
        attempts.Ended(run, outcome);
        answer.Dispose();
    }

    /// <summary>Puts usage and cost of an answer into the attempt's record.</summary>
    private void Account(AttemptRun run, AttemptOutcome outcome)
    {
        var attempt = outcome.Attempt!;
        attempt.Latency = time.GetElapsedTime(attempt.StartTimestamp);
        AnswerUsage.Read(run, outcome.Answer!, attempt);
        if (outcome.Price is not { } price)
            return;
        attempt.PriceId = price.Id;
        attempt.Cost = price.CostOf(attempt.Usage, attempt.Latency);
    }

    private static string? Shorten(string? text) => text is { Length: > MaxRecordedText } ? text[..MaxRecordedText] : text;
}
