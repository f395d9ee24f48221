using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger;

/// <summary>What a walk along the chain has found.</summary>
/// <param name="Head">The end of the chain as far as it holds.</param>
/// <param name="Broken">The first thing that is wrong, in one sentence. Null: all holds.</param>
/// <param name="IsExpectedFound">Whether an earlier end lies on the chain. Null: none was asked for, or the chain broke before.</param>
public sealed record LedgerProof(LedgerHead Head, string? Broken, bool? IsExpectedFound)
{
    /// <summary>
    /// Walks the chain from its first row, through the archives and the database, comparing each hash, and compares the balances with the
    /// sums of the rows. Everything is read as it was at one moment, beside a gateway that writes. Where an archive is missing the rest is
    /// walked all the same.
    /// </summary>
    /// <param name="expected">An earlier end; a count of -1 stands for any.</param>
    /// <exception cref="SqliteException">The database could not be read.</exception>
    public static LedgerProof Of(Database database, LedgerHead? expected)
    {
        using var connection = database.Connect();
        Database.Run(connection, "BEGIN");
        var walk = new Walk(expected);
        foreach (var archive in LedgerArchive.All(connection))
        {
            if (walk.Through(archive, database.Path) is { } broken)
                return walk.Proof(broken);
        }
        return walk.Proof(walk.CompareArchived(ArchivedSums.Balances(connection)) ?? WalkDatabase(walk, connection));
    }

    /// <summary>As <see cref="Of"/>, without the archives: for a copy of the database alone.</summary>
    /// <exception cref="SqliteException">The database could not be read.</exception>
    public static LedgerProof OfDatabase(Database database)
    {
        using var connection = database.Connect();
        Database.Run(connection, "BEGIN");
        var walk = new Walk(null);
        if (LedgerArchive.All(connection).LastOrDefault() is { } last)
            walk.Skip(last);
        walk.Count(ArchivedSums.Balances(connection));
        return walk.Proof(WalkDatabase(walk, connection));
    }

    private static string? WalkDatabase(Walk walk, SqliteConnection connection)
    {
        using var rows = new PreparedStatement(connection, LedgerTable.SelectSql);
        while (rows.Read())
        {
            if (walk.Next(rows) is { } broken)
                return broken;
        }
        using var head = new PreparedStatement(connection, LedgerHead.Sql);
        if (walk.CompareEnd(head) is { } cut)
            return cut;
        using var balances = new PreparedStatement(
            connection, "SELECT kind, id, spent_nano_usd, unlogged_nano_usd FROM balance ORDER BY kind, id");
        return walk.CompareBalances(balances);
    }

    private sealed class Walk(LedgerHead? expected)
    {
        private readonly ChainWalk _chain = new(null, 0);
        private readonly byte[] _expected = expected is null ? [] : Convert.FromHexString(expected.Hash);
        private Dictionary<(string Kind, string Id), Int128> _sums = [];
        private bool _isFound = expected is { Count: <= 0 } && expected.Hash.All(digit => digit == '0');
        private readonly List<string> _gaps = [];

        public LedgerProof Proof(string? broken)
        {
            broken ??= _gaps.Count > 0 ? string.Join(' ', _gaps) : null;
            return new(_chain.Head, broken, expected is not null && (broken is null || _isFound) ? _isFound : null);
        }

        /// <returns>Null, or what is wrong with the archive; one that is missing is noted.</returns>
        public string? Through(LedgerArchive archive, string database)
        {
            if (!File.Exists(archive.PathBeside(database)))
            {
                _gaps.Add($"The archive {archive.File} with {archive.Rows} is missing.");
                Skip(archive);
                return null;
            }
            try
            {
                using var file = archive.Open(database);
                using var rows = new PreparedStatement(file, $"SELECT {LedgerTable.Columns}, hash FROM ledger WHERE id <= ?1 ORDER BY id");
                rows.Bind(archive.LastId);
                while (rows.Read())
                {
                    if (Next(rows) is { } broken)
                        return $"In the archive {archive.File}: {broken}";
                }
            }
            catch (SqliteException e)
            {
                return $"The archive {archive.File} cannot be read: it {Database.Explain(e)}";
            }
            return _chain.Head == archive.Head
                ? null
                : $"The archive {archive.File} ends at row {_chain.LastId} after {_chain.Count} rows, but was kept to end after "
                    + $"{archive.Head.Count}.";
        }

        public void Skip(LedgerArchive archive)
        {
            _chain.Skip(archive.Head, archive.LastId);
            Meet();
        }

        /// <summary>Takes sums for rows that are not walked.</summary>
        public void Count(Dictionary<(string Kind, string Id), Int128> sums) => _sums = sums;

        /// <summary>What is kept of the archives' rows must be what they add up to.</summary>
        public string? CompareArchived(Dictionary<(string Kind, string Id), Int128> kept)
        {
            if (_gaps.Count == 0)
            {
                foreach (var ((kind, id), sum) in _sums.Concat(kept.Where(other => !_sums.ContainsKey(other.Key))))
                {
                    if (kept.GetValueOrDefault((kind, id)) is var noted && noted != _sums.GetValueOrDefault((kind, id)))
                        return $"The archives' part of the balance of {kind} '{id}' is {Show(noted)} USD, but their rows add up to "
                            + $"{Show(_sums.GetValueOrDefault((kind, id)))} USD.";
                }
            }
            Count(kept);
            return null;
        }

        /// <returns>Null, or what is wrong with the row.</returns>
        public string? Next(PreparedStatement row)
        {
            if (_chain.Next(row) is { } broken)
                return broken;
            Meet();
            LedgerTable.AddTo(_sums, row);
            return null;
        }

        public string? CompareEnd(PreparedStatement head)
        {
            if (!head.Read())
                return "The table ledger_head, which keeps the end of the chain, is empty.";
            if (head.Number(0) > _chain.Count)
                return $"Row {_chain.LastId + 1} is missing, and all rows after it: there were {head.Number(0)} rows, and there are "
                    + $"{_chain.Count}.";
            return head.Number(0) == _chain.Count && head.Utf8(1).SequenceEqual(_chain.Hash)
                ? null
                : $"The chain ends at row {_chain.LastId} after {_chain.Count} rows, but was kept to end after {head.Number(0)} with "
                    + "another hash.";
        }

        public string? CompareBalances(PreparedStatement balances)
        {
            while (balances.Read())
            {
                var (kind, id) = (balances.Text(0), balances.Text(1));
                // Other kinds are not sums of rows' own columns.
                if (kind is not ("user" or "key" or "team"))
                    continue;
                _sums.Remove((kind, id), out var sum);
                sum += balances.Number(3);
                var spent = balances.Number(2);
                // A balance that left 64 bits has stopped at the most; it is not a sum any more.
                if (spent != sum && spent < LedgerInsert.MostSpent)
                    return $"The balance of {kind} '{id}' is {new NanoUsd(spent)} USD, but its rows add up to {Show(sum)} USD.";
            }
            foreach (var ((kind, id), sum) in _sums)
            {
                if (sum != 0)
                    return $"The balance of {kind} '{id}' is missing; its rows add up to {Show(sum)} USD.";
            }
            return null;
        }

        private void Meet() => _isFound |=
            _chain.Hash.SequenceEqual(_expected) && expected!.Count is var count && (count < 0 || count == _chain.Count);

        private static string Show(Int128 sum) => new NanoUsd((long)Int128.Clamp(sum, long.MinValue, long.MaxValue)).ToString();
    }
}
