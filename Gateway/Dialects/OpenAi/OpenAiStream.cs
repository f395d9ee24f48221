using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>
/// Passes OpenAI's stream of chunks on, byte for byte but for the model's name, the usage chunk that only the gateway asked
/// for, and the cost where it is wanted.
/// </summary>
internal sealed class OpenAiStream : StreamTranslator
{
    private readonly StreamOptions _options;
    private readonly byte[] _model;

    /// <summary>True once a chunk named a reason to finish: a stream without <c>[DONE]</c> behind it is whole all the same.</summary>
    private bool _hasFinished;

    public OpenAiStream(StreamOptions options)
    {
        _options = options;
        _model = [(byte)'"', .. JsonEncodedText.Encode(options.Model).EncodedUtf8Bytes, (byte)'"'];
    }

    public override int Translate(ReadOnlySpan<byte> received, bool atEnd, IBufferWriter<byte> output)
    {
        var consumed = 0;
        while (SseEvent.Length(received[consumed..], atEnd) is > 0 and var length)
        {
            TranslateEvent(received.Slice(consumed, length), output);
            consumed += length;
        }
        IsComplete |= atEnd && _hasFinished;
        return consumed;
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
        if (dataLines == 1)
            TranslateData(bytes, dataAt, dataLength, output);
        else if (dataLines == 0)
            output.Write(bytes); // comments and keep-alives
        else
            TranslateJoined(bytes, output);
    }

    /// <summary>An event whose data stands in several lines, which no provider is known to send: passed on as one line.</summary>
    private void TranslateJoined(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        var joined = new ArrayBufferWriter<byte>(bytes.Length);
        joined.Write("data: "u8);
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var line = SseEvent.Line(rest, out rest);
            if (SseEvent.DataStart(line) is not (>= 0 and var start))
                continue;
            if (joined.WrittenCount > 6)
                joined.Write(" "u8); // a line break within JSON is white space
            joined.Write(line[start..]);
        }
        joined.Write("\n\n"u8);
        TranslateData(joined.WrittenSpan, 6, joined.WrittenCount - 8, output);
    }

    private void TranslateData(ReadOnlySpan<byte> bytes, int dataAt, int dataLength, IBufferWriter<byte> output)
    {
        var data = bytes.Slice(dataAt, dataLength);
        if (data.SequenceEqual("[DONE]"u8))
        {
            IsComplete = true;
            MeaningfulEvents++;
            output.Write(bytes);
            return;
        }
        MeaningfulEvents++;
        if (!OpenAiAnswer.TryReadChunk(data, out var chunk))
        {
            output.Write(bytes);
            return;
        }
        Learn(data, chunk);
        if (chunk.HasNoChoices && chunk.Usage is not null && _options.HidesUsage)
            return;
        WriteChunk(bytes, dataAt, chunk, output);
    }

    private void Learn(ReadOnlySpan<byte> data, in OpenAiAnswer.Chunk chunk)
    {
        OutputBytes += chunk.TextBytes;
        if (chunk.Usage is { } usage)
        {
            Usage = usage;
            RawUsage = Encoding.UTF8.GetString(data[chunk.RawUsage]);
        }
        if (chunk.HasError && !chunk.HasChoices)
            ErrorEvent = data.ToArray();
        _hasFinished |= chunk.HasChoices && Finishes(data);
    }

    /// <summary>True when a choice names its reason to finish; both spellings that JSON writers produce.</summary>
    private static bool Finishes(ReadOnlySpan<byte> data) =>
        data.IndexOf("\"finish_reason\":\""u8) >= 0 || data.IndexOf("\"finish_reason\": \""u8) >= 0;

    private void WriteChunk(ReadOnlySpan<byte> bytes, int dataAt, in OpenAiAnswer.Chunk chunk, IBufferWriter<byte> output)
    {
        var costAt = -1;
        byte[]? cost = null;
        if (chunk.Usage is { } usage && _options.CostOf?.Invoke(usage) is { } amount)
        {
            costAt = dataAt + chunk.UsageStart + 1;
            cost = Encoding.UTF8.GetBytes($"\"cost\":{amount},");
        }
        var modelAt = chunk.ModelStart < 0 ? -1 : dataAt + chunk.ModelStart;
        var written = 0;
        if (modelAt >= 0 && (costAt < 0 || modelAt < costAt))
            written = WriteModel(bytes, written, modelAt, chunk.ModelLength, output);
        if (costAt >= 0)
        {
            output.Write(bytes[written..costAt]);
            output.Write(cost);
            written = costAt;
        }
        if (modelAt >= written)
            written = WriteModel(bytes, written, modelAt, chunk.ModelLength, output);
        output.Write(bytes[written..]);
    }

    private int WriteModel(ReadOnlySpan<byte> bytes, int written, int modelAt, int modelLength, IBufferWriter<byte> output)
    {
        output.Write(bytes[written..modelAt]);
        output.Write(_model);
        return modelAt + modelLength;
    }
}
