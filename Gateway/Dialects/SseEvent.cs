using System.Buffers;

namespace Gateway.Dialects;

/// <summary>Cuts a server-sent event stream into events (WHATWG HTML, section 9.2: lines end in LF, CRLF or CR).</summary>
internal static class SseEvent
{
    /// <summary>How far an event that is not whole yet was searched: a large one is not searched from its start with every read.</summary>
    /// <param name="LineStart">Where its last line begins.</param>
    /// <param name="Searched">Before this offset no further line ends.</param>
    public readonly record struct Progress(int LineStart, int Searched);

    /// <summary>Finds the first event.</summary>
    /// <param name="bytes">The same bytes as in the call before, with what followed, as long as that call found no event.</param>
    /// <param name="atEnd">True when no more bytes will come: then no LF can follow a CR at the end.</param>
    /// <param name="progress">Kept for the next call; default at first.</param>
    /// <returns>Length of the event with the blank line that ends it; 0 when it is not there.</returns>
    public static int Length(ReadOnlySpan<byte> bytes, bool atEnd, ref Progress progress)
    {
        var (lineStart, at) = progress;
        while (at < bytes.Length)
        {
            var toLineEnd = bytes[at..].IndexOfAny((byte)'\n', (byte)'\r');
            if (toLineEnd < 0)
            {
                at = bytes.Length;
                break;
            }
            at += toLineEnd;
            var isBlank = at == lineStart;
            // Whether a LF belongs to a CR is known with the next byte only.
            if (bytes[at] == '\r' && at + 1 == bytes.Length && !atEnd)
                break;
            at += bytes[at] == '\r' && at + 1 < bytes.Length && bytes[at + 1] == '\n' ? 2 : 1;
            if (isBlank)
            {
                progress = default;
                return at;
            }
            lineStart = at;
        }
        progress = new(lineStart, at);
        return 0;
    }

    /// <summary>Finds the next line of an event.</summary>
    /// <returns>The line without its end; <paramref name="rest"/> is what follows.</returns>
    public static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> rest)
    {
        var end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
        if (end < 0)
        {
            rest = default;
            return bytes;
        }
        var skip = bytes[end] == '\r' && end + 1 < bytes.Length && bytes[end + 1] == '\n' ? 2 : 1;
        rest = bytes[(end + skip)..];
        return bytes[..end];
    }

    /// <summary>The value of a <c>data:</c> line: offset of its first byte behind the name and one space; -1 for another line.</summary>
    public static int DataStart(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("data:"u8))
            return line.SequenceEqual("data"u8) ? 4 : -1;
        return line.Length > 5 && line[5] == ' ' ? 6 : 5;
    }

    /// <summary>The data of an event, its lines joined by a space: a line break within JSON is white space.</summary>
    public static ReadOnlySpan<byte> DataOf(ReadOnlySpan<byte> bytes)
    {
        var data = default(ReadOnlySpan<byte>);
        ArrayBufferWriter<byte>? joined = null;
        var lines = 0;
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var line = Line(rest, out rest);
            if (DataStart(line) is not (>= 0 and var start))
                continue;
            if (lines++ == 0)
            {
                data = line[start..];
                continue;
            }
            if (joined is null)
            {
                joined = new ArrayBufferWriter<byte>(bytes.Length + 1);
                joined.Write(data);
            }
            joined.Write(" "u8);
            joined.Write(line[start..]);
        }
        return joined is null ? data : joined.WrittenSpan;
    }
}
