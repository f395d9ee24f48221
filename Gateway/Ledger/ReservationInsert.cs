using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>Writes attempts that are about to be made into the table of reservations. One thread at a time.</summary>
internal sealed class ReservationInsert(SqliteConnection connection) : IGroupInsert<LedgerEntry>
{
    private readonly ReservationFacts _facts = new();
    private readonly PreparedStatement _row = new(connection, "INSERT INTO reservation (id, bound_nano_usd, facts) VALUES (?1, ?2, ?3)");

    /// <exception cref="SqliteException">The database could not be written.</exception>
    public void Write(ReadOnlySpan<LedgerEntry> entries)
    {
        foreach (var entry in entries)
        {
            var (exchange, attempt) = (entry.Exchange!, entry.Attempt!);
            _row.Bind(entry.ReservationId).Bind(attempt.Bound.Value)
                .BindBytes(_facts.Pack(exchange, attempt, entry.Caller, LedgerInsert.JsonOf(exchange.Tags)))
                .Execute();
        }
    }

    public void Dispose() => _row.Dispose();
}
