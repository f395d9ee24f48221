using System.Globalization;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>Walks along the chain, row by row, comparing each hash.</summary>
/// <param name="from">The end of the chain from which it goes on. Null: the beginning.</param>
/// <param name="lastId">The row at that end; 0 at the beginning.</param>
internal sealed class ChainWalk(LedgerHead? from, long lastId)
{
    private readonly RowBytes _bytes = new();
    private readonly byte[] _hash = from is null ? new byte[RowBytes.HashLength] : Convert.FromHexString(from.Hash);

    public long Count { get; private set; } = from?.Count ?? 0;
    public long LastId { get; private set; } = lastId;
    public ReadOnlySpan<byte> Hash => _hash;
    public LedgerHead Head => new(Count, Convert.ToHexStringLower(_hash));

    /// <summary>Takes the next row: the columns of the ledger and, last, the hash.</summary>
    /// <returns>Null, or what is wrong with it.</returns>
    public string? Next(PreparedStatement row)
    {
        var id = row.Number(LedgerTable.Id);
        Span<byte> hash = stackalloc byte[RowBytes.HashLength];
        _hash.CopyTo(hash);
        _bytes.Clear();
        _bytes.AddRow(row, LedgerTable.ColumnCount);
        _bytes.Chain(hash);
        if (!hash.SequenceEqual(row.Utf8(LedgerTable.ColumnCount)))
        {
            return id == LastId + 1
                ? string.Create(CultureInfo.InvariantCulture, $"Row {id} is not as it was written, or was put in the place of another.")
                : string.Create(CultureInfo.InvariantCulture,
                    $"Row {LastId + 1} is missing; the next row, {id}, does not follow from row {LastId}.");
        }
        hash.CopyTo(_hash);
        (LastId, Count) = (id, Count + 1);
        return null;
    }

    /// <summary>Goes on behind rows that are not there to be looked at.</summary>
    public void Skip(LedgerHead head, long lastId)
    {
        Convert.FromHexString(head.Hash).CopyTo(_hash, 0);
        (LastId, Count) = (lastId, head.Count);
    }
}
