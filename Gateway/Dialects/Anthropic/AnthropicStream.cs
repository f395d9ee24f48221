using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects.Anthropic;

/// <summary>Passes Anthropic's stream of events on, byte for byte but for the model's name, and learns its usage on the way.</summary>
internal sealed class AnthropicStream(StreamOptions options) : StreamTranslator
{
    private readonly byte[] _model = [(byte)'"', .. JsonEncodedText.Encode(options.Model).EncodedUtf8Bytes, (byte)'"'];
    private SseEvent.Progress _progress;
    private bool _hasBegun;
    private AnthropicUsage _usage;

    /// <summary>True once the event came that counts the whole answer.</summary>
    private bool _hasAllUsage;

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
            TranslateEvent(received.Slice(consumed, length), output);
            consumed += length;
        }
        if (atEnd && ErrorEvent is null && consumed < received.Length)
            TranslateRest(received[consumed..], output);
        IsComplete |= atEnd && IsFinished;
        return atEnd ? received.Length : consumed;
    }

    /// <summary>A last event without its blank line passes, ended, when its data is whole; part of one is left out.</summary>
    private void TranslateRest(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        if (DataOf(bytes) is not { IsEmpty: false } data)
            return;
        var none = new AnthropicUsage();
        if (!AnthropicChunk.TryRead(data, ref none, out _))
            return;
        byte[] ended = [.. bytes, .. "\n\n"u8];
        TranslateEvent(ended, output);
    }

    private static ReadOnlySpan<byte> DataOf(ReadOnlySpan<byte> bytes) => SseEvent.DataOf(bytes).Trim((byte)' ');

    private void TranslateEvent(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        var data = DataOf(bytes);
        if (data.IsEmpty)
        {
            output.Write(bytes); // comments and keep-alives
            return;
        }
        if (!AnthropicChunk.TryRead(data, ref _usage, out var chunk))
        {
            Events++;
            IsMalformed |= MeaningfulEvents == 0;
            output.Write(bytes);
            return;
        }
        Learn(data, chunk);
        if (ErrorEvent is null) // whoever relays the stream tells of an error, in the client's dialect and without the provider's secrets
            WriteEvent(bytes, data, chunk, output);
    }

    private void Learn(ReadOnlySpan<byte> data, in AnthropicChunk chunk)
    {
        if (chunk.Type == AnthropicChunk.Kind.Ping)
            return;
        Events++;
        OutputBytes += chunk.TextBytes;
        if (chunk.Type == AnthropicChunk.Kind.Error || (chunk.HasError && chunk.Type == AnthropicChunk.Kind.None))
            ErrorEvent = data.ToArray();
        _hasAllUsage |= chunk.HasUsage && chunk.Type == AnthropicChunk.Kind.Delta;
        if (chunk.HasUsage)
            RawUsage = AnthropicUsage.Merge(RawUsage, data[chunk.RawUsage]);
        if (_usage.IsAny)
        {
            Usage = _hasAllUsage || OutputBytes == 0 ? _usage.ToUsage() : _usage.ToPromptUsage();
            (Service, Bill) = (_usage.Service, _usage.Bill);
        }
        IsFinished |= chunk.HasStopReason && chunk.Type == AnthropicChunk.Kind.Delta;
        IsComplete |= chunk.Type == AnthropicChunk.Kind.Stop;
        if (chunk.IsMeaningful || ErrorEvent is not null || chunk.Type == AnthropicChunk.Kind.Delta)
            MeaningfulEvents++;
    }

    private void WriteEvent(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> data, in AnthropicChunk chunk, IBufferWriter<byte> output)
    {
        // Only the first event names the model; one whose data stands in several lines, which nobody sends, passes as it is.
        var at = chunk.ModelStart < 0 || chunk.Type != AnthropicChunk.Kind.Start || !bytes.Overlaps(data, out var before)
            ? -1
            : before + chunk.ModelStart;
        if (at < 0)
        {
            output.Write(bytes);
            return;
        }
        output.Write(bytes[..at]);
        output.Write(_model);
        output.Write(bytes[(at + chunk.ModelLength)..]);
    }
}
