using Gateway.Catalog;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Says what went wrong with a stream that had begun.</summary>
internal static class StreamFailure
{
    /// <summary>
    /// The failure, of which the client is told with an error event. Null: the stream ended as it should. An error event of the
    /// provider's comes before all else.
    /// </summary>
    public static UpstreamFailure? From(Deployment deployment, StreamedAnswer stream, StreamEnd end, DateTimeOffset now) => end switch
    {
        _ when stream.Translator.ErrorEvent is { } error => UpstreamFailure.FromEvent(deployment, error, now),
        _ => From(deployment, end),
    };

    /// <summary>The failure of bytes that broke off. Null: they came to their end.</summary>
    public static UpstreamFailure? From(Deployment deployment, StreamEnd end) => end switch
    {
        StreamEnd.TimedOut => UpstreamFailure.StreamStalled(deployment),
        StreamEnd.TooLarge => UpstreamFailure.Nonsense(deployment, "an event of the stream does not fit the gateway's buffers"),
        StreamEnd.NoRoom => UpstreamFailure.NoRoom(deployment),
        StreamEnd.Cut => UpstreamFailure.StreamCut(deployment),
        _ => null,
    };
}
