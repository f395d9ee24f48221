using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>
/// Passes OpenAI's stream of chunks on, byte for byte but for the model's name, the usage chunk that only the gateway asked
/// for, and the cost where it is wanted.
/// </summary>
internal sealed class OpenAiStream : SseTranslator
{
    private readonly StreamOptions _options;
    private readonly byte[] _model;

    /// <summary>The choices that were seen, and those that named their reason to finish: a bit for each index.</summary>
    private UInt128 _choices, _finished;

    public OpenAiStream(StreamOptions options)
    {
        _options = options;
        _model = [(byte)'"', .. JsonEncodedText.Encode(options.Model).EncodedUtf8Bytes, (byte)'"'];
    }

    private static bool IsDone(ReadOnlySpan<byte> data) => data.Trim((byte)' ').SequenceEqual("[DONE]"u8);

    protected override bool IsWhole(ReadOnlySpan<byte> data) => IsDone(data) || OpenAiAnswer.TryReadChunk(data, out _);

    protected override void TranslateData(ReadOnlySpan<byte> bytes, int dataAt, int dataLength, IBufferWriter<byte> output)
    {
        var data = bytes.Slice(dataAt, dataLength);
        if (IsDone(data))
        {
            Events++;
            IsComplete = true;
            output.Write(bytes);
            return;
        }
        Events++;
        if (!OpenAiAnswer.TryReadChunk(data, out var chunk))
        {
            IsMalformed |= MeaningfulEvents == 0;
            output.Write(bytes);
            return;
        }
        Learn(data, chunk);
        if (ErrorEvent is not null)
            return; // whoever relays the stream tells of it, in the client's dialect and without the provider's secrets
        if (!chunk.HasChoices && !chunk.HasError && chunk.Usage is not null && _options.HidesUsage)
            return;
        WriteChunk(bytes, dataAt, chunk, output);
    }

    private void Learn(ReadOnlySpan<byte> data, in OpenAiAnswer.Chunk chunk)
    {
        OutputBytes += chunk.TextBytes;
        Service = chunk.Service ?? Service;
        Bill = chunk.Bill ?? Bill;
        if (chunk.Usage is { } usage)
        {
            Usage = usage;
            RawUsage = KeepRawUsage(data[chunk.RawUsage]);
        }
        if (chunk.HasError && (!chunk.HasChoices || chunk.FinishesInError))
            ErrorEvent = data.ToArray();
        _choices |= chunk.Choices;
        _finished |= chunk.Finished;
        IsFinished = _finished == _choices && UInt128.PopCount(_finished) >= (UInt128)_options.Choices;
        // A role alone means nothing yet, nor do usage counts beside it, which some send in every chunk.
        if (chunk.HasContent || chunk.Finished != 0 || ErrorEvent is not null || (chunk.Usage is not null && !chunk.HasChoices))
            MeaningfulEvents++;
    }

    private void WriteChunk(ReadOnlySpan<byte> bytes, int dataAt, in OpenAiAnswer.Chunk chunk, IBufferWriter<byte> output)
    {
        var costAt = -1;
        var hasCost = false;
        byte[]? cost = null;
        if (chunk.Usage is { } usage && _options.CostOf?.Invoke(new(usage, Service, Bill)) is { } amount)
        {
            // In place of a cost of the provider's own, so that there are not two; else as the first member.
            hasCost = !chunk.Cost.Equals(default);
            costAt = dataAt + (hasCost ? chunk.Cost.Start.Value : chunk.UsageStart + 1);
            cost = Encoding.UTF8.GetBytes(hasCost ? amount.ToString() : $"\"cost\":{amount},");
        }
        var modelAt = chunk.ModelStart < 0 ? -1 : dataAt + chunk.ModelStart;
        var written = 0;
        if (modelAt >= 0 && (costAt < 0 || modelAt < costAt))
            written = WriteModel(bytes, written, modelAt, chunk.ModelLength, output);
        if (costAt >= 0)
        {
            output.Write(bytes[written..costAt]);
            output.Write(cost);
            written = hasCost ? dataAt + chunk.Cost.End.Value : costAt;
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
