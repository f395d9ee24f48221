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
        error = ErrorHeaders.For(error, snapshot.Config.General);
        http.Response.StatusCode = error.Status;
        http.Response.ContentType = "application/json";
        ErrorHeaders.Set(http.Response, error);
        Dialect.WriteError(http.Response.BodyWriter, error);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <summary>Gives an unknown path or method the body that LiteLLM gives it. Comes after routing; costs known paths nothing.</summary>
    public static Task ServeAsync(HttpContext http, RequestDelegate next) => http.GetEndpoint() switch
    {
        RouteEndpoint => next(http),
        null => NotFoundAsync(http),
        _ => SayAsync(http, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed"), // routing's own endpoint for that
    };

    /// <summary>What an unknown path is told.</summary>
    public static Task NotFoundAsync(HttpContext http) => SayAsync(http, StatusCodes.Status404NotFound, "Not Found");

    private static Task SayAsync(HttpContext http, int status, string detail) => SendAsync(
        http,
        detail,
        (json, text) =>
        {
            json.WriteStartObject();
            json.WriteString("detail", text);
            json.WriteEndObject();
        },
        status);
}
