using System.Buffers;

namespace Gateway.Dialects.Gemini;

/// <summary>Passes Google's stream on, byte for byte; for a client that asked for a JSON array its chunks become the items.</summary>
internal sealed class GeminiStream(StreamOptions options, bool isJsonArray) : StreamTranslator
{
    private SseEvent.Progress _progress;
    private bool _hasBegun, _hasItems;

    /// <summary>The candidates that were seen, and those that named their reason to finish: a bit for each index.</summary>
    private UInt128 _candidates, _finished;
    private long _searches;

    public override int Translate(ReadOnlySpan<byte> received, bool atEnd, IBufferWriter<byte> output)
    {
        var consumed = 0;
        if (!_hasBegun)
        {
            var mark = OpenAi.OpenAiAnswer.ByteOrderMark;
            if (received.Length < mark.Length && mark.StartsWith(received) && !atEnd)
                return 0;
            _hasBegun = true;
            consumed = received.StartsWith(mark) ? mark.Length : 0;
        }
        while (ErrorEvent is null && SseEvent.Length(received[consumed..], atEnd, ref _progress) is > 0 and var length)
        {
            TranslateEvent(received.Slice(consumed, length), isEnded: true, output);
            consumed += length;
        }
        if (atEnd && ErrorEvent is null && consumed < received.Length)
            TranslateEvent(received[consumed..], isEnded: false, output);
        if (atEnd && IsFinished && ErrorEvent is null)
            End(output);
        return atEnd ? received.Length : consumed;
    }

    private void End(IBufferWriter<byte> output)
    {
        IsComplete = true;
        if (isJsonArray)
            output.Write(_hasItems ? "]"u8 : "[]"u8);
    }

    /// <param name="isEnded">False for a last event without its blank line, which passes when its data is whole.</param>
    private void TranslateEvent(ReadOnlySpan<byte> bytes, bool isEnded, IBufferWriter<byte> output)
    {
        var data = SseEvent.DataOf(bytes);
        if (data.Trim((byte)' ').IsEmpty)
        {
            if (!isJsonArray && isEnded)
                output.Write(bytes); // comments and keep-alives
            return;
        }
        var isChunk = GeminiChunk.TryRead(data, out var chunk);
        if (!isChunk && !isEnded)
            return;
        Events++;
        if (!isChunk)
        {
            IsMalformed |= MeaningfulEvents == 0;
            return; // what no client of Google's could read
        }
        Learn(data, chunk);
        if (ErrorEvent is not null)
            return; // whoever relays the stream tells of it, in the client's dialect and without the provider's secrets
        if (isJsonArray)
        {
            output.Write(_hasItems ? ",\r\n"u8 : "["u8);
            output.Write(data);
            _hasItems = true;
            return;
        }
        output.Write(bytes);
        if (!isEnded)
            output.Write("\r\n\r\n"u8);
    }

    private void Learn(ReadOnlySpan<byte> data, in GeminiChunk chunk)
    {
        OutputBytes += chunk.TextBytes;
        Service = chunk.Service ?? Service;
        _searches += chunk.Searches;
        if (_searches > 0)
            Bill = new ReportedBill { Searches = _searches };
        if (chunk.Usage is { } usage)
        {
            Usage = usage;
            RawUsage = KeepRawUsage(data[chunk.RawUsage]);
        }
        if (chunk.HasError && !chunk.HasCandidates)
            ErrorEvent = data.ToArray();
        _candidates |= chunk.Candidates;
        _finished |= chunk.Finished;
        // A prompt that was held back has no candidates.
        IsFinished = chunk.IsBlocked || IsFinished
            || (_finished == _candidates && UInt128.PopCount(_finished) >= (UInt128)options.Choices);
        if (chunk.HasContent || chunk.Finished != 0 || chunk.IsBlocked || ErrorEvent is not null)
            MeaningfulEvents++;
    }
}
