using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>The columns of the table ledger in the order in which they are hashed, written and exported.</summary>
internal static class LedgerTable
{
    /// <summary>
    /// All that a row says; not the generated columns, nor its hash. The place of a column is part of the hash: a new one goes to the end.
    /// </summary>
    public const string Columns = $"{FirstChained}, price";

    /// <summary>How many <see cref="Columns"/> are.</summary>
    public const int ColumnCount = FirstChainedCount + 1;

    /// <summary>What rows said when they were chained first.</summary>
    private const string FirstChained = """
        id, time_ms, exchange_id, attempt, kind, key_id, key_alias, user_id, team_id, end_user, tags, route, requested_model,
        model_group, deployment_id, provider, model, dialect, status, exception_class, input_tokens, cached_read_tokens,
        cache_write_tokens, cache_write_hour_tokens, input_audio_tokens, output_tokens, reasoning_tokens, output_audio_tokens,
        raw_usage, price_id, cost_nano_usd, latency_ms, ttft_ms, is_estimated, is_stream, decision_id, reference, booked_ms
        """;

    private const int FirstChainedCount = 38;

    /// <summary>Where a column is in a row that is read, from 0.</summary>
    public const int Id = 0, Time = 1, Kind = 4, KeyId = 5, UserId = 7, TeamId = 8, Provider = 15, Model = 16,
        FirstTokens = 20, Input = 20, Output = 25, LastTokens = 27, RawUsage = 28, PriceId = 29, Cost = 30, Latency = 31,
        TimeToFirstToken = 32, IsEstimated = 33;

    /// <summary>Writes the columns and, last, the hash.</summary>
    public const string InsertSql = $"""
        INSERT INTO ledger ({Columns}, hash)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
          ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40)
        """;

    /// <summary>Reads all rows in their order, the columns and, last, the hash.</summary>
    public const string SelectSql = $"SELECT {Columns}, hash FROM ledger ORDER BY id";

    /// <summary>
    /// Chains the rows of a database that had no hashes, and notes what its balances hold beside the rows. Part of a migration.
    /// </summary>
    public static void ChainAll(SqliteConnection connection)
    {
        using var read = new PreparedStatement(connection, $"SELECT {FirstChained} FROM ledger ORDER BY id");
        using var write = new PreparedStatement(connection, "UPDATE ledger SET hash = ?1 WHERE id = ?2");
        var bytes = new RowBytes();
        var hash = new byte[RowBytes.HashLength];
        var sums = new Dictionary<(string Kind, string Id), Int128>();
        var (count, last) = (0L, 0L);
        while (read.Read())
        {
            bytes.Clear();
            bytes.AddRow(read, FirstChainedCount);
            bytes.Chain(hash);
            last = read.Number(Id);
            write.BindBytes(hash).Bind(last).Execute();
            count++;
            AddTo(sums, read);
        }
        using var head = new PreparedStatement(connection, "INSERT INTO ledger_head VALUES (1, ?1, ?2, ?3, 0)");
        head.Bind(count).BindBytes(hash).Bind(last).Execute();
        NoteUnlogged(connection, sums);
    }

    /// <summary>Adds what a row cost to the sums of its user, key and team.</summary>
    public static void AddTo(Dictionary<(string Kind, string Id), Int128> sums, PreparedStatement row)
    {
        var cost = row.Number(Cost);
        if (cost == 0)
            return;
        Add("user", UserId);
        Add("key", KeyId);
        Add("team", TeamId);

        void Add(string kind, int column)
        {
            if (row.Text(column) is { Length: > 0 } id)
                CollectionsMarshal.GetValueRefOrAddDefault(sums, (kind, id), out _) += cost;
        }
    }

    private static void NoteUnlogged(SqliteConnection connection, Dictionary<(string Kind, string Id), Int128> sums)
    {
        using var read = new PreparedStatement(connection, "SELECT kind, id, spent_nano_usd FROM balance");
        using var write = new PreparedStatement(connection, "UPDATE balance SET unlogged_nano_usd = ?1 WHERE kind = ?2 AND id = ?3");
        var unlogged = new List<(string Kind, string Id, long Amount)>();
        while (read.Read())
        {
            var (kind, id) = (read.Text(0), read.Text(1));
            var amount = read.Number(2) - sums.GetValueOrDefault((kind, id));
            if (amount != 0)
                unlogged.Add((kind, id, (long)Int128.Clamp(amount, long.MinValue, long.MaxValue)));
        }
        foreach (var (kind, id, amount) in unlogged)
            write.Bind(amount).Bind(kind).Bind(id).Execute();
    }
}
