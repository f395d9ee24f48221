using System.Text.Json;
using Gateway.Config;
using Gateway.Keys;
using Gateway.Limits;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>
/// <c>GET /spend/me</c>: what the caller's key, user and team and the gateway have spent and may spend. The admin may ask for another
/// user with <c>?user_id=</c>.
/// </summary>
internal sealed class SpendApi(KeyRing keys, Limiter limiter, Func<GatewaySnapshot> snapshot, TimeProvider time)
{
    private const string Path = "/spend/me";

    public static void Map(IEndpointRouteBuilder app, KeyRing keys, Limiter limiter, Func<GatewaySnapshot> snapshot, TimeProvider time)
    {
        var api = new SpendApi(keys, limiter, snapshot, time);
        app.MapGet(Path, (RequestDelegate)api.ShowAsync);
    }

    private Task ShowAsync(HttpContext http)
    {
        var current = snapshot();
        if (keys.Authenticate(http, out var caller) is { } denied)
            return ApiAnswer.RefuseAsync(http, denied, current);
        string? asked = http.Request.Query["user_id"];
        if (!string.IsNullOrEmpty(asked) && asked != caller.UserId)
        {
            if (!caller.IsAdmin)
                return ApiAnswer.RefuseAsync(http, ApiError.AdminOnly(Path), current);
            if (!current.Config.UserAccess.Any(user => user.UserId == asked))
                return ApiAnswer.RefuseAsync(http, ApiError.UnknownUser(RecordedText.Shorten(asked)), current);
        }
        var report = asked is null || asked == caller.UserId
            ? Of(caller, [caller], current.Config)
            : Of(null, [.. keys.Callers.Where(other => other.UserId == asked)], current.Config, asked);
        http.Response.Headers.CacheControl = "no-store";
        return ApiAnswer.SendAsync(http, report, Write);
    }

    /// <summary>Gathers whose money it is, from what a request would ask of and from the config.</summary>
    /// <param name="self">Whoever asks about themselves; null: the admin asks about another user.</param>
    /// <param name="callers">The keys to tell of.</param>
    private static Report Of(Caller? self, IReadOnlyList<Caller> callers, GatewayConfig config, string? userId = null)
    {
        userId ??= self!.UserId;
        var payers = callers.SelectMany(caller => caller.Payers).Where(payer => payer.Subject.Kind != SubjectKind.Key)
            .DistinctBy(payer => payer.Subject).ToDictionary(payer => payer.Subject.Kind);
        var user = config.UserAccess.FirstOrDefault(user => user.UserId == userId);
        var teamId = callers.Select(caller => caller.TeamId).FirstOrDefault() ?? TeamOf(user, config);
        var team = config.Teams.FirstOrDefault(team => team.TeamId == teamId);
        return new()
        {
            UserId = userId,
            TeamId = teamId,
            Keys = callers,
            IsOwn = self is not null,
            User = payers.GetValueOrDefault(SubjectKind.User)
                ?? new LimitedSubject(new Subject(SubjectKind.User, userId), user?.Limits ?? SubjectLimits.None),
            Team = payers.GetValueOrDefault(SubjectKind.Team)
                ?? (team is null ? null : new LimitedSubject(new Subject(SubjectKind.Team, team.TeamId), team.Limits, team.TeamAlias)),
            Gateway = payers.GetValueOrDefault(SubjectKind.Gateway) ?? new LimitedSubject(Subject.Everybody, config.GatewayLimits),
        };
    }

    private static string? TeamOf(UserAccess? user, GatewayConfig config) =>
        user?.TeamId ?? config.Teams.FirstOrDefault(team => user is not null && team.Members.Contains(user.UserId))?.TeamId;

    private void Write(Utf8JsonWriter json, Report report)
    {
        json.WriteStartObject();
        json.WriteString("user_id", report.UserId);
        if (report.TeamId is { } team)
            json.WriteString("team_id", team);
        json.WriteString("time", time.GetUtcNow());
        WriteTightest(json, report);
        if (!report.IsOwn)
        {
            json.WriteStartArray("keys");
            foreach (var key in report.Keys)
                WriteKey(json, key);
            json.WriteEndArray();
        }
        else if (report.Keys[0].KeyId.Length > 0)
        {
            json.WritePropertyName("key");
            WriteKey(json, report.Keys[0]);
        }
        WriteHolder(json, "user", report.User);
        if (report.Team is { Limits.IsLimited: true })
            WriteHolder(json, "team", report.Team);
        if (report.Gateway.Limits.IsLimited)
            WriteHolder(json, "gateway", report.Gateway);
        json.WriteEndObject();
    }

    /// <summary>The one number that most ask for: what the next request may have, and whose limit that is.</summary>
    private void WriteTightest(Utf8JsonWriter json, Report report)
    {
        SubjectFacts? tightest = null;
        foreach (var holder in report.Holders)
        {
            var facts = limiter.FactsOf(holder);
            if (facts.Left is { } left && !(tightest?.Left <= left))
                tightest = facts;
        }
        SpendJson.WriteUsd(json, "remaining", tightest?.Left);
        json.WriteString("limited_by", tightest is null ? null : tightest.Subject.Kind.ToString().ToLowerInvariant());
    }

    private void WriteKey(Utf8JsonWriter json, Caller caller)
    {
        json.WriteStartObject();
        json.WriteString("key_alias", caller.KeyAlias);
        json.WriteString("token", caller.KeyId); // LiteLLM's word for the hash
        SpendJson.WriteLimits(json, limiter, Report.KeyOf(caller));
        json.WriteEndObject();
    }

    private void WriteHolder(Utf8JsonWriter json, string name, LimitedSubject holder)
    {
        json.WriteStartObject(name);
        SpendJson.WriteLimits(json, limiter, holder);
        json.WriteEndObject();
    }

    /// <summary>Whom the answer tells of.</summary>
    private sealed record Report
    {
        public required string UserId { get; init; }
        public string? TeamId { get; init; }

        /// <summary>One, where <see cref="IsOwn"/>.</summary>
        public required IReadOnlyList<Caller> Keys { get; init; }
        public required bool IsOwn { get; init; }
        public required LimitedSubject User { get; init; }
        public LimitedSubject? Team { get; init; }
        public required LimitedSubject Gateway { get; init; }

        /// <summary>All that a request needs money of.</summary>
        public IEnumerable<LimitedSubject> Holders
        {
            get
            {
                yield return Gateway;
                if (Team is not null)
                    yield return Team;
                if (IsOwn && Keys[0].KeyId.Length > 0)
                    yield return KeyOf(Keys[0]);
                yield return User;
            }
        }

        public static LimitedSubject KeyOf(Caller caller) =>
            caller.Payers.FirstOrDefault(payer => payer.Subject.Kind == SubjectKind.Key)
            ?? new LimitedSubject(new Subject(SubjectKind.Key, caller.KeyId), SubjectLimits.None);
    }
}
