using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>What is to be done with an attempt and its reservation.</summary>
/// <param name="Exchange">The request it belongs to, of which nothing changes any more that a row tells. Null with the attempt.</param>
/// <param name="Attempt">It has ended and is to be booked. Null: it was not made, and only its reservation is to go.</param>
/// <param name="ReservationId">0: it has none.</param>
internal readonly record struct LedgerEntry(Exchange? Exchange, Attempt? Attempt, long ReservationId)
{
    private static readonly Caller Nobody = new() { KeyId = "", UserId = Caller.DefaultUserId };

    /// <summary>Who pays. An attempt without a caller should not be; its money is booked all the same.</summary>
    public Caller Caller => Exchange?.Caller ?? Nobody;
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

    /// <summary>The dialect that stands in a row as null.</summary>
    private const string OpenAiName = "openai";

    private readonly bool _keepRows;
    private readonly LedgerChain _chain;
    private readonly PreparedStatement _balance;
    private readonly PreparedStatement _settle;

    // What the group that is being written adds to each balance. Many rows have few subjects, so summing here first is cheaper.
    private readonly Dictionary<Subject, long> _sums = [];

    /// <param name="keepRows">False: only the sums are written.</param>
    public LedgerInsert(SqliteConnection connection, bool keepRows)
    {
        _keepRows = keepRows;
        _chain = new LedgerChain(connection);
        _balance = new PreparedStatement(connection, BalanceSql);
        _settle = new PreparedStatement(connection, "DELETE FROM reservation WHERE id = ?1");
    }

    /// <exception cref="SqliteException">The database could not be written.</exception>
    public void Write(ReadOnlySpan<LedgerEntry> entries)
    {
        Begin();
        foreach (var entry in entries)
        {
            if (entry.ReservationId != 0)
                _settle.Bind(entry.ReservationId).Execute();
            if (entry.Attempt is not { } attempt)
                continue;
            if (_keepRows)
                WriteRow(entry.Exchange!, attempt, entry.Caller);
            AddToSums(entry.Caller.UserId, entry.Caller.KeyId, entry.Caller.TeamId, attempt.Cost);
        }
        End();
    }

    /// <summary>Begins a group of rows.</summary>
    internal void Begin()
    {
        _sums.Clear();
        if (_keepRows)
            _chain.Begin();
    }

    /// <summary>Ends a group of rows: writes the end of the chain and what the rows add to the balances.</summary>
    internal void End()
    {
        if (_keepRows)
            _chain.End();
        foreach (var (subject, nanoUsd) in _sums)
            _balance.Bind(Balances.NameOf(subject.Kind)).Bind(subject.Id).Bind(nanoUsd).Bind(_keepRows ? 0 : nanoUsd).Execute();
    }

    /// <summary>
    /// Writes the row of an attempt of which nobody knows how it ended: at its bound, money and tokens, so that neither a budget nor a rate
    /// lets through too much; without status or price.
    /// </summary>
    internal void WriteRecovered(OpenReservation open, DateTimeOffset now)
    {
        AddToSums(open.UserId, open.KeyId, open.TeamId, open.Bound);
        if (!_keepRows)
            return;
        var row = _chain.NewRow()
            .Bind(open.StartMs).Bind(open.ExchangeId).Bind(open.AttemptNumber).Bind(RecoveredReservations.Kind)
            .Bind(open.KeyId).Bind(open.KeyAlias).Bind(open.UserId).Bind(open.TeamId).Bind(open.EndUser).Bind(open.Tags)
            .Bind(open.Route).Bind(open.RequestedModel)
            .Bind(open.ModelGroup).Bind(open.DeploymentId).Bind(open.Provider).Bind(open.Model).BindNull()
            .Bind(0).BindNull();
        for (var i = LedgerTable.FirstTokens; i <= LedgerTable.LastTokens; i++)
            row.Bind(i == LedgerTable.Input ? open.InputAtMost : i == LedgerTable.Output ? open.OutputAtMost : 0);
        row.BindNull().BindNull().Bind(open.Bound.Value).Bind(0).BindNull().Bind(true).Bind(open.IsStream).Bind(open.DecisionId)
            .BindNull().Bind(now.ToUnixTimeMilliseconds()).BindNull();
        _chain.Write();
    }

    public void Dispose()
    {
        _settle.Dispose();
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

    private void WriteRow(Exchange exchange, Attempt attempt, Caller caller)
    {
        var usage = attempt.Usage;
        _chain.NewRow()
            .Bind(attempt.StartedAt.ToUnixTimeMilliseconds()).Bind(exchange.Id).Bind(attempt.Number).Bind(NameOf(attempt.Kind))
            .Bind(caller.KeyId).Bind(caller.KeyAlias).Bind(caller.UserId).Bind(caller.TeamId).Bind(exchange.EndUser).Bind(JsonOf(exchange.Tags))
            .Bind(exchange.Route).Bind(exchange.RequestedModel)
            .Bind(attempt.ModelGroup).Bind(attempt.DeploymentId).Bind(attempt.Provider).Bind(attempt.Model).Bind(exchange.Dialect == OpenAiName ? null : exchange.Dialect)
            .Bind(attempt.Status).Bind(attempt.ExceptionClass)
            // Tokens of images have no column of their own; raw_usage has them apart.
            .Bind(usage.Input + usage.InputImage).Bind(usage.CachedRead).Bind(usage.CacheWrite).Bind(usage.CacheWriteHour).Bind(usage.InputAudio)
            .Bind(usage.Output + usage.OutputImage).Bind(usage.Reasoning).Bind(usage.OutputAudio)
            .Bind(attempt.RawUsage).Bind(attempt.PriceId).Bind(attempt.Cost.Value)
            .Bind((long)attempt.Latency.TotalMilliseconds).Bind((long?)attempt.TimeToFirstToken?.TotalMilliseconds)
            .Bind(attempt.IsEstimated).Bind(exchange.IsStream)
            .Bind(exchange.DecisionId.Length > 0 ? exchange.DecisionId : null).BindNull().BindNull().Bind(attempt.Rates?.Invoke(usage));
        _chain.Write();
    }

    /// <summary>The tags as a JSON array; null without any, as usual. (The writer, unlike JsonEncodedText, takes half a surrogate pair.)</summary>
    internal static string? JsonOf(IReadOnlyList<string> tags)
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

    private void AddToSums(string userId, string keyId, string? teamId, NanoUsd cost)
    {
        if (cost.Value == 0)
            return;
        AddTo(SubjectKind.User, userId, cost.Value);
        if (keyId.Length > 0)
            AddTo(SubjectKind.Key, keyId, cost.Value);
        if (teamId is not null)
            AddTo(SubjectKind.Team, teamId, cost.Value);
    }

    private void AddTo(SubjectKind kind, string id, long nanoUsd)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, new Subject(kind, id), out _);
        sum = (long)Int128.Min((Int128)sum + nanoUsd, MostSpent);
    }
}
