using System.Runtime.InteropServices;
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
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
          ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)
        """;

    private const string BalanceSql = """
        INSERT INTO balance (kind, id, spent_nano_usd) VALUES (?1, ?2, ?3)
          ON CONFLICT DO UPDATE SET spent_nano_usd = min(spent_nano_usd + excluded.spent_nano_usd, 9000000000000000000)
        """;

    /// <summary>As in <see cref="BalanceSql"/>: a sum that leaves 64 bits stops at 9 billion dollars instead of failing the rows.</summary>
    private const long MostSpent = 9_000_000_000_000_000_000;

    private readonly SqliteConnection _connection;
    private readonly PreparedStatement _begin;
    private readonly PreparedStatement _row;
    private readonly PreparedStatement _balance;
    private readonly PreparedStatement _commit;

    // What the group that is being written adds to each balance. Many rows have few subjects, so summing here first is cheaper.
    private readonly Dictionary<Subject, long> _sums = [];

    public LedgerInsert(Database database)
    {
        _connection = database.Connect();
        // IMMEDIATE: waits for other writers at the start, where nothing has been done yet.
        _begin = new PreparedStatement(_connection, "BEGIN IMMEDIATE");
        _row = new PreparedStatement(_connection, RowSql);
        _balance = new PreparedStatement(_connection, BalanceSql);
        _commit = new PreparedStatement(_connection, "COMMIT");
    }

    /// <summary>Books all of the entries or, when it throws and is then disposed of, none.</summary>
    /// <exception cref="SqliteException">The database could not be written.</exception>
    public void Write(ReadOnlySpan<LedgerEntry> entries, bool keepRows)
    {
        _begin.Execute();
        _sums.Clear();
        foreach (var entry in entries)
        {
            if (keepRows)
                WriteRow(entry);
            AddToSums(entry);
        }

        foreach (var (subject, nanoUsd) in _sums)
            _balance.Bind(Balances.NameOf(subject.Kind)).Bind(subject.Id).Bind(nanoUsd).Execute();
        _commit.Execute();
    }

    public void Dispose()
    {
        _commit.Dispose();
        _balance.Dispose();
        _row.Dispose();
        _begin.Dispose();
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

    /// <summary>Binds in the order of <see cref="RowSql"/>.</summary>
    private void WriteRow(LedgerEntry entry)
    {
        var (exchange, attempt) = entry;
        var caller = entry.Caller;
        var usage = attempt.Usage;
        _row.Bind(attempt.StartedAt.ToUnixTimeMilliseconds()).Bind(exchange.Id).Bind(attempt.Number).Bind(NameOf(attempt.Kind))
            .Bind(caller.KeyId).Bind(caller.KeyAlias).Bind(caller.UserId).Bind(caller.TeamId).Bind(exchange.EndUser)
            .Bind(exchange.Route).Bind(exchange.RequestedModel)
            .Bind(attempt.ModelGroup).Bind(attempt.DeploymentId).Bind(attempt.Provider).Bind(attempt.Model)
            .Bind(attempt.Status).Bind(attempt.ExceptionClass)
            .Bind(usage.Input).Bind(usage.CachedRead).Bind(usage.CacheWrite).Bind(usage.CacheWriteHour).Bind(usage.InputAudio)
            .Bind(usage.Output).Bind(usage.Reasoning).Bind(usage.OutputAudio)
            .Bind(attempt.RawUsage).Bind(attempt.PriceId).Bind(attempt.Cost.Value)
            .Bind((long)attempt.Latency.TotalMilliseconds).Bind((long?)attempt.TimeToFirstToken?.TotalMilliseconds)
            .Bind(attempt.IsEstimated).Bind(exchange.IsStream)
            .Execute();
    }

    private void AddToSums(LedgerEntry entry)
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
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, new Subject(kind, id), out _);
        sum = (long)Int128.Min((Int128)sum + nanoUsd, MostSpent);
    }
}
