using System.Buffers;

namespace Gateway.Dialects.OpenAi;

/// <summary>Passes the events of pictures, speech and transcripts on as they are, and reads the bill in those that end something.</summary>
internal sealed class PassThroughStream(Operation operation) : StreamTranslator
{
    private SseEvent.Progress _progress;
    private bool _hasEnded;

    public override int Translate(ReadOnlySpan<byte> received, bool atEnd, IBufferWriter<byte> output)
    {
        var consumed = 0;
        while (ErrorEvent is null)
        {
            var rest = received[consumed..];
            var length = SseEvent.Length(rest, atEnd, ref _progress);
            if (length == 0 && atEnd)
                length = rest.Length;
            if (length == 0)
                break;
            Observe(rest[..length]);
            if (ErrorEvent is null)
                output.Write(rest[..length]);
            consumed += length;
        }
        IsComplete |= atEnd && _hasEnded;
        return consumed;
    }

    private void Observe(ReadOnlySpan<byte> received)
    {
        var data = DataOf(received);
        if (data.IsEmpty)
            return;
        Events++;
        MeaningfulEvents++;
        if (data.SequenceEqual("[DONE]"u8))
        {
            IsComplete = true;
            return;
        }
        if (!PassThroughAnswer.TryRead(data, operation, out var facts, out var type))
        {
            IsMalformed |= Events == 1;
            return;
        }
        if (type == "error" || facts.IsError)
        {
            ErrorEvent = data.ToArray();
            return;
        }
        OutputBytes += facts.OutputBytes;
        // image_generation.completed, speech.audio.done, transcript.text.done
        var ends = type is not null
            && (type.EndsWith(".completed", StringComparison.Ordinal) || type.EndsWith(".done", StringComparison.Ordinal));
        _hasEnded |= ends;
        IsFinished |= ends;
        var units = Bill?.Units ?? default;
        var said = facts.Bill!.Units!.Value;
        Bill = new ReportedBill
        {
            Units = units with
            {
                Images = units.Images + (ends && operation.DrawsImages() ? 1 : 0),
                AudioMs = Math.Max(units.AudioMs, said.AudioMs),
            },
        };
        if (facts.Usage is not { } usage)
            return;
        // Each picture of several says what it took itself.
        Usage = Usage is { } before ? Sum(before, usage) : usage;
        RawUsage = KeepRawUsage(data[facts.RawUsage]);
    }

    private static Usage Sum(in Usage a, in Usage b) => new()
    {
        Input = a.Input + b.Input,
        CachedRead = a.CachedRead + b.CachedRead,
        InputAudio = a.InputAudio + b.InputAudio,
        InputImage = a.InputImage + b.InputImage,
        Output = a.Output + b.Output,
        OutputImage = a.OutputImage + b.OutputImage,
        OutputAudio = a.OutputAudio + b.OutputAudio,
    };

    /// <summary>The first data line; none of these providers breaks its data over several.</summary>
    private static ReadOnlySpan<byte> DataOf(ReadOnlySpan<byte> received)
    {
        for (var rest = received; !rest.IsEmpty;)
        {
            var line = SseEvent.Line(rest, out rest);
            if (SseEvent.DataStart(line) is >= 0 and var start)
                return line[start..];
        }
        return default;
    }
}
