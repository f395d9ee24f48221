using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>What a start found in flight and booked.</summary>
/// <param name="Sum">Of their bounds, as far as 64 bits hold it.</param>
internal readonly record struct RecoveredReservations(long Count, NanoUsd Sum)
{
    /// <summary>Marks a row whose attempt was cut off by the end of the gateway: booked at its bound, to be settled by hand.</summary>
    internal const string Kind = "recovered";

    private const string OpenSql = "SELECT bound_nano_usd, facts FROM reservation ORDER BY id";

    /// <summary>
    /// Books every attempt that was in flight when the last run of the gateway ended, at its bound, and forgets the reservations, in one
    /// transaction. Only for the process that serves on the database, before it serves.
    /// </summary>
    /// <param name="keepRows">False: only the balances are added to.</param>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The database could not be written.</exception>
    public static RecoveredReservations Book(Database database, TimeProvider time, bool keepRows)
    {
        using var connection = database.Connect();
        if (Database.ReadNumber(connection, "SELECT EXISTS (SELECT 1 FROM reservation)") == 0)
            return default;
        using var transaction = connection.BeginTransaction();
        var (count, total) = (0L, (Int128)0);
        using (var open = new PreparedStatement(connection, OpenSql))
        using (var insert = new LedgerInsert(connection, keepRows))
        {
            insert.Begin();
            while (open.Read())
            {
                var reservation = ReservationFacts.Unpack(open.Utf8(1), new NanoUsd(open.Number(0)));
                insert.WriteRecovered(reservation, time.GetUtcNow());
                count++;
                total += reservation.Bound.Value;
            }
            insert.End();
        }
        Database.Run(connection, "DELETE FROM reservation");
        transaction.Commit();
        return new(count, new NanoUsd((long)Int128.Min(total, long.MaxValue)));
    }
}
