using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Gateway.Dialects;

namespace Gateway.Upstream;

/// <summary>Sends a <see cref="SplicedBody"/>: its pieces are written one after the other, never joined unless they are small.</summary>
internal sealed class SplicedContent : HttpContent
{
    /// <summary>Up to this many bytes joining the pieces is cheaper than writing each; half a TLS record.</summary>
    private const int JoinBytes = 8 * 1024;

    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly SplicedBody _body;
    private readonly Action? _wasSent;

    /// <param name="body">What is sent.</param>
    /// <param name="wasSent">Called when all of it has been written. Null: nobody asks.</param>
    public SplicedContent(SplicedBody body, Action? wasSent = null)
    {
        _body = body;
        _wasSent = wasSent;
        Headers.ContentType = body.MediaType is { } mediaType ? MediaTypeHeaderValue.Parse(mediaType) : Json;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_body.Length <= JoinBytes)
        {
            await WriteJoinedAsync(stream, cancellationToken);
        }
        else
        {
            foreach (var piece in _body.Pieces)
                await stream.WriteAsync(piece, cancellationToken);
        }
        _wasSent?.Invoke();
    }

    private async ValueTask WriteJoinedAsync(Stream stream, CancellationToken ct)
    {
        var joined = ArrayPool<byte>.Shared.Rent((int)_body.Length);
        var at = 0;
        foreach (var piece in _body.Pieces)
        {
            piece.Span.CopyTo(joined.AsSpan(at));
            at += piece.Length;
        }
        try
        {
            await stream.WriteAsync(joined.AsMemory(0, at), ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(joined);
        }
    }
}
