using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Reads Google's stream of server-sent events (<c>alt=sse</c>). It has no sign of its end: it is whole when every candidate has named its
/// reason to finish.
/// </summary>
internal sealed class GeminiStreamReader : SseStreamReader
{
    private readonly GeminiChunkReader _reader = new();

    protected override void ReadData(ReadOnlySpan<byte> data, List<HubEvent> steps)
    {
        try
        {
            IsMalformed |= HubJson.TryParse(data) is not { } root || !_reader.Read(root, steps);
        }
        catch (InvalidOperationException)
        {
            IsMalformed = true; // a text in it is half a surrogate pair
        }
    }
}
