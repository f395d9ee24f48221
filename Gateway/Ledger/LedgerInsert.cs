using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
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
/// Writes rows and sums of the ledger. This is its hot path: statements are prepared once and their parameters reused. One thread
/// at a time.
/// </summary>
internal sealed class LedgerInsert : IGroupInsert<LedgerEntry>
{
    /// <summary>Adds to what was spent and to that part of it that is in no row.</summary>
    internal const string BalanceSql = """
        INSERT INTO balance (kind, id, spent_nano_usd, unlogged_nano_usd) VALUES (?1, ?2, ?3, ?4)
          ON CONFLICT DO UPDATE SET spent_nano_usd = min(spent_nano_usd + excluded.spent_nano_usd, 9000000000000000000),
            unlogged_nano_usd = min(unlogged_nano_usd + excluded.unlogged_nano_usd, 9000000000000000000)
        """;

    /// <summary>As in <see cref="BalanceSql"/>: a sum that leaves 64 bits stops at 9 billion dollars instead of failing the rows.</summary>
    internal const long MostSpent = 9_000_000_000_000_000_000;

    private readonly bool _keepRows;
    private readonly LedgerChain _chain;
    private readonly PreparedStatement _balance;

    // What the group that is being written adds to each balance. Many rows have few subjects, so summing here first is cheaper.
    private readonly Dictionary<Subject, long> _sums = [];

    /// <param name="keepRows">False: only the sums are written.</param>
    public LedgerInsert(SqliteConnection connection, bool keepRows)
    {
        _keepRows = keepRows;
        _chain = new LedgerChain(connection);
        _balance = new PreparedStatement(connection, BalanceSql);
    }

    /// <exception cref="SqliteException">The database could not be written.</exception>
    public void Write(ReadOnlySpan<LedgerEntry> entries)
    {
        _sums.Clear();
        if (_keepRows)
            _chain.Begin();
        foreach (var entry in entries)
        {
            if (_keepRows)
                WriteRow(entry);
            AddToSums(entry);
        }
        if (_keepRows)
            _chain.End();

        foreach (var (subject, nanoUsd) in _sums)
            _balance.Bind(Balances.NameOf(subject.Kind)).Bind(subject.Id).Bind(nanoUsd).Bind(_keepRows ? 0 : nanoUsd).Execute();
    }

    public void Dispose()
    {
        _balance.Dispose();
        _chain.Dispose();
    }

    /// <summary>The text of <see cref="AttemptKind"/> in the table.</summary>
    private static string NameOf(AttemptKind kind) => kind switch
    {
        AttemptKind.First => "first",
        AttemptKind.Retry => "retry",
        AttemptKind.Fallback => "fallback",
        AttemptKind.Hedge => "hedge",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private void WriteRow(LedgerEntry entry)
    {
        var (exchange, attempt) = entry;
        var caller = entry.Caller;
        var usage = attempt.Usage;
        _chain.NewRow()
            .Bind(attempt.StartedAt.ToUnixTimeMilliseconds()).Bind(exchange.Id).Bind(attempt.Number).Bind(NameOf(attempt.Kind))
            .Bind(caller.KeyId).Bind(caller.KeyAlias).Bind(caller.UserId).Bind(caller.TeamId).Bind(exchange.EndUser).Bind(JsonOf(exchange.Tags))
            .Bind(exchange.Route).Bind(exchange.RequestedModel)
            .Bind(attempt.ModelGroup).Bind(attempt.DeploymentId).Bind(attempt.Provider).Bind(attempt.Model).BindNull()
            .Bind(attempt.Status).Bind(attempt.ExceptionClass)
            // Tokens of images have no column of their own; raw_usage has them apart.
            .Bind(usage.Input + usage.InputImage).Bind(usage.CachedRead).Bind(usage.CacheWrite).Bind(usage.CacheWriteHour).Bind(usage.InputAudio)
            .Bind(usage.Output + usage.OutputImage).Bind(usage.Reasoning).Bind(usage.OutputAudio)
            .Bind(attempt.RawUsage).Bind(attempt.PriceId).Bind(attempt.Cost.Value)
            .Bind((long)attempt.Latency.TotalMilliseconds).Bind((long?)attempt.TimeToFirstToken?.TotalMilliseconds)
            .Bind(attempt.IsEstimated).Bind(exchange.IsStream)
            .Bind(exchange.DecisionId.Length > 0 ? exchange.DecisionId : null).BindNull().BindNull();
        _chain.Write();
    }

    /// <summary>The tags as a JSON array; null without any, as usual. (The writer, unlike JsonEncodedText, takes half a surrogate pair.)</summary>
    private static string? JsonOf(IReadOnlyList<string> tags)
    {
        if (tags.Count == 0)
            return null;
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartArray();
            foreach (var tag in tags)
                writer.WriteStringValue(tag);
            writer.WriteEndArray();
        }
        return Encoding.UTF8.GetString(json.WrittenSpan);
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
