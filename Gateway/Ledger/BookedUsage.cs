using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>What a row says of an attempt's tokens and price, to count it again.</summary>
/// <param name="Model">With its provider: <c>openai/gpt-4o</c>.</param>
/// <param name="PriceId">Null: the price was unknown.</param>
/// <param name="Usage">
/// Tokens of images are among the plain ones, as in the row. None of an attempt that was recovered: its row says what they can have been at
/// most.
/// </param>
/// <param name="IsCorrected">True when its cost was settled by hand.</param>
public readonly record struct BookedUsage(
    string UserId, string Provider, string Model, string? PriceId, Usage Usage, NanoUsd Cost, TimeSpan Latency, DateTimeOffset Time,
    bool IsCorrected)
{
    private const string Sql = $"""
        SELECT user_id, provider, model, price_id, cost_nano_usd, latency_ms, time_ms, id,
          input_tokens, cached_read_tokens, cache_write_tokens, cache_write_hour_tokens, input_audio_tokens, output_tokens,
          reasoning_tokens, output_audio_tokens, kind
        FROM ledger WHERE {LedgerFilter.Condition} AND kind NOT IN ('correction', 'reset') ORDER BY id
        """;

    /// <summary>Attempts in the order of their rows, read one by one.</summary>
    /// <exception cref="SqliteException">The database could not be read.</exception>
    public static IEnumerable<BookedUsage> Read(Database database, LedgerFilter filter)
    {
        using var files = LedgerFiles.Open(database, filter.Since);
        // A correction is written after its row, so it may lie in a later file.
        HashSet<long> corrected = [.. files.Parts().SelectMany(part => CorrectedIn(part.Connection, part.LastId))];
        foreach (var (connection, lastId) in files.Parts())
        {
            using var row = new PreparedStatement(connection, Sql);
            filter.BindTo(row, lastId);
            while (row.Read())
            {
                yield return new BookedUsage(
                    row.Text(0), row.Text(1), row.Text(2), row.IsNull(3) ? null : row.Text(3), UsageOf(row), new NanoUsd(row.Number(4)),
                    TimeSpan.FromMilliseconds(row.Number(5)), DateTimeOffset.FromUnixTimeMilliseconds(row.Number(6)),
                    corrected.Contains(row.Number(7)));
            }
        }
    }

    private static IEnumerable<long> CorrectedIn(SqliteConnection connection, long lastId)
    {
        using var row = new PreparedStatement(
            connection, "SELECT reference FROM ledger WHERE reference IS NOT NULL AND kind = 'correction' AND id <= ?1");
        row.Bind(lastId);
        while (row.Read())
            yield return row.Number(0);
    }

    private static Usage UsageOf(PreparedStatement row) => row.Text(16) == RecoveredReservations.Kind ? default : new()
    {
        Input = row.Number(8),
        CachedRead = row.Number(9),
        CacheWrite = row.Number(10),
        CacheWriteHour = row.Number(11),
        InputAudio = row.Number(12),
        Output = row.Number(13),
        Reasoning = row.Number(14),
        OutputAudio = row.Number(15),
    };
}
