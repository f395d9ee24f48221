using Gateway.Catalog;
using Gateway.Dialects.OpenAi;
using Gateway.Keys;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>
/// Serves files and batches: (1) read, (2) find the account and whose the id is, (3) admit, (4) call, relay and remember. There is no
/// model, so nothing is routed; an upload is not sent twice.
/// </summary>
internal sealed class FileCalls(OwnedIds owned, Limiter limiter, FileUpstream upstream, BufferBudget buffers)
{
    private readonly FileTarget _target = new(owned);
    private readonly FileRelay _relay = new(owned, upstream);

    /// <summary>Serves a call of an authenticated caller. Null: it was answered.</summary>
    public async ValueTask<ApiError?> ServeAsync(
        HttpContext http, FileCall call, GatewaySnapshot current, Exchange exchange, ClientAnswer answer)
    {
        var (caller, general) = (exchange.Caller!, current.Config.General);
        exchange.ModelGroup = call.Name;
        // 1
        using var body = new RequestBody(http.Request, general.MaxRequestSizeBytes, buffers);
        var request = FileRequest.Empty;
        if (call.Action == FileAction.Create)
        {
            if (await RequestChecks.ReadAsync(body, exchange, http.RequestAborted) is { } unreadable)
                return unreadable;
            if (Read(call, body, out request) is { } malformed)
                return RequestChecks.Refuse(exchange, Stage.Parse, malformed);
        }
        // 2
        var id = call.HasId ? http.Request.RouteValues["id"] as string ?? "" : null;
        if (_target.Find(http, call, current, caller, request, id, out var account, out var owner) is { } notFound)
            return RequestChecks.Refuse(exchange, Stage.Authorize, notFound);
        if (call.CreatesBatch && WhyNoBatch(exchange, current) is { } forbidden)
            return RequestChecks.Refuse(exchange, Stage.Authorize, forbidden);
        var run = new FileRun
        {
            Http = http,
            Call = call,
            Snapshot = current,
            Exchange = exchange,
            Answer = answer,
            Request = request,
            Account = account,
            Id = id,
            Owner = owner,
            Bound = call.CreatesBatch ? general.BatchBound : NanoUsd.Zero,
        };
        // 3
        if (await AdmitAsync(run) is { } full)
            return full;
        // 4
        using (run.Money)
            return await _relay.RunAsync(run);
    }

    private static ApiError? Read(FileCall call, RequestBody body, out FileRequest request) => call.Kind == OwnedKind.File
        ? FileRequest.ReadForm(body.Bytes, out request)
        : FileRequest.ReadJson(body.Bytes, out request);

    /// <summary>What a batch asks is in a file that the gateway does not read: neither its models nor its cost are known.</summary>
    private static ApiError? WhyNoBatch(Exchange exchange, GatewaySnapshot current)
    {
        if (!ModelCatalog.AllowsEverything(exchange.Caller!))
            return FileErrors.BatchOfAnyModel();
        var hasBudget = RequestPayers.Of(exchange, current.Config).Any(static payer => payer.Limits.HasBudget);
        return hasBudget && current.Config.General.BatchBound == NanoUsd.Zero ? FileErrors.BatchNotBounded() : null;
    }

    private async ValueTask<ApiError?> AdmitAsync(FileRun run)
    {
        var admission = await limiter.AdmitAsync(
            new AdmitRequest
            {
                Subjects = RequestPayers.Of(run.Exchange, run.Snapshot.Config),
                Model = run.Call.Name,
                Bound = new CostBound { FixedCost = run.Bound },
            },
            run.Http.RequestAborted);
        run.Answer.SetLimits(admission);
        if (admission.Refusal is { } full)
            return RequestChecks.Refuse(run.Exchange, Stage.Admit, full);
        run.Money = admission.Reservation;
        run.Exchange.Bound = run.Bound;
        return null;
    }
}
