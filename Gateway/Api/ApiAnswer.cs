using System.Text.Json;
using Gateway.Dialects.OpenAi;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>Answers of the gateway's own URLs: JSON, or an error in OpenAI's envelope.</summary>
internal static class ApiAnswer
{
    private static readonly OpenAiDialect Dialect = new();

    /// <summary>Sends JSON that <paramref name="write"/> writes.</summary>
    public static async Task SendAsync<T>(HttpContext http, T state, Action<Utf8JsonWriter, T> write, int status = StatusCodes.Status200OK)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await using (var writer = new Utf8JsonWriter(http.Response.BodyWriter))
            write(writer, state);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <summary>Sends an error.</summary>
    public static async Task RefuseAsync(HttpContext http, ApiError error, GatewaySnapshot snapshot)
    {
        http.Response.StatusCode = ErrorHeaders.StatusOf(error, snapshot.Config.General);
        http.Response.ContentType = "application/json";
        ErrorHeaders.Set(http.Response, error);
        Dialect.WriteError(http.Response.BodyWriter, error);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <summary>Gives an unknown path or method the body that LiteLLM gives it.</summary>
    public static async Task ExplainEmptyAsync(HttpContext http, RequestDelegate next)
    {
        await next(http);
        var response = http.Response;
        if (response.HasStarted || response.StatusCode is not (StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed))
            return;
        response.ContentType = "application/json";
        await response.BodyWriter.WriteAsync(response.StatusCode == StatusCodes.Status404NotFound
            ? """{"detail":"Not Found"}"""u8.ToArray()
            : """{"detail":"Method Not Allowed"}"""u8.ToArray());
    }
}
