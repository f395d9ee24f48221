using System.Text.Json;
using Gateway.Config;
using Gateway.Pipeline;
using Gateway.Reload;

namespace Gateway.Api;

/// <summary><c>POST /config/reload</c>, for the admin: reads the config's files again and says what came of it.</summary>
internal static class ConfigApi
{
    private const string Path = "/config/reload";

    public static void Map(IEndpointRouteBuilder app, AdminAccess admin, ConfigReloader reloader, Func<GatewaySnapshot> snapshot) =>
        app.MapPost(Path, (RequestDelegate)(http => admin.Check(http, Path) is { } denied
            ? ApiAnswer.RefuseAsync(http, denied, snapshot())
            : AnswerAsync(http, reloader.Reload(ReloadCause.Request))));

    /// <summary>200 when the files are in effect, now or before; 400 with the reasons when they are not.</summary>
    private static Task AnswerAsync(HttpContext http, ReloadResult result) => ApiAnswer.SendAsync(http, result, static (json, result) =>
    {
        json.WriteStartObject();
        json.WriteBoolean("applied", result.Outcome == ReloadOutcome.Applied);
        json.WriteString("outcome", result.Outcome switch
        {
            ReloadOutcome.Applied => "applied",
            ReloadOutcome.Unchanged => "unchanged",
            _ => "failed",
        });
        json.WriteString("message", result.Message);
        json.WriteStartArray("findings");
        foreach (var finding in result.Findings)
            Write(json, finding);
        json.WriteEndArray();
        json.WriteStartArray("needs_restart");
        foreach (var setting in result.NeedsRestart)
            json.WriteStringValue(setting);
        json.WriteEndArray();
        json.WriteEndObject();
    }, result.Outcome == ReloadOutcome.Failed ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK);

    private static void Write(Utf8JsonWriter json, ConfigFinding finding)
    {
        json.WriteStartObject();
        json.WriteBoolean("is_error", finding.Kind == FindingKind.Fatal);
        json.WriteString("file", finding.File);
        if (finding.Line > 0)
            json.WriteNumber("line", finding.Line);
        if (finding.Path.Length > 0)
            json.WriteString("setting", finding.Path);
        json.WriteString("message", finding.Message);
        json.WriteEndObject();
    }
}
