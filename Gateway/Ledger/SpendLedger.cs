using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>
/// What was spent, by whom and on what: an append-only table with one row per attempt, and its sums.
/// Safe for use by many threads.
/// </summary>
public sealed partial class SpendLedger : IAsyncDisposable
{
    /// <summary>Attempts kept in memory while the disk fails: about a minute of heavy traffic and some 100 MB.</summary>
    public const int DefaultCapacity = 65_536;

    private readonly Database _database;
    private readonly ILogger _logger;
    private readonly GroupWriter _writer;
    private readonly WriteQueue<LedgerEntry> _queue;
    private readonly int _capacity;

    /// <summary>Starts the database's one writer. Dispose waits until everything is written.</summary>
    /// <param name="keepRows">False: only balances are kept (<c>disable_spend_logs</c>).</param>
    /// <param name="capacity">How many attempts may wait to be written before <see cref="IsFull"/>.</param>
    public SpendLedger(
        Database database, TimeProvider time, ILogger<SpendLedger> logger, bool keepRows = true, int capacity = DefaultCapacity)
    {
        _database = database;
        _logger = logger;
        _capacity = capacity;
        _writer = new GroupWriter(database, time, logger);
        _queue = new(_writer, connection => new LedgerInsert(connection, keepRows));
    }

    /// <summary>The writer, for what else is written beside the ledger: there can be only one.</summary>
    internal GroupWriter Writer => _writer;

    /// <summary>False while the database cannot be written; rows are kept in memory meanwhile.</summary>
    public bool IsHealthy => _writer.IsHealthy;

    /// <summary>
    /// True when too many rows wait for a failing disk: new requests are to be refused (503) before they cost money. Those that run
    /// already may still hand over theirs, so the bound is the capacity plus what is in flight.
    /// </summary>
    public bool IsFull => _queue.Waiting >= _capacity;

    /// <summary>Rows that are not yet committed.</summary>
    public long Waiting => _queue.Waiting;

    /// <summary>Rows that could not be written even at the end; 0 until the ledger is disposed of.</summary>
    public long Lost { get; private set; }

    /// <summary>
    /// Books the attempts of an exchange that has ended; the caller must not change it afterwards. Does not wait for the disk
    /// and never fails. A request that was refused before any attempt leaves no row.
    /// </summary>
    public void Append(Exchange exchange)
    {
        foreach (var attempt in exchange.Attempts)
            _queue.Append(new LedgerEntry(exchange, attempt));
    }

    /// <summary>Completes when everything that was appended before is committed.</summary>
    public Task FlushAsync() => _queue.FlushAsync();

    /// <summary>
    /// What each user, key and team has spent since the beginning, as far as it is committed. Nobody's entry is missing but for zero.
    /// </summary>
    public IReadOnlyDictionary<Subject, NanoUsd> LoadBalances()
    {
        var balances = Balances.Load(_database, out var lastCorrection);
        LastCorrectionLoaded = lastCorrection;
        return balances;
    }

    /// <summary>The row of the last correction that is in what <see cref="LoadBalances"/> gave.</summary>
    public long LastCorrectionLoaded { get; private set; }

    /// <summary>What cannot be written even now is lost, and said to be.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Lost > 0)
            return;
        await _writer.DisposeAsync();
        Lost = _queue.Waiting;
        if (Lost > 0)
            LogLost(_logger, Lost, _database.Path);
    }

    [LoggerMessage(5, LogLevel.Critical, "{Lost} ledger rows were lost at shutdown because {Database} could not be written")]
    private static partial void LogLost(ILogger logger, long lost, string database);
}
