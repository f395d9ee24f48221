using System.IO.Compression;

namespace Gateway.Upstream;

/// <summary>Opens answers, compressed ones too: providers are asked not to compress, and some do all the same.</summary>
internal static class ContentDecoding
{
    /// <summary>Reads a decoded answer; what cannot be decompressed is a connection that was lost.</summary>
    /// <exception cref="IOException">The connection was lost, or the bytes are not what their encoding says.</exception>
    public static async ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken ct)
    {
        try
        {
            return await stream.ReadAsync(buffer, ct);
        }
        catch (Exception e) when (IsCorrupt(e))
        {
            throw new IOException("The provider's answer is not compressed as it says.", e);
        }
    }

    /// <summary>How the decoders say that bytes are no gzip or zlib (the first), or no Brotli (the second).</summary>
    public static bool IsCorrupt(Exception e) => e is InvalidDataException or InvalidOperationException;

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
