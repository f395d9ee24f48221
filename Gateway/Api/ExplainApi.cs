using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Decisions;
using Gateway.Keys;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>
/// <c>GET /explain/{id}</c> tells how a request was decided, <c>POST /explain</c> how one would be: as JSON, or in words to whoever
/// accepts only text.
/// </summary>
internal sealed class ExplainApi(DecisionLog decisions, DryRun dryRun, KeyRing keys, Func<GatewaySnapshot> snapshot)
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Map(IEndpointRouteBuilder app, DecisionLog decisions, DryRun dryRun, KeyRing keys, Func<GatewaySnapshot> snapshot)
    {
        var api = new ExplainApi(decisions, dryRun, keys, snapshot);
        app.MapGet("/explain/{id}", (RequestDelegate)api.ShowAsync);
        app.MapPost("/explain", (RequestDelegate)api.TryOutAsync);
    }

    /// <summary>Somebody else's decision is answered as one that there is not.</summary>
    private async Task ShowAsync(HttpContext http)
    {
        if (keys.Authenticate(http, out var caller) is { } denied)
        {
            await ApiAnswer.RefuseAsync(http, denied, snapshot());
            return;
        }
        var found = await decisions.FindAsync(http.Request.RouteValues["id"] as string ?? "");
        if (found is null || !MaySee(caller, found))
        {
            await ApiAnswer.RefuseAsync(http, ApiError.DecisionNotFound(), snapshot());
            return;
        }
        using var document = JsonDocument.Parse(found.Document);
        await SendAsync(http, document.RootElement);
    }

    private async Task TryOutAsync(HttpContext http)
    {
        var (refusal, exchange, hypothesis) = await dryRun.RunAsync(http, http.Request.Query["user_id"]);
        if (refusal is not null)
        {
            await ApiAnswer.RefuseAsync(http, refusal, snapshot());
            return;
        }
        var json = new ArrayBufferWriter<byte>();
        DecisionDocument.Write(json, exchange, snapshot().Catalog.ModelOf, hypothesis);
        using var document = JsonDocument.Parse(json.WrittenMemory);
        await SendAsync(http, document.RootElement);
    }

    private static bool MaySee(Caller caller, Decision decision) =>
        caller.IsAdmin || (decision.UserId is not null && (decision.UserId == caller.UserId || decision.KeyId == caller.KeyId));

    private static async Task SendAsync(HttpContext http, JsonElement document)
    {
        var words = DecisionWords.Of(document);
        http.Response.Headers.CacheControl = "no-store";
        if (WantsText(http.Request))
        {
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(words.Select(line => line + "\n"))));
            return;
        }
        http.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(http.Response.BodyWriter, Readable))
            Write(json, document, words);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, JsonElement document, IReadOnlyList<string> words)
    {
        json.WriteStartObject();
        foreach (var member in document.EnumerateObject())
            member.WriteTo(json);
        json.WriteStartArray("explanation");
        foreach (var line in words)
            json.WriteStringValue(line);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary><c>?format=</c> decides; else whether text is accepted and JSON is not named.</summary>
    private static bool WantsText(HttpRequest request)
    {
        string? format = request.Query["format"];
        if (format is not null)
            return format == "text";
        var accepted = request.Headers.Accept.ToString();
        return accepted.Contains("text/plain", StringComparison.OrdinalIgnoreCase)
            && !accepted.Contains("json", StringComparison.OrdinalIgnoreCase);
    }
}
