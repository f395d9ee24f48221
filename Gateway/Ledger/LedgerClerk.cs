using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>
/// Writes corrections by hand. Rows stay as they are; each correction is one more, in a transaction of its own that works beside a gateway
/// that serves: it goes on from the new end of the chain, and takes note through <see cref="CorrectionWatch"/>.
/// </summary>
public sealed class LedgerClerk(Database database, TimeProvider time)
{
    private const string RowSql = $"SELECT {LedgerTable.Columns} FROM ledger WHERE id = ?1";

    /// <summary>Says what an attempt cost that was only estimated.</summary>
    /// <param name="id">Of the row.</param>
    /// <param name="cost">All that the attempt cost, not the difference.</param>
    /// <param name="difference">What was added to the balances.</param>
    /// <returns>Null, or why nothing was changed.</returns>
    /// <exception cref="SqliteException">The database could not be written.</exception>
    public string? Settle(long id, NanoUsd cost, out NanoUsd difference)
    {
        difference = default;
        using var connection = database.Connect();
        using var transaction = connection.BeginTransaction();
        using var row = new PreparedStatement(connection, RowSql);
        if (!row.Bind(id).Read())
            return LedgerArchive.All(connection).Find(archive => id >= archive.FirstId && id <= archive.LastId) is { } closed
                ? $"Row {id} lies in the archive {closed.File}, which is closed: only rows that are not archived can be settled."
                : $"There is no row {id} in the ledger.";
        if (row.Number(LedgerTable.IsEstimated) == 0 && row.Text(LedgerTable.Kind) != "recovered")
            return $"Row {id} ({row.Text(LedgerTable.Kind)}) is neither estimated nor recovered: its cost is what the provider reported.";

        difference = new NanoUsd(checked(cost.Value - row.Number(LedgerTable.Cost) - CorrectionsOf(connection, id)));
        if (difference.Value == 0)
            return $"Row {id} is booked at {cost} USD already.";
        using (var chain = new LedgerChain(connection))
        {
            chain.Begin();
            CopyRow(row, chain.NewRow(), difference, reference: id);
            chain.Write(isCorrection: true);
            chain.End();
        }
        AddToBalance(connection, SubjectKind.User, row.Text(LedgerTable.UserId), difference);
        AddToBalance(connection, SubjectKind.Key, row.Text(LedgerTable.KeyId), difference);
        AddToBalance(connection, SubjectKind.Team, row.Text(LedgerTable.TeamId), difference);
        row.Reset();
        transaction.Commit();
        return null;
    }

    /// <summary>Lets a user start from zero: the balance is taken back by a row, and what follows counts anew.</summary>
    /// <param name="amount">What was taken back.</param>
    /// <returns>Null, or why nothing was changed.</returns>
    /// <exception cref="SqliteException">The database could not be written.</exception>
    public string? Reset(string userId, out NanoUsd amount)
    {
        amount = default;
        using var connection = database.Connect();
        using var transaction = connection.BeginTransaction();
        using var balance = new PreparedStatement(connection, "SELECT spent_nano_usd FROM balance WHERE kind = 'user' AND id = ?1");
        if (!balance.Bind(userId).Read())
            return $"The ledger has no user '{userId}'; `gateway spend --since 52w` lists users.";
        amount = new NanoUsd(balance.Number(0));
        balance.Reset();
        if (amount.Value == 0)
            return $"{userId} has spent nothing since the last reset.";
        using (var chain = new LedgerChain(connection))
        {
            chain.Begin();
            WriteReset(chain, userId, amount);
            chain.End();
        }
        AddToBalance(connection, SubjectKind.User, userId, new NanoUsd(-amount.Value));
        transaction.Commit();
        return null;
    }

    private static long CorrectionsOf(SqliteConnection connection, long id)
    {
        using var sum = new PreparedStatement(
            connection, "SELECT coalesce(sum(cost_nano_usd), 0) FROM ledger WHERE reference = ?1 AND kind = 'correction'");
        return sum.Bind(id).Read() ? sum.Number(0) : 0;
    }

    /// <summary>Whom and what an attempt was for, so that each sum of costs has the correction where it has the attempt; no tokens.</summary>
    private void CopyRow(PreparedStatement from, PreparedStatement to, NanoUsd difference, long reference)
    {
        for (var i = LedgerTable.Id + 1; i < LedgerTable.ColumnCount - 3; i++)
        {
            if (i == LedgerTable.Kind)
                to.Bind(LedgerCorrection.CorrectionKind);
            else if (i == LedgerTable.Cost)
                to.Bind(difference.Value);
            else if (i is LedgerTable.RawUsage or LedgerTable.PriceId or LedgerTable.TimeToFirstToken || from.IsNull(i))
                to.BindNull();
            else if (i is >= LedgerTable.FirstTokens and <= LedgerTable.LastTokens or LedgerTable.Latency or LedgerTable.IsEstimated)
                to.Bind(0);
            else if (from.IsNumber(i))
                to.Bind(from.Number(i));
            else
                to.Bind(from.Text(i));
        }
        to.Bind(reference).Bind(Now()).BindNull();
    }

    private void WriteReset(LedgerChain chain, string userId, NanoUsd amount)
    {
        var covered = chain.LastId;
        var row = chain.NewRow();
        row.Bind(Now()).Bind("").Bind(0).Bind(LedgerCorrection.ResetKind)
            .Bind("").BindNull().Bind(userId).BindNull().BindNull().BindNull() // key to tags: what a reset does not touch
            .Bind("").BindNull().Bind("").Bind("").Bind("").Bind("").BindNull().Bind(0).BindNull(); // route to exception_class
        for (var i = LedgerTable.FirstTokens; i <= LedgerTable.LastTokens; i++)
            row.Bind(0);
        row.BindNull().BindNull().Bind(-amount.Value).Bind(0).BindNull().Bind(false).Bind(false).BindNull().Bind(covered).Bind(Now())
            .BindNull();
        chain.Write(isCorrection: true);
    }

    private static void AddToBalance(SqliteConnection connection, SubjectKind kind, string id, NanoUsd amount)
    {
        if (id.Length == 0)
            return;
        using var balance = new PreparedStatement(connection, LedgerInsert.BalanceSql);
        balance.Bind(Balances.NameOf(kind)).Bind(id).Bind(amount.Value).Bind(0).Execute();
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
