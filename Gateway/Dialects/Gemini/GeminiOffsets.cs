using System.Text;

namespace Gateway.Dialects.Gemini;

/// <summary>Places in a text by bytes of UTF-8, as Google counts, and by characters, as OpenAI does.</summary>
internal sealed class GeminiOffsets
{
    private readonly int _length;
    private readonly int _bytes;

    /// <summary>The byte at which each character begins, and behind the last. Null: both are the same (ASCII).</summary>
    private readonly int[]? _byteOf;

    public GeminiOffsets(string text)
    {
        _length = text.Length;
        _bytes = Encoding.UTF8.GetByteCount(text);
        if (_bytes == _length)
            return;
        _byteOf = new int[_length + 1];
        var at = 0;
        for (var i = 0; i < _length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var width); // half a pair counts as what it is written as
            for (var unit = 0; unit < width; unit++)
                _byteOf[i + unit] = at;
            at += rune.Utf8SequenceLength;
            i += width;
        }
        _byteOf[_length] = at;
    }

    /// <summary>The character at a byte; within the text.</summary>
    public int CharacterAt(long offset)
    {
        var bounded = (int)Math.Clamp(offset, 0, _bytes);
        if (_byteOf is null)
            return bounded;
        var found = Array.BinarySearch(_byteOf, bounded);
        return found >= 0 ? FirstOf(found) : ~found;
    }

    /// <summary>The byte at a character; within the text.</summary>
    public int ByteAt(long character)
    {
        var bounded = (int)Math.Clamp(character, 0, _length);
        return _byteOf is null ? bounded : _byteOf[bounded];
    }

    /// <summary>The first of the two halves that begin at the same byte.</summary>
    private int FirstOf(int found) => found > 0 && _byteOf![found - 1] == _byteOf[found] ? found - 1 : found;
}
