using System.Buffers.Binary;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// Reads AWS's binary event stream, message by message (<c>application/vnd.amazon.eventstream</c>;
/// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html): total length, length of the headers, CRC of these
/// two, headers, payload, CRC of all before it; numbers are big-endian, lengths in bytes.
/// </summary>
public static class AwsEventStream
{
    /// <summary>What <see cref="TryRead"/> gives for bytes that are no event stream.</summary>
    public const int Malformed = -1;

    /// <summary>The longest message that is taken, 16 MiB; Bedrock's events have some hundred bytes.</summary>
    public const int MaxMessageBytes = 16 << 20;

    /// <summary>AWS's limit for the headers of a message.</summary>
    private const int MaxHeaderBytes = 128 << 10;

    private const int PreludeBytes = 12;
    private const int CrcBytes = 4;

    /// <summary>Reads the first message. It never throws, and what has not come whole costs no more than a look at its start.</summary>
    /// <param name="received">What has come of the stream and was not read yet.</param>
    /// <param name="message">The message; it lies in <paramref name="received"/>.</param>
    /// <returns>The length of the message; 0: more must come first; <see cref="Malformed"/>: a length or a CRC is wrong.</returns>
    public static int TryRead(ReadOnlySpan<byte> received, out AwsEvent message)
    {
        message = default;
        if (received.Length < PreludeBytes)
            return 0;
        var total = BinaryPrimitives.ReadUInt32BigEndian(received);
        var headers = BinaryPrimitives.ReadUInt32BigEndian(received[4..]);
        if (total is < PreludeBytes + CrcBytes or > MaxMessageBytes || headers > MaxHeaderBytes || headers > total - PreludeBytes - CrcBytes
            || Crc32.Of(received[..8]) != BinaryPrimitives.ReadUInt32BigEndian(received[8..]))
            return Malformed;
        if (received.Length < total)
            return 0;
        var whole = received[..(int)total];
        if (Crc32.Of(whole[..^CrcBytes]) != BinaryPrimitives.ReadUInt32BigEndian(whole[^CrcBytes..]))
            return Malformed;
        var payload = PreludeBytes + (int)headers;
        return TryReadHeaders(whole[PreludeBytes..payload], whole[payload..^CrcBytes], out message) ? (int)total : Malformed;
    }

    /// <summary>Each header: length of its name in a byte, the name, its type, its value.</summary>
    private static bool TryReadHeaders(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> payload, out AwsEvent message)
    {
        ReadOnlySpan<byte> messageType = default, eventType = default, contentType = default, errorMessage = default;
        message = default;
        while (!headers.IsEmpty)
        {
            var nameEnd = 1 + headers[0];
            if (headers.Length <= nameEnd || !TryReadValue(headers[nameEnd..], out var value, out var length))
                return false;
            switch (headers[1..nameEnd])
            {
                case var name when name.SequenceEqual(":message-type"u8):
                    messageType = value;
                    break;
                case var name when name.SequenceEqual(":event-type"u8) || name.SequenceEqual(":exception-type"u8)
                    || name.SequenceEqual(":error-code"u8):
                    eventType = value;
                    break;
                case var name when name.SequenceEqual(":content-type"u8):
                    contentType = value;
                    break;
                case var name when name.SequenceEqual(":error-message"u8):
                    errorMessage = value;
                    break;
            }
            headers = headers[(nameEnd + length)..];
        }
        message = new AwsEvent
        {
            MessageType = messageType,
            EventType = eventType,
            ContentType = contentType,
            ErrorMessage = errorMessage,
            Payload = payload,
        };
        return true;
    }

    /// <summary>A value with its type before it. Only texts have a value here; the others are passed over.</summary>
    /// <param name="length">Of both together.</param>
    private static bool TryReadValue(ReadOnlySpan<byte> typed, out ReadOnlySpan<byte> value, out int length)
    {
        const byte Bytes = 6;
        const byte Text = 7;
        value = default;
        length = 1 + typed[0] switch
        {
            0 or 1 => 0, // true, false
            2 => 1,
            3 => 2,
            4 => 4,
            5 or 8 => 8, // a number, a time
            9 => 16, // a UUID
            Bytes or Text when typed.Length >= 3 => 2 + BinaryPrimitives.ReadUInt16BigEndian(typed[1..]),
            _ => typed.Length, // too long: there is no such type, or its length is cut
        };
        if (length > typed.Length)
            return false;
        if (typed[0] == Text)
            value = typed[3..length];
        return true;
    }
}
