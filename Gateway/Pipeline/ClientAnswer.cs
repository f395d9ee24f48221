using System.Globalization;
using System.Text.Json;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;
using Gateway.Limits;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Pipeline;

/// <summary>Writes what the client gets: headers, answer, stream or error.</summary>
internal sealed class ClientAnswer(HttpContext http, Dialect dialect, Exchange exchange, GeneralSettings settings)
{
    /// <summary>Of parameters that were dropped no more is told: proxies bound their headers.</summary>
    private const int MaxDropped = 1024;

    private readonly HttpResponse _response = http.Response;
    private NanoUsd? _spent;
    private Admission _limits;
    private long? _loweredTo;

    /// <summary>Takes what the caller's key has spent; every answer from here on tells it.</summary>
    public void SetSpend(NanoUsd spent) => _spent = spent;

    /// <summary>Takes what the limits said of the request; every answer from here on tells it.</summary>
    public void SetLimits(in Admission admission)
    {
        _limits = admission;
        _loweredTo = admission.Reservation is { IsLowered: true, OutputCap: var cap } ? cap : null;
    }

    /// <summary>Sets the headers that tell which deployment answered, and how it came to that.</summary>
    public void Describe(AttemptRun run, AttemptOutcome outcome)
    {
        var headers = _response.Headers;
        headers["x-litellm-model-group"] = HeaderText.Of(run.Group.Name);
        headers["x-litellm-attempted-retries"] = Number(run.Retries);
        if (run.MaxRetries is { } most)
            headers["x-litellm-max-retries"] = Number(most);
        headers["x-litellm-attempted-fallbacks"] = Number(run.Fallbacks);
        if (outcome.Call?.Call.Lost is { Count: > 0 } lost)
            headers["x-gateway-dropped-params"] = HeaderText.Of(RecordedText.Shorten(string.Join(", ", lost), MaxDropped));
        if ((outcome.Deployment?.Id ?? exchange.Last?.DeploymentId) is { } deployment)
            headers["x-litellm-model-id"] = HeaderText.Of(deployment);
    }

    /// <summary>Sets the headers about money; possible only before a whole answer.</summary>
    public void SetCost(NanoUsd cost)
    {
        _response.Headers["x-litellm-response-cost"] = cost.ToString();
        if (_spent is { } before)
            _spent = before + cost;
    }

    /// <summary>Sends a whole answer under the model name that the client knows.</summary>
    public async ValueTask SendAsync(WholeAnswer answer, string model)
    {
        byte[] name = [(byte)'"', .. JsonEncodedText.Encode(model).EncodedUtf8Bytes, (byte)'"'];
        Begin(StatusCodes.Status200OK, "application/json");
        _response.ContentLength = answer.LengthWith(name.Length);
        answer.WriteTo(_response.BodyWriter, name);
        await _response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <summary>Sends the head of a stream, and tells proxies on the way not to hold it back.</summary>
    public void BeginStream()
    {
        Begin(StatusCodes.Status200OK, dialect.StreamMediaType);
        _response.Headers.CacheControl = "no-cache";
        _response.Headers["x-accel-buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    /// <summary>Sends a list of files or batches.</summary>
    public async ValueTask SendListAsync(IReadOnlyList<(string Id, byte[] Json)> items, bool hasMore)
    {
        Begin(StatusCodes.Status200OK, "application/json");
        ObjectList.Write(_response.BodyWriter, items, hasMore);
        await _response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <summary>Sends the head of an answer that is passed on as it comes. What it is the provider says; no browser may guess.</summary>
    public void BeginBytes(RelayedAnswer answer)
    {
        Begin(StatusCodes.Status200OK, answer.MediaType ?? "application/octet-stream");
        _response.ContentLength = answer.Length;
        _response.Headers.XContentTypeOptions = "nosniff";
    }

    /// <summary>Ends a stream that had begun with an error event, and without the sign of a clean end.</summary>
    public async ValueTask BreakOffAsync(ApiError error)
    {
        exchange.Error = error;
        dialect.WriteErrorEvent(_response.BodyWriter, error);
        await _response.BodyWriter.FlushAsync(CancellationToken.None);
    }

    /// <summary>Sends an error; where the answer has begun, the connection is broken off.</summary>
    public async ValueTask RefuseAsync(ApiError error)
    {
        error = ErrorHeaders.For(error, settings);
        exchange.Error = error;
        if (_response.HasStarted)
        {
            http.Abort();
            return;
        }
        ErrorHeaders.Set(_response, error);
        Begin(error.Status, "application/json");
        if (exchange.Attempts.Count > 0)
            _response.Headers["x-litellm-response-cost"] = "0";
        dialect.WriteError(_response.BodyWriter, error);
        await _response.BodyWriter.FlushAsync(CancellationToken.None); // whether the client is still there does not matter any more
    }

    private void Begin(int status, string contentType)
    {
        exchange.Status = status;
        _response.StatusCode = status;
        _response.ContentType = contentType;
        _response.Headers["x-litellm-call-id"] = exchange.Id;
        if (exchange.DecisionId.Length > 0)
            _response.Headers["x-gateway-decision"] = exchange.DecisionId;
        if (_spent is { } spent)
            _response.Headers["x-litellm-key-spend"] = spent.ToString();
        LimitHeaders.SetBudget(_response.Headers, _limits.BudgetLeft);
        LimitHeaders.SetRates(_response.Headers, _limits.Rates);
        if (exchange.Caller is { } caller)
            LimitHeaders.SetKey(_response.Headers, caller);
        if (_loweredTo is { } cap)
            _response.Headers["x-gateway-max-tokens-lowered-to"] = cap.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Small numbers without a new string each.</summary>
    private static string Number(int value) => value switch
    {
        0 => "0",
        1 => "1",
        _ => value.ToString(CultureInfo.InvariantCulture),
    };
}
