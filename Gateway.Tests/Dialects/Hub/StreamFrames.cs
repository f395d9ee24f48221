using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Dialects.Hub;

/// <summary>
/// Makes AWS's binary event stream of lines <c>{"type": …, "payload": …}</c>: a prelude of two lengths and its CRC, headers, payload, CRC
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html describes the frame).
/// </summary>
internal static class StreamFrames
{
    public static byte[] Of(byte[] lines)
    {
        var stream = new MemoryStream();
        foreach (var line in Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var json = JsonNode.Parse(line)!;
            var isError = json["exception"] is not null;
            var type = (json["type"] ?? json["exception"])!.GetValue<string>();
            stream.Write(Frame(isError, type, Encoding.UTF8.GetBytes(json["payload"]!.ToJsonString())));
        }
        return stream.ToArray();
    }

    private static byte[] Frame(bool isError, string type, byte[] payload)
    {
        var headers = new MemoryStream();
        Header(headers, isError ? ":exception-type" : ":event-type", type);
        Header(headers, ":content-type", "application/json");
        Header(headers, ":message-type", isError ? "exception" : "event");
        var frame = new byte[12 + headers.Length + payload.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), (int)headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), Crc(frame.AsSpan(0, 8)));
        headers.ToArray().CopyTo(frame, 12);
        payload.CopyTo(frame, 12 + (int)headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), Crc(frame.AsSpan(0, frame.Length - 4)));
        return frame;
    }

    /// <summary>Type 7 is a text with a length of two bytes.</summary>
    private static void Header(MemoryStream headers, string name, string value)
    {
        headers.WriteByte((byte)name.Length);
        headers.Write(Encoding.ASCII.GetBytes(name));
        headers.WriteByte(7);
        headers.WriteByte((byte)(value.Length >> 8));
        headers.WriteByte((byte)value.Length);
        headers.Write(Encoding.ASCII.GetBytes(value));
    }

    /// <summary>CRC-32 (ISO-HDLC), bit by bit: slow and plainly right.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
