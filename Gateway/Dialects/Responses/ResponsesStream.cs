using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects.Responses;

/// <summary>
/// Passes a stream of Responses on, byte for byte but for the model's name and the cost where it is wanted. It ends with an event that says
/// how the answer ended; there is no other sign.
/// </summary>
internal sealed class ResponsesStream(StreamOptions options) : SseTranslator
{
    private readonly byte[] _model = [(byte)'"', .. JsonEncodedText.Encode(options.Model).EncodedUtf8Bytes, (byte)'"'];

    protected override bool IsWhole(ReadOnlySpan<byte> data) => ResponsesAnswer.TryRead(data, isEvent: true, out _);

    protected override void TranslateData(ReadOnlySpan<byte> bytes, int dataAt, int dataLength, IBufferWriter<byte> output)
    {
        var data = bytes.Slice(dataAt, dataLength);
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            output.Write(bytes); // not OpenAI's, but some imitators end so
            return;
        }
        Events++;
        if (!ResponsesAnswer.TryRead(data, isEvent: true, out var facts))
        {
            IsMalformed |= MeaningfulEvents == 0;
            output.Write(bytes);
            return;
        }
        Learn(data, facts);
        if (ErrorEvent is not null)
            return; // whoever relays the stream tells of it, in the client's dialect and without the provider's secrets
        WriteEvent(bytes, dataAt, facts, output);
    }

    private void Learn(ReadOnlySpan<byte> data, in ResponsesAnswer.Facts facts)
    {
        OutputBytes += facts.TextBytes;
        Service = facts.Service ?? Service;
        Bill = facts.Bill ?? Bill;
        AnswerId = facts.Id ?? AnswerId;
        if (facts.Usage is { } usage)
        {
            Usage = usage;
            RawUsage = KeepRawUsage(data[facts.RawUsage]);
        }
        if (facts.Type is "response.completed" or "response.incomplete")
            IsFinished = IsComplete = true;
        else if (facts.Type is "error" or "response.failed" || (facts.Type is null && facts.HasError))
            ErrorEvent = facts.HasError ? [.. "{\"error\":"u8, .. data[facts.Error], (byte)'}'] : data.ToArray();
        if (IsMeaningful(facts))
            MeaningfulEvents++;
    }

    /// <summary>What only announces something means nothing yet.</summary>
    private static bool IsMeaningful(in ResponsesAnswer.Facts facts) => facts.Type switch
    {
        "response.created" or "response.queued" or "response.in_progress" or "response.output_item.added" or "response.content_part.added"
            or "response.reasoning_summary_part.added" or "keepalive" => false,
        null => facts.HasError,
        _ => true,
    };

    private void WriteEvent(ReadOnlySpan<byte> bytes, int dataAt, in ResponsesAnswer.Facts facts, IBufferWriter<byte> output)
    {
        var costAt = -1;
        var costEnd = -1;
        byte[]? cost = null;
        if (facts.Usage is { } usage && options.CostOf?.Invoke(new(usage, Service, Bill)) is { } amount)
        {
            // In place of a cost of the provider's own, so that there are not two; else as the first member.
            var hasCost = !facts.Cost.Equals(default);
            costAt = dataAt + (hasCost ? facts.Cost.Start.Value : facts.UsageStart + 1);
            costEnd = hasCost ? dataAt + facts.Cost.End.Value : costAt;
            cost = Encoding.UTF8.GetBytes(hasCost ? amount.ToString() : $"\"cost\":{amount},");
        }
        var modelAt = facts.ModelStart < 0 ? -1 : dataAt + facts.ModelStart;
        var written = 0;
        if (modelAt >= 0 && (costAt < 0 || modelAt < costAt))
            written = Replace(bytes, written, modelAt, modelAt + facts.ModelLength, _model, output);
        if (costAt >= 0)
            written = Replace(bytes, written, costAt, costEnd, cost, output);
        if (modelAt >= written)
            written = Replace(bytes, written, modelAt, modelAt + facts.ModelLength, _model, output);
        output.Write(bytes[written..]);
    }

    private static int Replace(
        ReadOnlySpan<byte> bytes, int written, int start, int end, ReadOnlySpan<byte> value, IBufferWriter<byte> output)
    {
        output.Write(bytes[written..start]);
        output.Write(value);
        return end;
    }
}
