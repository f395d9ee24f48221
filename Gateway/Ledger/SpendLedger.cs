using Gateway.Storage;
using Microsoft.Data.Sqlite;

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
    private readonly UrgentQueue<LedgerEntry> _reservations;
    private readonly int _capacity;
    private long _lastReservation;

    /// <summary>
    /// Books what was in flight when the last run ended, and starts the database's one writer; so only for the process that holds the
    /// database's lock. Dispose waits until everything is written.
    /// </summary>
    /// <param name="keepRows">False: only balances are kept (<c>disable_spend_logs</c>).</param>
    /// <param name="capacity">How many attempts may wait to be written before <see cref="IsFull"/>.</param>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">What was in flight could not be booked.</exception>
    public SpendLedger(
        Database database, TimeProvider time, ILogger<SpendLedger> logger, bool keepRows = true, int capacity = DefaultCapacity)
        : this(database, time, logger, keepRows, capacity, watch: null)
    {
    }

    /// <inheritdoc cref="GroupWriter.Watch" path="/summary"/>
    internal SpendLedger(
        Database database, TimeProvider time, ILogger logger, bool keepRows, int capacity, Action<SqliteConnection, WriterStage>? watch)
    {
        _database = database;
        _logger = logger;
        _capacity = capacity;
        var recovered = RecoveredReservations.Book(database, time, keepRows);
        if (recovered.Count > 0)
            LogRecovered(logger, recovered.Count, recovered.Sum, database.Path);
        _writer = new GroupWriter(database, time, logger) { Watch = watch };
        _queue = new(_writer, connection => new LedgerInsert(connection, keepRows));
        _reservations = new(_writer, connection => new ReservationInsert(connection), Withdraw);
        _writer.AddUrgent(_reservations);
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
    /// Keeps an attempt that is about to be made, so that a crash does not lose it: the next start books what was not booked, at the
    /// attempt's bound. Completes when that is committed; waits for no other work.
    /// </summary>
    /// <param name="exchange">What it says of the caller and the request must not change any more.</param>
    /// <returns>False: the database could not be written, or is known to fail, and nothing is kept; the attempt may be made and booked
    /// all the same, and is lost if the gateway dies before its row is written.</returns>
    public ValueTask<bool> OpenAsync(Exchange exchange, Attempt attempt)
    {
        if (!_writer.IsHealthy)
            return new(false);
        attempt.ReservationId = Interlocked.Increment(ref _lastReservation);
        return _reservations.WriteAsync(new LedgerEntry(exchange, attempt, attempt.ReservationId));
    }

    /// <summary>Forgets an attempt that was opened but not made: it leaves no row.</summary>
    public void Discard(Attempt attempt)
    {
        if (attempt.Book() && attempt.ReservationId != 0)
            _queue.Append(new LedgerEntry(null, null, attempt.ReservationId));
    }

    /// <summary>
    /// Books an attempt that has ended, once, however often this is called; the caller must not change it afterwards. Does not wait for the
    /// disk and never fails. Its row and the end of its reservation are one transaction.
    /// </summary>
    public void Append(Exchange exchange, Attempt attempt)
    {
        if (attempt.Book())
            _queue.Append(new LedgerEntry(exchange, attempt, attempt.ReservationId));
    }

    /// <summary>
    /// Books the attempts of an exchange that has ended, those that are not booked yet. A request that was refused before any attempt
    /// leaves no row.
    /// </summary>
    public void Append(Exchange exchange)
    {
        foreach (var attempt in exchange.Attempts)
            Append(exchange, attempt);
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

    /// <summary>An attempt that could not be kept. It may be in the database all the same, and is then to go.</summary>
    private void Withdraw(LedgerEntry entry)
    {
        entry.Attempt!.ReservationId = 0;
        _queue.Append(entry with { Exchange = null, Attempt = null });
    }

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

    [LoggerMessage(6, LogLevel.Warning, "{Count} attempts were in flight when the gateway last ended; their rows in {Database} are of kind "
        + "recovered and hold what they can have cost at most, {Sum} USD in all; 'gateway ledger settle' corrects one")]
    private static partial void LogRecovered(ILogger logger, long count, NanoUsd sum, string database);
}
