using System.Buffers;
using System.IO.Pipelines;
using Gateway.Dialects;

namespace Gateway.Upstream;

/// <summary>How a stream ended.</summary>
public enum StreamEnd
{
    /// <summary>It said that it was complete.</summary>
    Complete,

    /// <summary>The provider's connection ended before that.</summary>
    Cut,

    /// <summary>Nothing came within the time limit.</summary>
    TimedOut,

    /// <summary>An event grew beyond what the gateway holds.</summary>
    TooLarge,
}

/// <summary>
/// A stream whose first event has come. The rest is passed on as it comes: read from the provider, translated event by event
/// straight into the client's connection, flushed.
/// </summary>
public sealed class StreamedAnswer : UpstreamAnswer
{
    /// <summary>Read at once; a few dozen events.</summary>
    private const int ReadBytes = 16 * 1024;

    /// <summary>A single event may grow to this (an image in base64 within a chunk).</summary>
    private const int MaxEventBytes = 32 << 20;

    private readonly HttpResponseMessage _response;
    private readonly Stream _stream;
    private readonly CallDeadline _deadline;
    private readonly TimeSpan _idleLimit;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
    private int _filled;
    private bool _ended;
    private ArrayBufferWriter<byte>? _pending;

    internal StreamedAnswer(
        HttpResponseMessage response, Stream stream, StreamTranslator translator, CallDeadline deadline, TimeSpan idleLimit)
    {
        _response = response;
        _stream = stream;
        _deadline = deadline;
        _idleLimit = idleLimit;
        Translator = translator;
    }

    /// <summary>What was learned from the stream so far.</summary>
    public StreamTranslator Translator { get; }

    /// <summary>Reads until the first event that means something.</summary>
    /// <returns>False: the stream ended before.</returns>
    internal async ValueTask<bool> OpenAsync()
    {
        _pending = new ArrayBufferWriter<byte>(512);
        while (Translator.MeaningfulEvents == 0)
        {
            if (_ended || !await ReadAsync())
                return false;
            Translate(_pending);
        }
        return true;
    }

    /// <summary>Passes the stream on until it ends.</summary>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<StreamEnd> RelayAsync(PipeWriter output, CancellationToken clientAborted)
    {
        output.Write(_pending!.WrittenSpan);
        _pending = null;
        await output.FlushAsync(clientAborted);
        try
        {
            // A stream that said that it is complete is, even if the provider holds the connection.
            while (!_ended && !Translator.IsComplete)
            {
                if (!await ReadAsync())
                    return StreamEnd.TooLarge;
                Translate(output);
                await output.FlushAsync(clientAborted);
            }
            return Translator.IsComplete ? StreamEnd.Complete : StreamEnd.Cut;
        }
        catch (OperationCanceledException) when (!clientAborted.IsCancellationRequested)
        {
            return StreamEnd.TimedOut;
        }
        catch (Exception e) when (e is IOException or HttpRequestException && !clientAborted.IsCancellationRequested)
        {
            return StreamEnd.Cut;
        }
    }

    /// <summary>Reads once, behind what is left of an event that is not whole yet.</summary>
    /// <returns>False: the event is too large.</returns>
    private async ValueTask<bool> ReadAsync()
    {
        if (_filled == _buffer.Length && !Grow())
            return false;
        _deadline.Restart(_idleLimit);
        var read = await _stream.ReadAsync(_buffer.AsMemory(_filled), _deadline.Token);
        _ended = read == 0;
        _filled += read;
        return true;
    }

    private bool Grow()
    {
        if (_buffer.Length >= MaxEventBytes)
            return false;
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        return true;
    }

    private void Translate(IBufferWriter<byte> output)
    {
        var consumed = Translator.Translate(_buffer.AsSpan(0, _filled), _ended, output);
        _buffer.AsSpan(consumed, _filled - consumed).CopyTo(_buffer);
        _filled -= consumed;
    }

    /// <summary>Ends the stream; a provider that is still sending is hung up on.</summary>
    public override void Dispose()
    {
        _deadline.Dispose();
        _stream.Dispose();
        _response.Dispose();
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
