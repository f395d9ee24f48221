using System.Buffers;

namespace Gateway.Dialects;

/// <summary>Passes a stream of server-sent events on, event by event: what is not data passes as it is.</summary>
internal abstract class SseTranslator : StreamTranslator
{
    /// <summary>True once the first bytes were looked at.</summary>
    private bool _hasBegun;

    private SseEvent.Progress _progress;

    public sealed override int Translate(ReadOnlySpan<byte> received, bool atEnd, IBufferWriter<byte> output)
    {
        var consumed = 0;
        if (!_hasBegun && !TrySkipMark(received, atEnd, out consumed))
            return 0;
        while (ErrorEvent is null && SseEvent.Length(received[consumed..], atEnd, ref _progress) is > 0 and var length)
        {
            TranslateEvent(received.Slice(consumed, length), output);
            consumed += length;
        }
        if (atEnd && ErrorEvent is null && consumed < received.Length)
            TranslateRest(received[consumed..], output);
        IsComplete |= atEnd && IsFinished;
        return atEnd ? received.Length : consumed;
    }

    /// <summary>Leaves out the mark that a stream may begin with (WHATWG HTML, 9.2.5): not every client knows to.</summary>
    /// <returns>False: more bytes are needed to tell.</returns>
    private bool TrySkipMark(ReadOnlySpan<byte> received, bool atEnd, out int length)
    {
        length = 0;
        var mark = OpenAi.OpenAiAnswer.ByteOrderMark;
        if (received.Length < mark.Length && mark.StartsWith(received) && !atEnd)
            return false;
        _hasBegun = true;
        if (received.StartsWith(mark))
            length = mark.Length;
        return true;
    }

    /// <summary>
    /// A last event without its blank line. It passes, ended, when its data is whole, because there are providers that end so;
    /// part of one is left out, so that what follows (an error event) begins on a line of its own.
    /// </summary>
    private void TranslateRest(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        var ended = new byte[bytes.Length + 2];
        bytes.CopyTo(ended);
        ended.AsSpan(bytes.Length).Fill((byte)'\n');
        var data = SseEvent.DataOf(bytes);
        if (IsWhole(data))
            TranslateEvent(ended, output);
    }

    private void TranslateEvent(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        var dataLines = 0;
        var dataAt = 0;
        var dataLength = 0;
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var at = bytes.Length - rest.Length;
            var line = SseEvent.Line(rest, out rest);
            if (SseEvent.DataStart(line) is >= 0 and var start)
            {
                dataLines++;
                dataAt = at + start;
                dataLength = line.Length - start;
            }
        }
        if (dataLines == 0 || (dataLines == 1 && bytes.Slice(dataAt, dataLength).Trim((byte)' ').IsEmpty))
            output.Write(bytes); // comments and keep-alives
        else if (dataLines == 1)
            TranslateData(bytes, dataAt, dataLength, output);
        else
            TranslateJoined(bytes, output);
    }

    /// <summary>An event whose data stands in several lines, which no provider is known to send: JSON is passed on as one line.</summary>
    private void TranslateJoined(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        var data = SseEvent.DataOf(bytes);
        if (IsWhole(data))
        {
            byte[] start = [.. EventLine(bytes), .. "data: "u8];
            byte[] joined = [.. start, .. data, .. "\n\n"u8];
            TranslateData(joined, start.Length, data.Length, output);
            return;
        }
        Events++;
        IsMalformed |= MeaningfulEvents == 0;
        output.Write(bytes);
    }

    /// <summary>The line that names the event, with its end; empty: none does.</summary>
    private static ReadOnlySpan<byte> EventLine(ReadOnlySpan<byte> bytes)
    {
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var start = bytes.Length - rest.Length;
            if (SseEvent.Line(rest, out rest).StartsWith("event:"u8))
                return bytes[start..^rest.Length];
        }
        return default;
    }

    /// <summary>True when the data of an event is whole in its dialect: what a provider cut off is not passed on.</summary>
    protected abstract bool IsWhole(ReadOnlySpan<byte> data);

    /// <summary>Passes an event on, and learns from it.</summary>
    /// <param name="bytes">The event, with the blank line that ends it.</param>
    /// <param name="dataAt">Where its data, which is one line and not empty, begins in it.</param>
    protected abstract void TranslateData(ReadOnlySpan<byte> bytes, int dataAt, int dataLength, IBufferWriter<byte> output);
}
