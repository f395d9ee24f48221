using System.Buffers;
using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Keys;
using Gateway.Limits;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>
/// The checks of a request before a deployment is looked for: authenticate, parse, authorize, admit. A dry run makes the same ones.
/// Each writes down what it found, and returns null or the refusal.
/// </summary>
internal sealed class RequestChecks(KeyRing keys, Limiter limiter, TimeProvider time)
{
    /// <summary>Says who is calling.</summary>
    public ApiError? Authenticate(HttpContext http, Exchange exchange, out Caller caller)
    {
        if (keys.Authenticate(http, out caller) is { } denied)
            return Refuse(exchange, Stage.Authenticate, denied);
        exchange.Caller = caller;
        return null;
    }

    /// <summary>Reads the body, whose bytes stay where they are.</summary>
    public static async ValueTask<ApiError?> ReadAsync(RequestBody body, Exchange exchange, CancellationToken ct) =>
        await body.ReadAsync(ct) is { } unreadable ? Refuse(exchange, Stage.Parse, unreadable) : null;

    /// <summary>Finds what the gateway must know of the body.</summary>
    public static ApiError? Parse(
        HttpContext http, ClientEndpoint endpoint, GatewaySnapshot current, ReadOnlySequence<byte> body, Exchange exchange,
        out ClientRequest request)
    {
        if (endpoint.Dialect.Read(body, out request) is { } malformed)
            return Refuse(exchange, Stage.Parse, malformed);
        request.IsStream = endpoint.IsStream ?? request.IsStream;
        var headers = http.Request.Headers;
        if (RoutingHeaders.Read(headers, request) is { } wrong)
            return Refuse(exchange, Stage.Parse, wrong);
        if (ForwardedHeaders.Read(headers, endpoint.Dialect, request) is { } unusable)
            return Refuse(exchange, Stage.Parse, unusable);
        exchange.IsStream = request.IsStream;
        exchange.Tags = request.Routing?.Tags ?? [];
        exchange.InputTokens = request.Size.Estimate;
        exchange.MaxTokens = request.MaxTokens;
        exchange.EndUser = Recorded(headers["x-litellm-customer-id"]) ?? Recorded(headers["x-litellm-end-user-id"])
            ?? (current.Config.General.UserHeaderName is { } name ? Recorded(headers[name]) : null)
            ?? request.User;
        return null;
    }

    /// <summary>Resolves the model once: what is authorized is what will be called.</summary>
    public static ApiError? Authorize(
        HttpContext http, ClientEndpoint endpoint, GatewaySnapshot current, Exchange exchange, ClientRequest request, out ModelGroup group)
    {
        group = null!;
        var general = current.Config.General;
        var forced = endpoint.Operation == Operation.Embeddings ? general.EmbeddingModel
            : endpoint.Operation.WritesText() ? general.CompletionModel : null;
        var model = forced ?? (endpoint.ModelInPath ? ModelOf(http.Request.RouteValues) : null) ?? request.Model;
        if (string.IsNullOrEmpty(model))
            return Refuse(exchange, Stage.Authorize, ApiError.NoModel());
        exchange.RequestedModel = Recorded(model);
        // A line break would end a field of a form.
        var isField = !endpoint.Operation.TakesForm() || !model.AsSpan().ContainsAnyInRange('\0', '\u001F');
        if (model.Length > RecordedText.MaxLength || !isField || current.Catalog.Resolve(model) is not { } found)
            return Refuse(exchange, Stage.Authorize, ApiError.UnknownModel(endpoint.Route, exchange.RequestedModel!));
        group = found;
        exchange.ModelGroup = found.Name;
        exchange.AllowedBy = current.Catalog.AllowedBy(exchange.Caller!, model, found);
        if (exchange.AllowedBy is not null)
            return null;
        return Refuse(exchange, Stage.Authorize, current.Catalog.IsAllowedByTeam(exchange.Caller!, model, found)
            ? ApiError.ModelAccessDenied(exchange.Caller!.Models, model)
            : ApiError.TeamModelAccessDenied(exchange.Caller!.TeamModels, model));
    }

    /// <summary>Asks for the money and the room of everybody who pays; near the edge of a budget it waits for others to settle.</summary>
    /// <returns>With a refusal, or with the reservation that the run's money is made of.</returns>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<Admission> AdmitAsync(AttemptRun run, CancellationToken ct)
    {
        var exchange = run.Exchange;
        exchange.Spent = limiter.SpentByUser(exchange.Caller!.UserId);
        var bound = RequestBound.Of(run, run.Request.Size, time.GetUtcNow());
        var (request, start) = (RequestFor(run, bound), time.GetTimestamp());
        var admitting = limiter.AdmitAsync(request, ct);
        var hasWaited = !admitting.IsCompleted;
        var admission = await admitting;
        if (hasWaited)
            exchange.Note($"Waited {(long)time.GetElapsedTime(start).TotalMilliseconds} ms for running requests to settle.");
        if (admission.Refusal is { } full)
        {
            Refuse(exchange, Stage.Admit, full);
            return admission;
        }
        if (admission.Reservation!.IsLowered)
            exchange.Note($"The output was limited to {admission.Reservation.OutputCap} tokens, which is what the limits have room for.");
        (exchange.Bound, exchange.OutputCap) = (admission.Reservation.Bound, admission.Reservation.OutputCap);
        run.Money = new RequestMoney(admission.Reservation, bound);
        return admission;
    }

    /// <summary>Says what the money would say of a request that is not made; nothing is reserved or counted.</summary>
    public ApiError? AskAdmission(AttemptRun run)
    {
        run.Exchange.Spent = limiter.SpentByUser(run.Exchange.Caller!.UserId);
        var answer = limiter.Ask(RequestFor(run, RequestBound.Of(run, run.Request.Size, time.GetUtcNow())));
        return answer.Refusal is { } full ? Refuse(run.Exchange, Stage.Admit, full) : null;
    }

    private static AdmitRequest RequestFor(AttemptRun run, RequestBound bound) => new()
    {
        Subjects = RequestPayers.Of(run.Exchange, run.Snapshot.Config),
        Model = run.Group.Name,
        Bound = bound.Cost,
        IsCapExplicit = bound.IsCapExplicit,
        CanLower = bound.CanLower,
        UnpricedModel = bound.UnpricedModel,
        PriceSettings = OperationPrice.SettingsFor(run.Endpoint.Operation),
    };

    /// <summary>Notes which stage refused.</summary>
    public static ApiError Refuse(Exchange exchange, Stage stage, ApiError error)
    {
        exchange.RefusedBy = stage;
        return error;
    }

    /// <summary>A client's text as it is recorded. Null: it sent none, or an empty one.</summary>
    public static string? Recorded(string? text) => string.IsNullOrEmpty(text) ? null : RecordedText.Shorten(text);

    /// <summary>The model in a path; one whose name has a slash (<c>openai/gpt-4o</c>) takes two segments, or comes escaped.</summary>
    private static string? ModelOf(RouteValueDictionary path)
    {
        var model = path["vendor"] is string vendor ? $"{vendor}/{path["model"]}" : path["model"] as string;
        return model is null ? null : PathText.Unescape(model);
    }
}
