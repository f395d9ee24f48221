using System.Globalization;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>One attempt that is to be booked, with the request it belongs to. Both have ended and do not change any more.</summary>
internal readonly record struct LedgerEntry(Exchange Exchange, Attempt Attempt)
{
    private static readonly Caller Nobody = new() { KeyId = "", UserId = Caller.DefaultUserId };

    /// <summary>Who pays. An attempt without a caller should not be; its money is booked all the same.</summary>
    public Caller Caller => Exchange.Caller ?? Nobody;
}

/// <summary>
/// The connection of the ledger's writer and its prepared statements. This is the hot path of the ledger: statements are
/// prepared once and their parameters reused. One thread at a time.
/// </summary>
internal sealed class LedgerInsert : IDisposable
{
    private const string RowSql = """
        INSERT INTO ledger (time_ms, exchange_id, attempt, kind, key_id, key_alias, user_id, team_id, end_user, route, requested_model,
          model_group, deployment_id, provider, model, status, exception_class, input_tokens, cached_read_tokens, cache_write_tokens,
          cache_write_hour_tokens, input_audio_tokens, output_tokens, reasoning_tokens, output_audio_tokens, raw_usage, price_id,
          cost_nano_usd, latency_ms, ttft_ms, is_estimated, is_stream)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27,
          ?28, ?29, ?30, ?31, ?32)
        """;

    /// <summary>What the trigger of the ledger does, for those who keep no rows.</summary>
    private const string BalanceSql = """
        INSERT INTO balance (kind, id, spent_nano_usd) VALUES (?1, ?2, ?3)
          ON CONFLICT DO UPDATE SET spent_nano_usd = min(spent_nano_usd + excluded.spent_nano_usd, 9000000000000000000)
        """;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _row;
    private readonly SqliteCommand _balance;

    public LedgerInsert(Database database)
    {
        _connection = database.Connect();
        _row = Prepare(RowSql, 32);
        _balance = Prepare(BalanceSql, 3);
    }

    /// <summary>Books all of the entries or none.</summary>
    /// <exception cref="SqliteException">None was booked.</exception>
    public void Write(ReadOnlySpan<LedgerEntry> entries, bool keepRows)
    {
        using var transaction = _connection.BeginTransaction();
        _row.Transaction = _balance.Transaction = transaction;
        foreach (var entry in entries)
        {
            if (keepRows)
                WriteRow(entry);
            else
                WriteBalances(entry);
        }

        transaction.Commit();
    }

    public void Dispose()
    {
        _row.Dispose();
        _balance.Dispose();
        _connection.Dispose();
    }

    /// <summary>The text of <see cref="AttemptKind"/> in the table.</summary>
    private static string NameOf(AttemptKind kind) => kind switch
    {
        AttemptKind.First => "first",
        AttemptKind.Retry => "retry",
        AttemptKind.Fallback => "fallback",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static object OrNull(object? value) => value ?? DBNull.Value;

    private void WriteRow(LedgerEntry entry)
    {
        var (exchange, attempt) = entry;
        var caller = entry.Caller;
        var usage = attempt.Usage;
        var next = 0;
        void Bind(object value) => _row.Parameters[next++].Value = value;

        Bind(attempt.StartedAt.ToUnixTimeMilliseconds());
        Bind(exchange.Id);
        Bind(attempt.Number);
        Bind(NameOf(attempt.Kind));
        Bind(caller.KeyId);
        Bind(OrNull(caller.KeyAlias));
        Bind(caller.UserId);
        Bind(OrNull(caller.TeamId));
        Bind(OrNull(exchange.EndUser));
        Bind(exchange.Route);
        Bind(OrNull(exchange.RequestedModel));
        Bind(attempt.ModelGroup);
        Bind(attempt.DeploymentId);
        Bind(attempt.Provider);
        Bind(attempt.Model);
        Bind(attempt.Status);
        Bind(OrNull(attempt.ExceptionClass));
        Bind(usage.Input);
        Bind(usage.CachedRead);
        Bind(usage.CacheWrite);
        Bind(usage.CacheWriteHour);
        Bind(usage.InputAudio);
        Bind(usage.Output);
        Bind(usage.Reasoning);
        Bind(usage.OutputAudio);
        Bind(OrNull(attempt.RawUsage));
        Bind(OrNull(attempt.PriceId));
        Bind(attempt.Cost.Value);
        Bind((long)attempt.Latency.TotalMilliseconds);
        Bind(attempt.TimeToFirstToken is { } ttft ? (long)ttft.TotalMilliseconds : DBNull.Value);
        Bind(attempt.IsEstimated);
        Bind(exchange.IsStream);
        _row.ExecuteNonQuery();
    }

    private void WriteBalances(LedgerEntry entry)
    {
        var cost = entry.Attempt.Cost.Value;
        if (cost == 0)
            return;
        var caller = entry.Caller;
        AddTo(SubjectKind.User, caller.UserId, cost);
        if (caller.KeyId.Length > 0)
            AddTo(SubjectKind.Key, caller.KeyId, cost);
        if (caller.TeamId is { } team)
            AddTo(SubjectKind.Team, team, cost);
    }

    private void AddTo(SubjectKind kind, string id, long nanoUsd)
    {
        _balance.Parameters[0].Value = Balances.NameOf(kind);
        _balance.Parameters[1].Value = id;
        _balance.Parameters[2].Value = nanoUsd;
        _balance.ExecuteNonQuery();
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++)
            command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"?{i}") });
        command.Prepare();
        return command;
    }
}
