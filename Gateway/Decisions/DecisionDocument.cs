using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Decisions;

/// <summary>
/// Writes what is kept of a request's way as compact JSON: who called, what each check said, each choice, each attempt, the price
/// arithmetic. No prompt, no answer, no key, and no text of a provider's, which may quote them.
/// </summary>
internal static class DecisionDocument
{
    /// <summary>Readable, and no longer than it must be: the document is never part of a page.</summary>
    private static readonly JsonWriterOptions Compact =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <param name="modelOf">Tells the model of a deployment by its id. Null: it is not known.</param>
    /// <param name="hypothesis">Not null: the request was not made.</param>
    public static void Write(
        IBufferWriter<byte> output, Exchange exchange, Func<string, string?>? modelOf, Hypothesis? hypothesis = null)
    {
        using var json = NewWriter(output);
        Write(json, exchange, modelOf, hypothesis);
    }

    /// <summary>A writer that can be reset and used again.</summary>
    public static Utf8JsonWriter NewWriter(IBufferWriter<byte> output) => new(output, Compact);

    /// <inheritdoc cref="Write(IBufferWriter{byte}, Exchange, Func{string, string?}?, Hypothesis?)"/>
    public static void Write(
        Utf8JsonWriter json, Exchange exchange, Func<string, string?>? modelOf, Hypothesis? hypothesis = null)
    {
        json.WriteStartObject();
        WriteHead(json, exchange, hypothesis is not null);
        WriteCaller(json, exchange);
        WriteRequest(json, exchange);
        WriteChecks(json, exchange);
        json.WriteStartArray("routes");
        foreach (var route in exchange.Routes ?? [])
            WriteRoute(json, route, modelOf);
        json.WriteEndArray();
        json.WriteStartArray("attempts");
        foreach (var attempt in exchange.Attempts)
            AttemptDocument.Write(json, attempt, exchange.StartedAt);
        json.WriteEndArray();
        WriteNotes(json, exchange);
        if (hypothesis is not null)
            WriteHypothesis(json, hypothesis, modelOf);
        WriteEnd(json, exchange);
        json.WriteEndObject();
        json.Flush();
    }

    private static void WriteHead(Utf8JsonWriter json, Exchange exchange, bool isHypothetical)
    {
        if (isHypothetical)
            json.WriteBoolean("hypothetical", true);
        else
            json.WriteString("id", exchange.DecisionId);
        json.WriteString("time", exchange.StartedAt.UtcDateTime);
        if (!isHypothetical)
            json.WriteString("call_id", exchange.Id);
        json.WriteString("route", exchange.Route);
    }

