using Dapper;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>What the lines of a spend report stand for.</summary>
public enum SpendGrouping { User, Team, Model, Key, Tag, Day, EndUser, Provider }

/// <summary>One line of a spend report.</summary>
/// <param name="Name">The user, team, end user or tag (empty without one), model group, provider, key id (64 hex digits; empty without
/// keys) or day (<c>2026-11-23</c>, UTC).</param>
/// <param name="Alias">The key's alias. Null: none, or not grouped by key.</param>
/// <param name="Requests">Client requests; one that needed several attempts counts once.</param>
public sealed record SpendLine(string Name, string? Alias, long Requests, long PromptTokens, long CompletionTokens, long CostNanoUsd)
{
    public NanoUsd Cost => new(CostNanoUsd);
}

/// <summary>Adds up ledger rows for people: what was spent by user, team, model, key, tag, end user, provider or day.</summary>
public static class SpendReport
{
    private const string Sums = """
        count(DISTINCT CASE WHEN kind <> 'correction' THEN exchange_id END) AS Requests, sum(prompt_tokens) AS PromptTokens,
        sum(completion_tokens) AS CompletionTokens, sum(cost_nano_usd) AS CostNanoUsd
        """;

    // A reset changes what still counts, not what was spent.
    private const string Rows = " WHERE time_ms >= @Since AND time_ms < @Until AND ledger.id <= @LastId AND kind <> 'reset' GROUP BY 1";
    private const string FromLedger = Sums + " FROM ledger" + Rows;

    private const string ByUser = "SELECT user_id AS Name, NULL AS Alias, " + FromLedger;
    private const string ByTeam = "SELECT coalesce(team_id, '') AS Name, NULL AS Alias, " + FromLedger;
    private const string ByEndUser = "SELECT coalesce(end_user, '') AS Name, NULL AS Alias, " + FromLedger;
    private const string ByProvider = "SELECT provider AS Name, NULL AS Alias, " + FromLedger;
    private const string ByModel = "SELECT model_group AS Name, NULL AS Alias, " + FromLedger;
    private const string ByKey = "SELECT key_id AS Name, max(key_alias) AS Alias, " + FromLedger;
    private const string ByTag = "SELECT coalesce(tag.value, '') AS Name, NULL AS Alias, " + Sums
        + " FROM ledger LEFT JOIN json_each(ledger.tags) AS tag" + Rows;
    private const string ByDay = "SELECT date(time_ms / 1000, 'unixepoch') AS Name, NULL AS Alias, " + Sums + " FROM ledger" + Rows;

    /// <summary>
    /// The dearest first; days in their order. A request with several tags counts in each, and one whose attempts lie in two files in both.
    /// </summary>
    /// <param name="since">Attempts that started earlier are left out.</param>
    /// <param name="until">Attempts that started then or later are left out. Null: none is.</param>
    public static IReadOnlyList<SpendLine> Read(
        Database database, SpendGrouping by, DateTimeOffset since, DateTimeOffset? until = null)
    {
        using var files = LedgerFiles.Open(database, since);
        var lines = new Dictionary<string, SpendLine>(StringComparer.Ordinal);
        foreach (var (connection, lastId) in files.Parts())
        {
            var from = new RowRange(since.ToUnixTimeMilliseconds(), until?.ToUnixTimeMilliseconds() ?? long.MaxValue, lastId);
            foreach (var line in ReadFile(connection, by, from))
                lines[line.Name] = lines.TryGetValue(line.Name, out var other) ? Sum(other, line) : line;
        }
        return by == SpendGrouping.Day
            ? [.. lines.Values.OrderBy(line => line.Name, StringComparer.Ordinal)]
            : [.. lines.Values.OrderByDescending(line => line.CostNanoUsd).ThenBy(line => line.Name, StringComparer.Ordinal)];
    }

    private static IEnumerable<SpendLine> ReadFile(SqliteConnection connection, SpendGrouping by, RowRange from) => by switch
    {
        SpendGrouping.User => connection.Query<SpendLine>(ByUser, from),
        SpendGrouping.Team => connection.Query<SpendLine>(ByTeam, from),
        SpendGrouping.EndUser => connection.Query<SpendLine>(ByEndUser, from),
        SpendGrouping.Provider => connection.Query<SpendLine>(ByProvider, from),
        SpendGrouping.Tag => connection.Query<SpendLine>(ByTag, from),
        SpendGrouping.Model => connection.Query<SpendLine>(ByModel, from),
        SpendGrouping.Key => connection.Query<SpendLine>(ByKey, from),
        SpendGrouping.Day => connection.Query<SpendLine>(ByDay, from),
        _ => throw new ArgumentOutOfRangeException(nameof(by)),
    };

    private static SpendLine Sum(SpendLine a, SpendLine b) => a with
    {
        Alias = b.Alias ?? a.Alias,
        Requests = a.Requests + b.Requests,
        PromptTokens = a.PromptTokens + b.PromptTokens,
        CompletionTokens = a.CompletionTokens + b.CompletionTokens,
        CostNanoUsd = a.CostNanoUsd + b.CostNanoUsd,
    };

    /// <summary>Not private, because Dapper.AOT's generated code reads it.</summary>
    internal sealed record RowRange(long Since, long Until, long LastId);
}
