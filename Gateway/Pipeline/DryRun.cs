using Gateway.Catalog;
using Gateway.Decisions;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;
using Gateway.Keys;
using Gateway.Routing;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>
/// Finds out what would become of a chat request now: the checks of a real one, the choice that would be made, the fallbacks, the
/// price. Nothing is called, reserved or booked.
/// </summary>
internal sealed class DryRun(
    Func<GatewaySnapshot> snapshot, RequestChecks checks, KeyRing keys, Router router, BufferBudget buffers, TimeProvider time)
{
    private const string Route = "/explain";

    private static readonly ClientEndpoint Chat = new("/v1/chat/completions", new OpenAiDialect(), Operation.Chat);

    /// <param name="userId">Whom the admin asks for. Null: the caller.</param>
    /// <returns>Why the question itself is refused, or null and the answer.</returns>
    public async ValueTask<(ApiError? Refusal, Exchange Exchange, Hypothesis Answer)> RunAsync(HttpContext http, string? userId)
    {
        var current = snapshot();
        var exchange = new Exchange { Id = CallId.For(http.Request.Headers), StartedAt = time.GetUtcNow(), Route = Chat.Route };
        if (checks.Authenticate(http, exchange, out var caller) is { } denied)
            return (denied, exchange, new());
        if (!string.IsNullOrEmpty(userId) && StandIn(exchange, current, caller, userId) is { } refusal)
            return (refusal, exchange, new());
        using var body = new RequestBody(http.Request, current.Config.General.MaxRequestSizeBytes, buffers);
        try
        {
            var unreadable = await RequestChecks.ReadAsync(body, exchange, http.RequestAborted);
            var answer = new Hypothesis();
            exchange.Error = exchange.Error ?? unreadable ?? Check(http, current, exchange, body, out answer);
            if (exchange.Error is { } error)
                exchange.Error = ErrorHeaders.For(error, current.Config.General);
            return (null, exchange, answer);
        }
        catch (BadHttpRequestException e)
        {
            return (ApiError.BadHttp(e.StatusCode), exchange, new());
        }
    }

    /// <summary>Puts the user in the caller's place.</summary>
    private ApiError? StandIn(Exchange exchange, GatewaySnapshot current, Caller caller, string userId)
    {
        if (!caller.IsAdmin)
            return userId == caller.UserId ? null : ApiError.AdminOnly(Route);
        if (userId == caller.UserId)
            return null;
        foreach (var user in current.Config.UserAccess)
        {
            if (user.UserId != userId)
                continue;
            exchange.Caller = keys.Callers.FirstOrDefault(other => other.UserId == userId) ?? new Caller
            {
                KeyId = "",
                KeyAlias = user.KeyAlias,
                UserId = user.UserId,
                TeamId = user.TeamId,
                Models = user.Models,
                MaxBudget = user.MaxBudget,
            };
            if (user.IsBlocked)
                exchange.Error = RequestChecks.Refuse(exchange, Stage.Authenticate, ApiError.KeyBlocked());
            return null;
        }
        return ApiError.UnknownUser(RecordedText.Shorten(userId));
    }

    /// <returns>Null, or the refusal that the request would get.</returns>
    private ApiError? Check(HttpContext http, GatewaySnapshot current, Exchange exchange, RequestBody body, out Hypothesis answer)
    {
        answer = new();
        if (RequestChecks.Parse(http, Chat.Dialect, current, body.Bytes, exchange, out var request) is { } malformed)
            return malformed;
        if (RequestChecks.Authorize(http, Chat, current, exchange, request, out var group) is { } forbidden)
            return forbidden;
        var full = checks.Admit(exchange, out var reservation);
        reservation?.Dispose();
        if (full is not null)
            return full;
        var route = new RouteRequest { IsStream = request.IsStream, InputTokens = exchange.InputTokens, Tags = exchange.Tags };
        var none = router.Explain(group, route, out var record);
        exchange.AddRoute(record);
        answer = new()
        {
            Fallbacks = [.. FallbacksOf(current, group, route)],
            Prices = [.. group.Deployments.Select(deployment => PriceAt(current, exchange, group, deployment))],
        };
        if (none is not null)
            return RequestChecks.Refuse(exchange, Stage.Route, none);
        return Shape(current, exchange, request, group, record) is { } misshapen
            ? RequestChecks.Refuse(exchange, Stage.Call, misshapen)
            : null;
    }

    private IEnumerable<RouteRecord> FallbacksOf(GatewaySnapshot current, ModelGroup group, RouteRequest route)
    {
        foreach (var name in current.Catalog.FallbacksOf(group.Name).Take(current.Config.Router.MaxFallbacks))
        {
            if (name == group.Name || current.Catalog.Resolve(name) is not { } fallback)
                continue;
            router.Explain(fallback, route, out var record);
            yield return record;
        }
    }

    /// <summary>The estimated input, and as much output as the client would let the model write.</summary>
    private PriceEstimate PriceAt(GatewaySnapshot current, Exchange exchange, ModelGroup group, Deployment deployment)
    {
        if (current.Catalog.PriceFor(deployment, group.UpstreamModelOf(deployment), time.GetUtcNow()) is not { } price)
            return new(deployment.Id, null, [], NanoUsd.Zero);
        var usage = new Usage { Input = exchange.InputTokens, Output = exchange.MaxTokens ?? 0 };
        return new(deployment.Id, price.Id, [.. AnswerUsage.LinesOf(price, usage, TimeSpan.Zero)], price.CostOf(usage, TimeSpan.Zero));
    }

    /// <summary>What the chosen deployment does not take would be refused before it is called.</summary>
    private static ApiError? Shape(GatewaySnapshot current, Exchange exchange, ClientRequest request, ModelGroup group, RouteRecord record)
    {
        var index = Array.FindIndex(record.Candidates, candidate => candidate.Verdict == RouteVerdict.Chosen);
        var deployment = group.Deployments[Math.Max(0, index)];
        if (!deployment.Provider.IsBuilt)
            return ApiError.ProviderNotBuilt(deployment.Provider.Name);
        var model = group.UpstreamModelOf(deployment);
        var run = new AttemptRun
        {
            Snapshot = current,
            Endpoint = Chat,
            Exchange = exchange,
            Request = request,
            Group = group,
            ShownModel = exchange.RequestedModel!,
        };
        return RequestShape.ChangesFor(run, deployment, model, out _)
            ?? ClientTarget.Find(deployment, Chat.Operation, model, request, out _);
    }
}
