using System.Text;
using Gateway.Dialects;

namespace Gateway.Tests.Dialects;

public sealed class SseEventTests
{
    [TestCase("data: a\n\ndata: b\n\n")]
    [TestCase("data: a\r\n\r\ndata: b\r\n\r\n")]
    [TestCase("data: a\r\rdata: b\r\r\n")]
    [TestCase(": c\r\ndata: a\n\r\n\ndata: b\r\n\r")]
    [TestCase("\n\r\rdata\n\n")]
    public void AnEventThatComesByteByByteEndsWhereAWholeOneDoes(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);

        Assert.That(LengthsByteByByte(bytes), Is.EqualTo(Lengths(bytes)));
    }

    [Test]
    public void WhatWasSearchedIsNotSearchedAgain()
    {
        var bytes = Encoding.ASCII.GetBytes("event: x\ndata: abc");
        SseEvent.Progress progress = default;

        SseEvent.Length(bytes, false, ref progress);

        Assert.That(progress, Is.EqualTo(new SseEvent.Progress("event: x\n".Length, bytes.Length)));
    }

    private static List<int> Lengths(ReadOnlySpan<byte> bytes)
    {
        var lengths = new List<int>();
        SseEvent.Progress progress = default;
        while (SseEvent.Length(bytes, true, ref progress) is > 0 and var length)
        {
            lengths.Add(length);
            bytes = bytes[length..];
        }
        return lengths;
    }

    private static List<int> LengthsByteByByte(ReadOnlySpan<byte> bytes)
    {
        var lengths = new List<int>();
        SseEvent.Progress progress = default;
        for (int start = 0, end = 1; end <= bytes.Length; end++)
        {
            while (SseEvent.Length(bytes[start..end], end == bytes.Length, ref progress) is > 0 and var length)
            {
                lengths.Add(length);
                start += length;
            }
        }
        return lengths;
    }
}
