using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Storage;

/// <summary>
/// The values of one row as bytes, to be hashed after the row before: for each value that is not null the column's number (1 byte),
/// then 1 and the number (8 bytes, little-endian), or 2, the length in bytes (4, little-endian) and the text (UTF-8).
/// </summary>
/// <remarks>Null leaves no bytes, so that a column that is added later changes no hash of the rows before it.</remarks>
internal sealed class RowBytes
{
    /// <summary>Of SHA-256, in bytes.</summary>
    public const int HashLength = SHA256.HashSizeInBytes;

    private const byte NumberMark = 1;
    private const byte TextMark = 2;

    // The hash of the row before, then the values.
    private byte[] _bytes = new byte[1024];
    private int _length = HashLength;

    public void Clear() => _length = HashLength;

    public void Add(int column, long number)
    {
        Reserve(2 + sizeof(long));
        _bytes[_length] = (byte)column;
        _bytes[_length + 1] = NumberMark;
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(_length + 2), number);
        _length += 2 + sizeof(long);
    }

    public void Add(int column, ReadOnlySpan<byte> utf8)
    {
        Reserve(2 + sizeof(int) + utf8.Length);
        _bytes[_length] = (byte)column;
        _bytes[_length + 1] = TextMark;
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_length + 2), utf8.Length);
        utf8.CopyTo(_bytes.AsSpan(_length + 2 + sizeof(int)));
        _length += 2 + sizeof(int) + utf8.Length;
    }

    /// <summary>Adds the values of a row that was read, whose columns are in the order of their numbers, from 1.</summary>
    public void AddRow(PreparedStatement row, int columns)
    {
        for (var i = 0; i < columns; i++)
        {
            if (row.IsNull(i))
                continue;
            if (row.IsNumber(i))
                Add(i + 1, row.Number(i));
            else
                Add(i + 1, row.Utf8(i));
        }
    }

    /// <summary>Replaces the hash of the row before by that of this row: SHA-256 of the former and the values.</summary>
    /// <param name="hash">32 bytes.</param>
    public void Chain(Span<byte> hash)
    {
        hash.CopyTo(_bytes);
        SHA256.HashData(_bytes.AsSpan(0, _length), hash);
    }

    private void Reserve(int more)
    {
        if (_length + more > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + more));
    }
}