    private static void WriteCaller(Utf8JsonWriter json, Exchange exchange)
    {
        if (exchange.Caller is not { } caller)
        {
            json.WriteNull("caller");
            return;
        }
        json.WriteStartObject("caller");
        json.WriteString("user_id", caller.UserId);
        WriteText(json, "key_id", caller.KeyId.Length == 0 ? null : caller.KeyId);
        WriteText(json, "key_alias", caller.KeyAlias);
        WriteText(json, "team_id", caller.TeamId);
        if (caller.IsAdmin)
            json.WriteBoolean("admin", true);
        WriteText(json, "end_user", exchange.EndUser);
        json.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter json, Exchange exchange)
    {
        json.WriteStartObject("request");
        WriteText(json, "model", exchange.RequestedModel);
        WriteText(json, "model_group", exchange.ModelGroup);
        if (exchange.InputTokens > 0)
        {
            json.WriteBoolean("stream", exchange.IsStream);
            json.WriteNumber("input_tokens_estimated", exchange.InputTokens);
        }
        if (exchange.MaxTokens is { } most)
            json.WriteNumber("max_tokens", most);
        if (exchange.Tags.Count > 0)
        {
            json.WriteStartArray("tags");
            foreach (var tag in exchange.Tags)
                json.WriteStringValue(tag);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    /// <summary>The stages before the first choice, as far as the request came.</summary>
    private static void WriteChecks(Utf8JsonWriter json, Exchange exchange)
    {
        json.WriteStartArray("checks");
        if (StartCheck(json, exchange, Stage.Authenticate, exchange.Caller is not null))
            json.WriteEndObject();
        if (StartCheck(json, exchange, Stage.Parse, exchange.InputTokens > 0))
            json.WriteEndObject();
        if (StartCheck(json, exchange, Stage.Authorize, exchange.AllowedBy is not null))
        {
            WriteText(json, "allowed_by", exchange.AllowedBy);
            json.WriteEndObject();
        }
        if (StartCheck(json, exchange, Stage.Admit, exchange.Spent is not null))
        {
            WriteUsd(json, "spent_usd", exchange.Spent);
            WriteUsd(json, "budget_usd", exchange.Caller?.MaxBudget);
            WriteUsd(json, "reserved_usd", exchange.Bound);
            if (exchange.OutputCap is { } cap)
                json.WriteNumber("output_cap", cap);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <returns>False: the request did not come so far.</returns>
    private static bool StartCheck(Utf8JsonWriter json, Exchange exchange, Stage stage, bool wasReached)
    {
        var isRefused = exchange.RefusedBy == stage;
        if (!isRefused && !wasReached)
            return false;
        json.WriteStartObject();
        json.WriteString("stage", NameOf(stage));
        json.WriteBoolean("passed", !isRefused);
        return true;
    }

    private static void WriteRoute(Utf8JsonWriter json, RouteRecord route, Func<string, string?>? modelOf)
    {
        json.WriteStartObject();
        json.WriteString("model_group", route.ModelGroup);
        json.WriteString("strategy", route.Strategy);
        if (route.Attempt > 0)
            json.WriteNumber("attempt", route.Attempt);
        json.WriteStartArray("candidates");
        foreach (var candidate in route.Candidates)
        {
            json.WriteStartObject();
            json.WriteString("deployment", candidate.DeploymentId);
            WriteText(json, "model", modelOf?.Invoke(candidate.DeploymentId));
            json.WriteString("verdict", NameOf(candidate.Verdict));
            if (double.IsFinite(candidate.Score))
                json.WriteNumber("score", Math.Round(candidate.Score, 6));
            if (candidate.Cooldown > TimeSpan.Zero)
                json.WriteNumber("cooldown_seconds", Math.Round(candidate.Cooldown.TotalSeconds, 3));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteNotes(Utf8JsonWriter json, Exchange exchange)
    {
        if (exchange.Notes is not { } notes)
            return;
        json.WriteStartArray("notes");
        foreach (var note in notes)
        {
            json.WriteStartObject();
            json.WriteNumber("after_attempt", note.AfterAttempt);
            json.WriteString("text", note.Text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteHypothesis(Utf8JsonWriter json, Hypothesis hypothesis, Func<string, string?>? modelOf)
    {
        json.WriteStartArray("fallbacks");
        foreach (var fallback in hypothesis.Fallbacks)
            WriteRoute(json, fallback, modelOf);
        json.WriteEndArray();
        json.WriteStartArray("prices");
        foreach (var price in hypothesis.Prices)
        {
            json.WriteStartObject();
            json.WriteString("deployment", price.DeploymentId);
            WriteText(json, "model", modelOf?.Invoke(price.DeploymentId));
            AttemptDocument.WritePrice(json, price.PriceId, price.Lines, price.Cost);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteEnd(Utf8JsonWriter json, Exchange exchange)
    {
        if (exchange.Status > 0)
            json.WriteNumber("status", exchange.Status);
        if (exchange.Duration > TimeSpan.Zero)
            json.WriteNumber("duration_ms", Math.Round(exchange.Duration.TotalMilliseconds, 1));
        if (exchange.Error is not { } error)
            return;
        json.WriteStartObject("error");
        if (exchange.RefusedBy is { } stage)
            json.WriteString("refused_by", NameOf(stage));
        json.WriteNumber("status", error.Status);
        json.WriteString("class", error.ExceptionClass);
        json.WriteString("type", error.Type);
        WriteText(json, "param", error.Param);
        WriteText(json, "message", OwnMessage(exchange, error));
        json.WriteEndObject();
    }

    /// <summary>
    /// The message as far as it is the gateway's own: a failed call's may quote the provider, and the one of a wrong key holds its end.
    /// </summary>
    private static string? OwnMessage(Exchange exchange, ApiError error) =>
        exchange.Attempts.Count > 0 || (exchange.RefusedBy == Stage.Authenticate && error.Param == "key") ? null : error.Message;

    private static string NameOf(Stage stage) => stage switch
    {
        Stage.Authenticate => "authenticate",
        Stage.Parse => "parse",
        Stage.Authorize => "authorize",
        Stage.Admit => "admit",
        Stage.Route => "route",
        Stage.Call => "call",
        _ => "relay",
    };

    private static string NameOf(RouteVerdict verdict) => verdict switch
    {
        RouteVerdict.Chosen => "chosen",
        RouteVerdict.LostOnScore => "lost_on_score",
        RouteVerdict.CoolingDown => "cooling_down",
        RouteVerdict.AlreadyTried => "already_tried",
        RouteVerdict.OverLimit => "over_limit",
        RouteVerdict.AtParallelLimit => "at_parallel_limit",
        RouteVerdict.ContextTooSmall => "context_too_small",
        RouteVerdict.WrongTag => "wrong_tag",
        RouteVerdict.LaterOrder => "later_order",
        _ => "unhealthy",
    };

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
            json.WriteString(name, text);
    }

    private static void WriteUsd(Utf8JsonWriter json, string name, NanoUsd? amount)
    {
        if (amount is not { } usd)
            return;
        json.WritePropertyName(name);
        json.WriteRawValue(usd.ToString(), skipInputValidation: true);
    }
}
