using Gateway.Catalog;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Says what went wrong with a stream that had begun.</summary>
internal static class StreamFailure
{
    /// <summary>The failure. Null: the stream ended as it should, or with an error event of the provider's that the client has got.</summary>
    public static UpstreamFailure? From(Deployment deployment, StreamedAnswer stream, StreamEnd end) => end switch
    {
        StreamEnd.TimedOut => UpstreamFailure.StreamStalled(deployment),
        StreamEnd.TooLarge => UpstreamFailure.Nonsense(deployment, "an event of the stream does not fit the gateway's buffers"),
        StreamEnd.Cut when stream.Translator.ErrorEvent is null => UpstreamFailure.StreamCut(deployment),
        _ => null,
    };
}
