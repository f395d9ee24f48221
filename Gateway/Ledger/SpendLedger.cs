using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>
/// What was spent, by whom and on what: an append-only table with one row per attempt, and its sums.
/// Safe for use by many threads.
/// </summary>
public sealed class SpendLedger : IAsyncDisposable
{
    /// <summary>Attempts kept in memory while the disk fails: about a minute of heavy traffic and some 100 MB.</summary>
    public const int DefaultCapacity = 65_536;

    private readonly Database _database;
    private readonly LedgerWriter _writer;

    /// <summary>Starts the one writer. Dispose waits until everything is written.</summary>
    /// <param name="keepRows">False: only balances are kept (<c>disable_spend_logs</c>).</param>
    /// <param name="capacity">How many attempts may wait to be written before <see cref="IsFull"/>.</param>
    public SpendLedger(
        Database database, TimeProvider time, ILogger<SpendLedger> logger, bool keepRows = true, int capacity = DefaultCapacity)
    {
        _database = database;
        _writer = new LedgerWriter(database, time, logger, keepRows, capacity);
    }

    /// <summary>False while the database cannot be written; rows are kept in memory meanwhile.</summary>
    public bool IsHealthy => _writer.IsHealthy;

    /// <summary>True when too many rows wait for a failing disk: new requests are to be refused (503) before they cost money.</summary>
    public bool IsFull => _writer.IsFull;

    /// <summary>Rows that are not yet committed.</summary>
    public long Waiting => _writer.Waiting;

    /// <summary>Rows that could not be written even at the end; 0 until the ledger is disposed of.</summary>
    public long Lost => _writer.Lost;

    /// <summary>
    /// Books the attempts of an exchange that has ended; the caller must not change it afterwards. Does not wait for the disk
    /// and never fails. A request that was refused before any attempt leaves no row.
    /// </summary>
    public void Append(Exchange exchange)
    {
        foreach (var attempt in exchange.Attempts)
            _writer.Append(new LedgerEntry(exchange, attempt));
    }

    /// <summary>Completes when everything that was appended before is committed.</summary>
    public Task FlushAsync() => _writer.FlushAsync();

    /// <summary>
    /// What each user, key and team has spent since the beginning, as far as it is committed. Nobody's entry is missing but for zero.
    /// </summary>
    public IReadOnlyDictionary<Subject, NanoUsd> LoadBalances() => Balances.Load(_database);

    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
