using System.Collections.Frozen;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>What the ledger answers to questions about sums, all as it was at one moment.</summary>
public sealed class LedgerSums
{
    private const string BalanceSql = "SELECT kind, id, spent_nano_usd FROM balance WHERE kind IN ('user', 'key', 'team')";

    private const string RecentSql = $"""
        SELECT time_ms, exchange_id, model_group, prompt_tokens + completion_tokens, {RowSubjects.Columns} FROM ledger
        WHERE time_ms >= ?1 AND kind NOT IN ('correction', 'reset') ORDER BY time_ms
        """;

    private readonly Dictionary<SumQuestion, SumTally> _tallies;

    private LedgerSums(Dictionary<SumQuestion, SumTally> tallies) => _tallies = tallies;

    /// <summary>What each user, key and team has spent since the beginning; of a user, since the last reset.</summary>
    public IReadOnlyDictionary<Subject, NanoUsd> Balances { get; private set; } = FrozenDictionary<Subject, NanoUsd>.Empty;

    /// <summary>The row of the last correction that is in the sums; 0 without one.</summary>
    public long LastCorrection { get; private set; }

    /// <summary>The last row that is in the sums, and its hash.</summary>
    internal long LastRow { get; private set; }
    internal byte[] LastHash { get; private set; } = [];

    internal IReadOnlyCollection<SumTally> Tallies => _tallies.Values;

    /// <summary>Reads the sums. What the store has kept of them need not be added up again.</summary>
    /// <exception cref="SqliteException">The database could not be read.</exception>
    public static LedgerSums Read(Database database, IEnumerable<SumQuestion> questions, SumStore store)
    {
        var tallies = questions.Distinct().ToDictionary(question => question, question => new SumTally(question));
        var sums = new LedgerSums(tallies);
        using var connection = database.Connect();
        Database.Run(connection, "BEGIN");
        sums.ReadHead(connection);
        sums.Balances = ReadBalances(connection);
        var kept = store.Fill(connection, tallies);
        var (known, unknown) = (kept.Tallies, tallies.Values.Except(kept.Tallies).ToList());
        if (unknown.Count > 0)
            SumCount.Archived(connection, unknown);
        SumCount.ApplyResets(connection, tallies.Values);
        if (known.Count > 0)
            SumCount.After(connection, known, kept.LastRow);
        if (unknown.Count > 0)
            SumCount.Since(connection, unknown, unknown.Min(tally => tally.Question.SinceMs));
        return sums;
    }

    /// <summary>Attempts that started at a time or later, the earliest first.</summary>
    /// <exception cref="SqliteException">The database could not be read.</exception>
    public static List<RecentAttempt> ReadRecent(Database database, DateTimeOffset since)
    {
        using var connection = database.Connect();
        using var row = new PreparedStatement(connection, RecentSql);
        row.Bind(since.ToUnixTimeMilliseconds());
        var (recent, reader) = (new List<RecentAttempt>(), new RowSubjects());
        while (row.Read())
        {
            var subjects = new List<Subject>();
            reader.Read(row, 4, subjects);
            recent.Add(new RecentAttempt(
                DateTimeOffset.FromUnixTimeMilliseconds(row.Number(0)), row.Text(1), subjects, row.Text(2), row.Number(3)));
        }
        return recent;
    }

    /// <summary>The answer to a question that was asked and is not by model.</summary>
    public NanoUsd Sum(SumQuestion question, string id) => Positive(_tallies[question].Sums.GetValueOrDefault((id, "")));

    /// <summary>The answer to a question by model: what each model group has cost each.</summary>
    public ILookup<string, (string Model, NanoUsd Sum)> ByModel(SumQuestion question) =>
        _tallies[question].Sums.ToLookup(sum => sum.Key.Id, sum => (sum.Key.Model, Positive(sum.Value)));

    /// <summary>The ids that a question about each of a kind has found, those with the largest sums first.</summary>
    public IEnumerable<string> Ids(SumQuestion question, int most) =>
        _tallies[question].Sums.GroupBy(sum => sum.Key.Id).OrderByDescending(holder => holder.Max(sum => sum.Value))
            .ThenBy(holder => holder.Key, StringComparer.Ordinal).Take(most).Select(holder => holder.Key);

    /// <summary>Corrections may take back more than a period holds.</summary>
    private static NanoUsd Positive(Int128 sum) => new((long)Int128.Clamp(sum, 0, LedgerInsert.MostSpent));

    private void ReadHead(SqliteConnection connection)
    {
        using var head = new PreparedStatement(connection, LedgerHead.Sql);
        if (!head.Read())
            throw new InvalidDataException("The table ledger_head is empty.");
        (LastRow, LastHash, LastCorrection) = (head.Number(2), head.Utf8(1).ToArray(), head.Number(3));
    }

    private static FrozenDictionary<Subject, NanoUsd> ReadBalances(SqliteConnection connection)
    {
        using var rows = new PreparedStatement(connection, BalanceSql);
        var balances = new Dictionary<Subject, NanoUsd>();
        while (rows.Read())
        {
            var kind = rows.Text(0) switch { "user" => SubjectKind.User, "key" => SubjectKind.Key, _ => SubjectKind.Team };
            balances[new Subject(kind, rows.Text(1))] = new NanoUsd(rows.Number(2));
        }
        return balances.ToFrozenDictionary();
    }
}
