namespace Gateway.Dialects.Hub;

/// <summary>Reads a stream of server-sent events (WHATWG HTML, 9.2), whatever they mean.</summary>
public abstract class SseStreamReader : HubStreamReader
{
    private SseEvent.Progress _progress;
    private bool _hasBegun;

    public sealed override int Read(ReadOnlySpan<byte> received, bool atEnd, List<HubEvent> steps)
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
        while (SseEvent.Length(received[consumed..], atEnd, ref _progress) is > 0 and var length)
        {
            ReadEvent(received.Slice(consumed, length), steps);
            consumed += length;
        }
        if (atEnd && consumed < received.Length)
            ReadEvent(received[consumed..], steps); // a last event without its blank line
        return atEnd ? received.Length : consumed;
    }

    private void ReadEvent(ReadOnlySpan<byte> bytes, List<HubEvent> steps)
    {
        if (SseEvent.DataOf(bytes) is { IsEmpty: false } data && !data.Trim((byte)' ').IsEmpty)
            ReadData(data, steps);
    }

    /// <summary>Reads the data of one event, its lines joined by a space.</summary>
    protected abstract void ReadData(ReadOnlySpan<byte> data, List<HubEvent> steps);
}
