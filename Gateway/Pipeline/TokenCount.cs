using Gateway.Dialects;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Gemini;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>
/// Says about how many input tokens a request has: Anthropic's <c>count_tokens</c> and Google's <c>countTokens</c>. No provider is asked and
/// nothing is booked: it is the estimate by which the gateway keeps rates.
/// </summary>
internal sealed class TokenCount(Func<GatewaySnapshot> snapshot, RequestChecks checks, BufferBudget buffers, TimeProvider time)
{
    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext http, ClientEndpoint endpoint)
    {
        var current = snapshot();
        var exchange = new Exchange { Id = CallId.For(http.Request.Headers), StartedAt = time.GetUtcNow(), Route = endpoint.Route };
        using var body = new RequestBody(http.Request, current.Config.General.MaxRequestSizeBytes, buffers);
        var (refusal, request) = await CheckAsync(http, endpoint, current, exchange, body);
        var output = http.Response.BodyWriter;
        http.Response.ContentType = "application/json";
        http.Response.Headers["x-litellm-call-id"] = exchange.Id;
        if (refusal is not null)
        {
            refusal = ErrorHeaders.For(refusal, current.Config.General);
            http.Response.StatusCode = refusal.Status;
            ErrorHeaders.Set(http.Response, refusal);
            endpoint.Dialect.WriteError(output, refusal);
        }
        else if (endpoint.Dialect.Format == WireFormat.Gemini)
        {
            GeminiDialect.WriteCount(output, body.Bytes);
        }
        else
        {
            AnthropicTokenCount.Write(output, AnthropicTokenCount.Estimate(request!));
        }
        await output.FlushAsync(http.RequestAborted);
    }

    private async ValueTask<(ApiError? Refusal, ClientRequest? Request)> CheckAsync(
        HttpContext http, ClientEndpoint endpoint, GatewaySnapshot current, Exchange exchange, RequestBody body)
    {
        if (checks.Authenticate(http, exchange, out _) is { } denied)
            return (denied, null);
        try
        {
            if (await RequestChecks.ReadAsync(body, exchange, http.RequestAborted) is { } unreadable)
                return (unreadable, null);
        }
        catch (BadHttpRequestException e)
        {
            return (ApiError.BadHttp(e.StatusCode), null);
        }
        if (RequestChecks.Parse(http, endpoint, current, body.Bytes, exchange, out var request) is { } malformed)
            return (malformed, null);
        return (RequestChecks.Authorize(http, endpoint, current, exchange, request, out _), request);
    }
}
