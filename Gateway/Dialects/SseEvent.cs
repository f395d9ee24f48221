namespace Gateway.Dialects;

/// <summary>Cuts a server-sent event stream into events (WHATWG HTML, section 9.2: lines end in LF, CRLF or CR).</summary>
internal static class SseEvent
{
    /// <summary>Finds the first event.</summary>
    /// <param name="atEnd">True when no more bytes will come: then no LF can follow a CR at the end.</param>
    /// <returns>Length of the event with the blank line that ends it; 0 when it is not there.</returns>
    public static int Length(ReadOnlySpan<byte> bytes, bool atEnd)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            var lineEnd = bytes[at..].IndexOfAny((byte)'\n', (byte)'\r');
            if (lineEnd < 0)
                break;
            var isBlank = lineEnd == 0;
            at += lineEnd;
            if (bytes[at] == '\r')
            {
                // Whether a LF belongs to this CR is known with the next byte only.
                if (at + 1 == bytes.Length && !atEnd)
                    return 0;
                at += at + 1 < bytes.Length && bytes[at + 1] == '\n' ? 2 : 1;
            }
            else
            {
                at++;
            }
            if (isBlank)
                return at;
        }
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
}
