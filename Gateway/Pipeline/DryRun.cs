using Gateway.Decisions;
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
        if (!string.IsNullOrEmpty(userId) && StandIn(exchange, caller, userId) is { } refusal)
            return (refusal, exchange, new());
        using var body = new RequestBody(http.Request, current.Config.General.MaxRequestSizeBytes, buffers);
        try
        {
            var unreadable = await RequestChecks.ReadAsync(body, exchange, http.RequestAborted);
            exchange.Error ??= unreadable;
            var answer = new Hypothesis();
            if (exchange.Error is null)
                (exchange.Error, answer) = await CheckAsync(http, current, exchange, body);
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
    private ApiError? StandIn(Exchange exchange, Caller caller, string userId)
    {
        if (!caller.IsAdmin)
            return userId == caller.UserId ? null : ApiError.AdminOnly(Route);
        if (userId == caller.UserId)
            return null;
        if (keys.CallerFor(userId) is not { } user)
            return ApiError.UnknownUser(RecordedText.Shorten(userId));
        exchange.Caller = user;
        if (keys.WhyBlocked(userId) is { } blocked)
            exchange.Error = RequestChecks.Refuse(exchange, Stage.Authenticate, blocked);
        return null;
    }

    /// <returns>Null, or the refusal that the request would get.</returns>
    private async ValueTask<(ApiError? Refusal, Hypothesis Answer)> CheckAsync(
        HttpContext http, GatewaySnapshot current, Exchange exchange, RequestBody body)
    {
        if (RequestChecks.Parse(http, Chat, current, body.Bytes, exchange, out var request) is { } malformed)
            return (malformed, new());
        if (RequestChecks.Authorize(http, Chat, current, exchange, request, out var group) is { } forbidden)
            return (forbidden, new());
        var run = new AttemptRun
        {
            Snapshot = current,
            Endpoint = Chat,
            Exchange = exchange,
            Request = request,
            Group = group,
            ShownModel = exchange.RequestedModel!,
        };
        if (checks.AskAdmission(run) is { } full)
            return (full, new());
        return await new DryWalk(router, time, run).RunAsync(http.RequestAborted);
    }
}
