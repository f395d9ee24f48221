using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects.Anthropic;

/// <summary>Passes Anthropic's stream of events on, byte for byte but for the model's name, and learns its usage on the way.</summary>
internal sealed class AnthropicStream(StreamOptions options) : SseTranslator
{
    private readonly byte[] _model = [(byte)'"', .. JsonEncodedText.Encode(options.Model).EncodedUtf8Bytes, (byte)'"'];
    private AnthropicUsage _usage;

    /// <summary>True once the event came that counts the whole answer.</summary>
    private bool _hasAllUsage;

    protected override bool IsWhole(ReadOnlySpan<byte> data)
    {
        var none = new AnthropicUsage();
        return AnthropicChunk.TryRead(data, ref none, out _);
    }

    protected override void TranslateData(ReadOnlySpan<byte> bytes, int dataAt, int dataLength, IBufferWriter<byte> output)
    {
        var data = bytes.Slice(dataAt, dataLength);
        if (!AnthropicChunk.TryRead(data, ref _usage, out var chunk))
        {
            Events++;
            IsMalformed |= MeaningfulEvents == 0;
            output.Write(bytes);
            return;
        }
        Learn(data, chunk);
        if (ErrorEvent is null) // whoever relays the stream tells of an error, in the client's dialect and without the provider's secrets
            WriteEvent(bytes, dataAt, chunk, output);
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

    private void WriteEvent(ReadOnlySpan<byte> bytes, int dataAt, in AnthropicChunk chunk, IBufferWriter<byte> output)
    {
        if (chunk.ModelStart < 0 || chunk.Type != AnthropicChunk.Kind.Start) // no other event names the model
        {
            output.Write(bytes);
            return;
        }
        var at = dataAt + chunk.ModelStart;
        output.Write(bytes[..at]);
        output.Write(_model);
        output.Write(bytes[(at + chunk.ModelLength)..]);
    }
}
