using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>What a walk along the chain has found.</summary>
/// <param name="Head">The end of the chain as far as it holds.</param>
/// <param name="Broken">The first thing that is wrong, in one sentence. Null: all holds.</param>
/// <param name="IsExpectedFound">Whether an earlier end lies on the chain. Null: none was asked for, or the chain broke before.</param>
public sealed record LedgerProof(LedgerHead Head, string? Broken, bool? IsExpectedFound)
{
    /// <summary>
    /// Walks the chain from its first row, comparing each hash, and compares the balances with the sums of the rows. Everything is read in
    /// one transaction, as it was at one moment, beside a gateway that writes.
    /// </summary>
    /// <param name="expected">An earlier end; a count of -1 stands for any.</param>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The database could not be read.</exception>
    public static LedgerProof Of(Database database, LedgerHead? expected)
    {
        using var connection = database.Connect();
        Database.Run(connection, "BEGIN");
        using var rows = new PreparedStatement(connection, LedgerTable.SelectSql);
        var walk = new Walk(expected);
        while (rows.Read())
        {
            if (walk.Next(rows) is { } broken)
                return walk.Proof(broken);
        }
        using var head = new PreparedStatement(connection, LedgerHead.Sql);
        if (walk.CompareEnd(head) is { } cut)
            return walk.Proof(cut);
        using var balances = new PreparedStatement(
            connection, "SELECT kind, id, spent_nano_usd, unlogged_nano_usd FROM balance ORDER BY kind, id");
        return walk.Proof(walk.CompareBalances(balances));
    }

    private sealed class Walk(LedgerHead? expected)
    {
        private readonly RowBytes _bytes = new();
        private readonly byte[] _hash = new byte[RowBytes.HashLength];
        private readonly byte[] _expected = expected is null ? [] : Convert.FromHexString(expected.Hash);
        private readonly Dictionary<(string Kind, string Id), Int128> _sums = [];
        private long _count;
        private long _last;
        private bool _isFound = expected is { Count: <= 0 } && expected.Hash.All(digit => digit == '0');

        public LedgerProof Proof(string? broken) =>
            new(new LedgerHead(_count, Convert.ToHexStringLower(_hash)), broken,
                expected is not null && (broken is null || _isFound) ? _isFound : null);

        /// <returns>Null, or what is wrong with the row.</returns>
        public string? Next(PreparedStatement row)
        {
            var id = row.Number(LedgerTable.Id);
            Span<byte> hash = stackalloc byte[RowBytes.HashLength];
            _hash.CopyTo(hash);
            _bytes.Clear();
            _bytes.AddRow(row, LedgerTable.ColumnCount);
            _bytes.Chain(hash);
            if (!hash.SequenceEqual(row.Utf8(LedgerTable.ColumnCount)))
                return id == _last + 1
                    ? $"Row {id} is not as it was written, or was put in the place of another."
                    : $"Row {_last + 1} is missing; the next row, {id}, does not follow from row {_last}.";
            hash.CopyTo(_hash);
            _last = id;
            _count++;
            _isFound |= hash.SequenceEqual(_expected) && expected!.Count is var count && (count < 0 || count == _count);
            LedgerTable.AddTo(_sums, row);
            return null;
        }

        public string? CompareEnd(PreparedStatement head)
        {
            if (!head.Read())
                return "The table ledger_head, which keeps the end of the chain, is empty.";
            if (head.Number(0) > _count)
                return $"Row {_last + 1} is missing, and all rows after it: there were {head.Number(0)} rows, and there are {_count}.";
            return head.Number(0) == _count && head.Utf8(1).SequenceEqual(_hash)
                ? null
                : $"The chain ends at row {_last} after {_count} rows, but was kept to end after {head.Number(0)} with another hash.";
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

        private static string Show(Int128 sum) => new NanoUsd((long)Int128.Clamp(sum, long.MinValue, long.MaxValue)).ToString();
    }
}
