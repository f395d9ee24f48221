using System.Buffers;

namespace Gateway.Dialects;

/// <summary>
/// A body made of slices of the client's bytes and of a few inserted ones, in order. The slices stay where they are, so a
/// retry sends the same ones again; they are valid until the client's request ends.
/// </summary>
public sealed class SplicedBody
{
    private readonly List<ReadOnlyMemory<byte>> _pieces = new(4);

    /// <summary>The pieces in order.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Pieces => _pieces;

    /// <summary>Length in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>What kind of body it is, with its parameters. Null: JSON.</summary>
    public string? MediaType { get; internal init; }

    internal void Add(ReadOnlyMemory<byte> piece)
    {
        if (piece.IsEmpty)
            return;
        _pieces.Add(piece);
        Length += piece.Length;
    }

    internal void Add(ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
            Add(segment);
    }

    /// <summary>The body as one piece of memory, copied unless it is one already.</summary>
    public ReadOnlySequence<byte> ToSequence()
    {
        if (_pieces.Count == 1)
            return new(_pieces[0]);
        var whole = new byte[Length];
        var at = 0;
        foreach (var piece in _pieces)
        {
            piece.Span.CopyTo(whole.AsSpan(at));
            at += piece.Length;
        }
        return new(whole);
    }
}
