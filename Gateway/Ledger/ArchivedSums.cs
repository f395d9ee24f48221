using System.Runtime.InteropServices;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>What archived rows add up to, kept in the database.</summary>
internal static class ArchivedSums
{
    private const string MovedSql = $"""
        SELECT id, kind, cost_nano_usd, model_group, {RowSubjects.Columns} FROM ledger WHERE id <= ?1 AND cost_nano_usd <> 0 ORDER BY id
        """;

    private const string AddSql = """
        INSERT INTO archived_sum VALUES (?1, ?2, ?3, ?4, ?5, ?6)
          ON CONFLICT DO UPDATE SET nano_usd = min(nano_usd + excluded.nano_usd, 9000000000000000000)
        """;

    private const string AddToBalanceSql = """
        INSERT INTO archived_balance VALUES (?1, ?2, ?3)
          ON CONFLICT DO UPDATE SET nano_usd = min(nano_usd + excluded.nano_usd, 9000000000000000000)
        """;

    private const string BalancesOfMovedSql = """
        SELECT 'user', user_id, sum(cost_nano_usd) FROM ledger WHERE id <= ?1 GROUP BY 2
        UNION ALL SELECT 'key', key_id, sum(cost_nano_usd) FROM ledger WHERE id <= ?1 AND key_id <> '' GROUP BY 2
        UNION ALL SELECT 'team', team_id, sum(cost_nano_usd) FROM ledger WHERE id <= ?1 AND team_id <> '' GROUP BY 2
        """;

    private const string RestartSql = "DELETE FROM archived_sum WHERE kind = ?1 AND id = ?2 AND by_model = 0";

    private readonly record struct Key(Subject Subject, bool ByModel, string Model);

    /// <summary>Adds up the rows that are about to be removed, all up to the archive's last.</summary>
    public static void Add(SqliteConnection connection, LedgerArchive archive)
    {
        var sums = new Dictionary<Key, long>();
        var restarted = new HashSet<Subject>();
        var (subjects, reader) = (new List<Subject>(), new RowSubjects());
        using var row = new PreparedStatement(connection, MovedSql);
        row.Bind(archive.LastId);
        while (row.Read())
        {
            reader.Read(row, 4, subjects);
            if (row.Text(1) == LedgerCorrection.ResetKind)
            {
                restarted.Add(subjects[0]);
                sums.Remove(new Key(subjects[0], false, ""));
                continue;
            }
            foreach (var subject in subjects)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(sums, new Key(subject, false, ""), out _) += row.Number(2);
                CollectionsMarshal.GetValueRefOrAddDefault(sums, new Key(subject, true, row.Text(3)), out _) += row.Number(2);
            }
        }
        using var restart = new PreparedStatement(connection, RestartSql);
        foreach (var subject in restarted)
            restart.Bind((long)subject.Kind).Bind(subject.Id).Execute();
        using var add = new PreparedStatement(connection, AddSql);
        foreach (var (key, sum) in sums)
        {
            add.Bind(archive.Number).Bind((long)key.Subject.Kind).Bind(key.Subject.Id).Bind(key.ByModel).Bind(key.Model).Bind(sum)
                .Execute();
        }
        AddToBalances(connection, archive);
    }

    /// <summary>What of each balance comes from archived rows.</summary>
    public static Dictionary<(string Kind, string Id), Int128> Balances(SqliteConnection connection)
    {
        using var row = new PreparedStatement(connection, "SELECT kind, id, nano_usd FROM archived_balance");
        var balances = new Dictionary<(string Kind, string Id), Int128>();
        while (row.Read())
            balances[(row.Text(0), row.Text(1))] = row.Number(2);
        return balances;
    }

    private static void AddToBalances(SqliteConnection connection, LedgerArchive archive)
    {
        using var moved = new PreparedStatement(connection, BalancesOfMovedSql);
        using var add = new PreparedStatement(connection, AddToBalanceSql);
        moved.Bind(archive.LastId);
        while (moved.Read())
            add.Bind(moved.Text(0)).Bind(moved.Text(1)).Bind(moved.Number(2)).Execute();
    }
}
