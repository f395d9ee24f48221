using System.Buffers.Binary;
using System.Text;
using Gateway.Dialects.Bedrock;

namespace Gateway.Tests.Dialects.Bedrock;

public sealed class AwsEventStreamTests
{
    private static readonly byte[] Stream =
    [
        .. Message("""{"role":"assistant"}""", (":event-type", "messageStart"), (":content-type", "application/json"), (":message-type", "event")),
        .. Message("", (":event-type", "ping"), (":message-type", "event")),
        .. Message(
            "{\"p\":\"" + new string('x', 9000) + "\"}", (":event-type", "contentBlockDelta"), (":content-type", "application/json"),
            (":message-type", "event")),
        .. Message("""{"message":"slow down"}""", (":exception-type", "throttlingException"), (":message-type", "exception")),
        .. Message("", (":error-code", "internal"), (":error-message", "Oh."), (":message-type", "error")),
    ];

    private static readonly string[] Expected =
    [
        """event messageStart application/json {"role":"assistant"} """,
        "event ping   ",
        "event contentBlockDelta application/json {\"p\":\"" + new string('x', 9000) + "\"} ",
        """exception throttlingException  {"message":"slow down"} """,
        "error internal   Oh.",
    ];

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(7)]
    [TestCase(4096)]
    [TestCase(100_000)]
    public void AStreamIsReadTheSameHoweverItIsCut(int chunk)
    {
        var (read, isMalformed, rest) = Read(Stream, chunk);

        Assert.That(read, Is.EqualTo(Expected));
        Assert.That((isMalformed, rest), Is.EqualTo((false, 0)));
    }

    [Test]
    public void AStreamThatBreaksOffGivesItsWholeMessagesAndNoMore()
    {
        for (var length = 0; length < Stream.Length; length += length is > 300 and < 9000 ? 97 : 1)
        {
            var (read, isMalformed, rest) = Read(Stream[..length], 4096);

            Assert.That(isMalformed, Is.False);
            Assert.That(read, Is.EqualTo(Expected[..read.Count]));
            Assert.That(rest, Is.EqualTo(length - LengthOf(read.Count)), $"cut at {length}");
        }
    }

    [Test]
    public void AByteThatChangedAnywhereIsNoticed()
    {
        byte[] message = Message("""{"a":1}""", (":event-type", "metadata"), (":message-type", "event"));
        for (var at = 0; at < message.Length; at++)
        {
            foreach (var change in (byte[])[0x01, 0x80, 0xff])
            {
                byte[] changed = [.. message];
                changed[at] ^= change;
                Assert.That(AwsEventStream.TryRead(changed, out _), Is.EqualTo(AwsEventStream.Malformed), $"byte {at} ^ {change}");
            }
        }
    }

    [TestCase(0u, 0u)]
    [TestCase(15u, 0u)]
    [TestCase(16u, 1u)]
    [TestCase(100u, 85u)]
    [TestCase((16u << 20) + 1, 0u)]
    [TestCase(uint.MaxValue, 0u)]
    [TestCase(1u << 20, (128u << 10) + 1)]
    [TestCase(100u, uint.MaxValue)]
    public void LengthsThatCannotBeAreRefusedByTheFirstTwelveBytes(uint total, uint headers)
    {
        var prelude = new byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(prelude, total);
        BinaryPrimitives.WriteUInt32BigEndian(prelude.AsSpan(4), headers);
        BinaryPrimitives.WriteUInt32BigEndian(prelude.AsSpan(8), Crc32.Of(prelude.AsSpan(0, 8)));

        Assert.That(AwsEventStream.TryRead(prelude, out _), Is.EqualTo(AwsEventStream.Malformed));
    }

    [Test]
    public void AMessageOfTheGreatestLengthIsTaken()
    {
        var message = Frame([], new byte[AwsEventStream.MaxMessageBytes - 16]);

        Assert.That(AwsEventStream.TryRead(message, out var read), Is.EqualTo(AwsEventStream.MaxMessageBytes));
        Assert.That(read.Payload.Length, Is.EqualTo(AwsEventStream.MaxMessageBytes - 16));
    }

    [Test]
    public void HeadersOfEveryTypeArePassedOver()
    {
        byte[] headers =
        [
            .. Header("t", 0), .. Header("f", 1), .. Header("b", 2, 1), .. Header("s", 3, 1, 2), .. Header("i", 4, 1, 2, 3, 4),
            .. Header("l", 5, 1, 2, 3, 4, 5, 6, 7, 8), .. Header("y", 6, 0, 3, 9, 9, 9), .. Header("d", 8, 1, 2, 3, 4, 5, 6, 7, 8),
            .. Header("u", 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), .. Text(":event-type", "metadata"),
        ];

        Assert.That(AwsEventStream.TryRead(Frame(headers, "{}"u8), out var read), Is.Positive);
        Assert.That(Encoding.UTF8.GetString(read.EventType), Is.EqualTo("metadata"));
    }

    [TestCase(new byte[] { 5 })]
    [TestCase(new byte[] { 1, (byte)'a' })]
    [TestCase(new byte[] { 1, (byte)'a', 7 })]
    [TestCase(new byte[] { 1, (byte)'a', 7, 0 })]
    [TestCase(new byte[] { 1, (byte)'a', 7, 0, 9, 1 })]
    [TestCase(new byte[] { 1, (byte)'a', 4, 0 })]
    [TestCase(new byte[] { 1, (byte)'a', 10 })]
    [TestCase(new byte[] { 255, 0, 0 })]
    public void HeadersThatAreCutOrOfNoTypeAreRefusedThoughTheirChecksumsAreRight(byte[] headers) =>
        Assert.That(AwsEventStream.TryRead(Frame(headers, "{}"u8), out _), Is.EqualTo(AwsEventStream.Malformed));

    [Test]
    public void NothingThatComesMakesItThrow()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var noise = new byte[random.Next(64)];
            random.NextBytes(noise);
            // Every other one with checksums that are right, so that the headers are looked at.
            var bytes = i % 2 == 0 ? noise : Frame(noise, "x"u8);
            Assert.That(AwsEventStream.TryRead(bytes, out _), Is.LessThanOrEqualTo(bytes.Length));
        }
    }

    [Test]
    public void TheChecksumIsThatOfEverybody() => Assert.That(Crc32.Of("123456789"u8), Is.EqualTo(0xCBF43926));

    private static (List<string> Read, bool IsMalformed, int Left) Read(byte[] stream, int chunk)
    {
        var read = new List<string>();
        var (start, end) = (0, 0);
        while (end < stream.Length)
        {
            end = Math.Min(end + chunk, stream.Length);
            int length;
            while ((length = AwsEventStream.TryRead(stream.AsSpan(start..end), out var message)) > 0)
            {
                read.Add($"{Utf8(message.MessageType)} {Utf8(message.EventType)} {Utf8(message.ContentType)} {Utf8(message.Payload)} {Utf8(message.ErrorMessage)}");
                start += length;
            }
            if (length < 0)
                return (read, true, end - start);
        }
        return (read, false, end - start);
    }

    private static int LengthOf(int messages)
    {
        var at = 0;
        for (var i = 0; i < messages; i++)
            at += AwsEventStream.TryRead(Stream.AsSpan(at), out _);
        return at;
    }

    private static string Utf8(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static byte[] Message(string payload, params (string Name, string Value)[] headers) =>
        Frame([.. headers.SelectMany(h => Text(h.Name, h.Value))], Encoding.UTF8.GetBytes(payload));

    private static byte[] Text(string name, string value) =>
        Header(name, 7, [(byte)(value.Length >> 8), (byte)value.Length, .. Encoding.UTF8.GetBytes(value)]);

    private static byte[] Header(string name, byte type, params byte[] value) =>
        [(byte)name.Length, .. Encoding.UTF8.GetBytes(name), type, .. value];

    private static byte[] Frame(byte[] headers, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[16 + headers.Length + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)frame.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), Crc32.Of(frame.AsSpan(0, 8)));
        headers.CopyTo(frame, 12);
        payload.CopyTo(frame.AsSpan(12 + headers.Length));
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), Crc32.Of(frame.AsSpan(0, frame.Length - 4)));
        return frame;
    }
}
