using System.Buffers;

namespace Gateway.Dialects;

/// <summary>Tells bodies that cannot ask for a prompt to be cached.</summary>
internal static class CacheControl
{
    /// <summary>
    /// False when no member of the body can be called <c>cache_control</c>: neither these letters are in it nor one of them as an escape
    /// (<c>\u0061</c>); a text that holds either counts as if it were the member.
    /// </summary>
    public static bool MayBeIn(ReadOnlySequence<byte> body)
    {
        var reader = new SequenceReader<byte>(body);
        if (reader.TryReadTo(out ReadOnlySequence<byte> _, "cache_control"u8))
            return true;
        reader = new SequenceReader<byte>(body);
        while (reader.TryReadTo(out ReadOnlySequence<byte> _, "\\u00"u8))
        {
            // The letters and the underscore are U+005F and U+0061 to U+0074.
            if (reader.TryPeek(out var next) && next is >= (byte)'5' and <= (byte)'7')
                return true;
        }
        return false;
    }
}
