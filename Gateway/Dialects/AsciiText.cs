using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>Reads short ASCII words out of JSON strings, in lower case: some servers read names in any case, all read escapes.</summary>
internal static class AsciiText
{
    /// <summary><c>\u0041</c>.</summary>
    public const int MostBytesPerEscape = 6;

    /// <summary>Copies the string's beginning without its escapes, up to the first character that is not ASCII. Never throws.</summary>
    /// <param name="isWhole">True when all of the string was copied.</param>
    /// <returns>How many bytes of <paramref name="buffer"/> were written.</returns>
    public static int Lower(scoped in Utf8JsonReader reader, scoped Span<byte> buffer, out bool isWhole)
    {
        if (!reader.HasValueSequence)
            return Lower(reader.ValueSpan, reader.ValueIsEscaped, buffer, out isWhole);
        Span<byte> copy = stackalloc byte[(int)Math.Min(reader.ValueSequence.Length, buffer.Length * MostBytesPerEscape)];
        reader.ValueSequence.Slice(0, copy.Length).CopyTo(copy);
        var written = Lower(copy, reader.ValueIsEscaped, buffer, out isWhole);
        isWhole &= copy.Length == reader.ValueSequence.Length;
        return written;
    }

    private static int Lower(ReadOnlySpan<byte> json, bool isEscaped, Span<byte> buffer, out bool isWhole)
    {
        isWhole = false;
        var (read, written) = (0, 0);
        while (read < json.Length && written < buffer.Length)
        {
            var (value, length) = isEscaped && json[read] == '\\' ? Unescape(json[read..]) : (json[read], 1);
            if (value > 0x7F)
                return written;
            buffer[written++] = value is >= (byte)'A' and <= (byte)'Z' ? (byte)(value | 0x20) : value;
            read += length;
        }
        isWhole = read >= json.Length;
        return written;
    }

    /// <summary>The character of an escape, 0xFF for one that is not ASCII, and how long the escape is.</summary>
    private static (byte Value, int Length) Unescape(ReadOnlySpan<byte> json)
    {
        if (json.Length < 2)
            return (0xFF, json.Length);
        if (json[1] != 'u')
            return (json[1] is (byte)'"' or (byte)'\\' or (byte)'/' ? json[1] : (byte)' ', 2);
        if (json.Length < MostBytesPerEscape || !Utf8Parser.TryParse(json[2..MostBytesPerEscape], out ushort code, out _, 'x'))
            return (0xFF, MostBytesPerEscape);
        return (code <= 0x7F ? (byte)code : (byte)0xFF, MostBytesPerEscape);
    }
}
