using System.Buffers;
using System.IO.Pipelines;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>
/// A request's body as one sequence of the web server's own buffers: read completely, never copied, released at the end.
/// </summary>
internal sealed class RequestBody(HttpRequest request, long maxBytes, BufferBudget budget) : IDisposable
{
    /// <summary>For a body whose length is not announced, memory is taken in steps of this.</summary>
    private const long StepBytes = 64 * 1024;

    private readonly PipeReader _reader = request.BodyReader;
    private long _taken;
    private bool _hasRead;

    /// <summary>The whole body; valid until disposal.</summary>
    public ReadOnlySequence<byte> Bytes { get; private set; }

    /// <summary>Reads the body to its end.</summary>
    /// <returns>Null, or why it is refused: too large, or no memory for it.</returns>
    /// <exception cref="BadHttpRequestException">The client sent it too slowly or broke off.</exception>
    public async ValueTask<ApiError?> ReadAsync(CancellationToken ct)
    {
        if (request.ContentLength is { } announced)
        {
            if (announced > maxBytes)
                return ApiError.TooLarge(announced, maxBytes);
            if (!TryTake(announced))
                return ApiError.Unavailable("its buffers are full (general_settings.max_buffered_mb)");
        }
        while (true)
        {
            var result = await _reader.ReadAsync(ct);
            _hasRead = true;
            Bytes = result.Buffer;
            if (result.Buffer.Length > maxBytes)
                return ApiError.TooLarge(result.Buffer.Length, maxBytes);
            if (result.Buffer.Length > _taken && !TryTake(result.Buffer.Length - _taken + StepBytes))
                return ApiError.Unavailable("its buffers are full (general_settings.max_buffered_mb)");
            if (result.IsCompleted)
                return null;
            _reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            _hasRead = false;
        }
    }

    private bool TryTake(long bytes)
    {
        if (!budget.TryTake(bytes))
            return false;
        _taken += bytes;
        return true;
    }

    public void Dispose()
    {
        if (_hasRead)
            _reader.AdvanceTo(Bytes.End);
        _hasRead = false;
        Bytes = default;
        budget.GiveBack(_taken);
        _taken = 0;
    }
}
