using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// Unwraps the stream of InvokeModelWithResponseStream: events <c>chunk</c> with <c>{"bytes": …}</c>, base64 of one event of the model's
/// own stream (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html). For Claude these
/// are Anthropic's events, and come out as Anthropic sends them: server-sent events.
/// </summary>
internal static class BedrockInvoke
{
    /// <summary>Writes the event in a message as a server-sent event.</summary>
    /// <returns>False: it is not what the stream should hold.</returns>
    public static bool TryUnwrap(in AwsEvent message, ArrayBufferWriter<byte> output)
    {
        if (!message.EventType.SequenceEqual("chunk"u8))
            return true; // there are no others that mean anything
        if (!TryDecode(message.Payload, out var data) || TypeOf(data) is not { } type)
            return false;
        output.Write("event: "u8);
        output.Write(type);
        output.Write("\ndata: "u8);
        output.Write(data);
        output.Write("\n\n"u8);
        return true;
    }

    private static bool TryDecode(ReadOnlySpan<byte> payload, out byte[] data)
    {
        data = [];
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = BodyScanner.MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isBytes = reader.ValueTextEquals("bytes"u8);
                reader.Read();
                if (isBytes && reader.TokenType == JsonTokenType.String)
                    return reader.TryGetBytesFromBase64(out data!);
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON.
        }
        return false;
    }

    /// <summary>The type of an event of Anthropic's. Null: it has none, or is not JSON on one line.</summary>
    private static byte[]? TypeOf(ReadOnlySpan<byte> data)
    {
        if (data.ContainsAny((byte)'\n', (byte)'\r'))
            return null;
        try
        {
            return HubJson.TryParse(data)?.FindText("type"u8) is { Length: > 0 } type && !type.AsSpan().ContainsAny('\r', '\n')
                ? System.Text.Encoding.UTF8.GetBytes(type)
                : null;
        }
        catch (InvalidOperationException)
        {
            return null; // not Unicode
        }
    }
}

/// <summary>Reads Claude's stream on Bedrock by a reader of Anthropic's events.</summary>
internal sealed class BedrockInvokeReader(HubStreamReader inner) : AwsStreamReader
{
    private readonly ArrayBufferWriter<byte> _events = new();

    protected override void ReadEvent(in AwsEvent message, List<HubEvent> steps)
    {
        _events.ResetWrittenCount();
        IsMalformed |= !BedrockInvoke.TryUnwrap(message, _events);
        if (_events.WrittenCount == 0)
            return;
        inner.Read(_events.WrittenSpan, false, steps);
        IsMalformed |= inner.IsMalformed;
    }
}

/// <summary>Passes Claude's stream on Bedrock on to a client of Anthropic's, by the translator of Anthropic's events.</summary>
internal sealed class BedrockInvokeTranslator(StreamTranslator inner) : StreamTranslator
{
    private readonly ArrayBufferWriter<byte> _events = new();
    private bool _isBroken;

    public override int Translate(ReadOnlySpan<byte> received, bool atEnd, IBufferWriter<byte> output)
    {
        var consumed = 0;
        while (!_isBroken && ErrorEvent is null && AwsEventStream.TryRead(received[consumed..], out var message) is not 0 and var length)
        {
            _isBroken = length == AwsEventStream.Malformed;
            if (_isBroken)
                break;
            consumed += length;
            Take(message, output);
        }
        if (atEnd && ErrorEvent is null)
            Pass([], true, output);
        IsMalformed |= _isBroken && MeaningfulEvents == 0;
        return atEnd || _isBroken || ErrorEvent is not null ? received.Length : consumed;
    }

    private void Take(in AwsEvent message, IBufferWriter<byte> output)
    {
        if (!message.IsEvent)
        {
            ErrorEvent = System.Text.Encoding.UTF8.GetBytes(AwsStreamReader.ErrorOf(message).GetRawText());
            Events++;
            MeaningfulEvents++;
            return;
        }
        _events.ResetWrittenCount();
        IsMalformed |= !BedrockInvoke.TryUnwrap(message, _events) && MeaningfulEvents == 0;
        if (_events.WrittenCount > 0)
            Pass(_events.WrittenSpan, false, output);
    }

    /// <summary>What the inner one learns is what this one knows.</summary>
    private void Pass(ReadOnlySpan<byte> events, bool atEnd, IBufferWriter<byte> output)
    {
        inner.Translate(events, atEnd, output);
        (Events, MeaningfulEvents, OutputBytes) = (inner.Events, inner.MeaningfulEvents, inner.OutputBytes);
        (IsFinished, IsComplete, ErrorEvent) = (inner.IsFinished, inner.IsComplete, inner.ErrorEvent);
        IsMalformed |= inner.IsMalformed;
        (Usage, RawUsage, Service, Bill) = (inner.Usage, inner.RawUsage, inner.Service, inner.Bill);
    }
}
