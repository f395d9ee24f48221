using Gateway.Catalog;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>Passes an answer on as it comes.</summary>
internal static class BytesRelay
{
    /// <summary>Passes everything on. Where it breaks off so does the client's connection: no end may look like the end.</summary>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public static async ValueTask RunAsync(
        HttpContext http, Exchange exchange, Deployment deployment, Attempt attempt, RelayedAnswer bytes, ClientAnswer answer)
    {
        answer.BeginBytes(bytes);
        var end = await bytes.RelayAsync(http.Response.BodyWriter, http.RequestAborted);
        if (StreamFailure.From(deployment, end) is not { } failure)
            return;
        attempt.ExceptionClass = failure.ExceptionClass;
        exchange.RefusedBy = Stage.Relay;
        exchange.Error = failure.ToError();
        http.Abort();
    }
}
