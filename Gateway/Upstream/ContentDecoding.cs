using System.IO.Compression;

namespace Gateway.Upstream;

/// <summary>Opens answers, compressed ones too: providers are asked not to compress, and some do all the same.</summary>
internal static class ContentDecoding
{
    /// <summary>The answer's bytes as they were before compression.</summary>
    /// <exception cref="IOException">It is compressed in a way that was never asked for and is not known.</exception>
    public static ValueTask<Stream> OpenAsync(HttpResponseMessage response, CancellationToken ct) =>
        response.Content.Headers.ContentEncoding.Count == 0
            ? new(response.Content.ReadAsStreamAsync(ct))
            : DecodeAsync(response, ct);

    private static async ValueTask<Stream> DecodeAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var stream = await response.Content.ReadAsStreamAsync(ct);
        // The encodings are named in the order in which they were applied (RFC 9110, 8.4).
        foreach (var encoding in response.Content.Headers.ContentEncoding.Reverse())
        {
            stream = encoding.ToLowerInvariant() switch
            {
                "identity" => stream,
                "gzip" or "x-gzip" => new GZipStream(stream, CompressionMode.Decompress),
                "deflate" => new ZLibStream(stream, CompressionMode.Decompress),
                "br" => new BrotliStream(stream, CompressionMode.Decompress),
                _ => throw new IOException("The provider's answer is compressed in an unknown way."),
            };
        }
        return stream;
    }
}
