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

    /// <summary>An event, or what came before the first one, grew beyond what the gateway holds of one stream.</summary>
    TooLarge,

    /// <summary>The gateway's buffers are full.</summary>
    NoRoom,

    /// <summary>Before the first event that means something came one that is not what the dialect sends.</summary>
    Malformed,
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

    /// <summary>
    /// Of comments, keep-alives and empty chunks before the first event that means something no more is held back; a provider that
    /// sends an empty chunk of 250 bytes every half second while it thinks comes to this in eight minutes.
    /// </summary>
    private const int MaxPendingBytes = 256 * 1024;

    private readonly HttpResponseMessage _response;
    private readonly Stream _stream;
    private readonly CallDeadline _deadline;
    private readonly TimeSpan _idleLimit;
    private readonly BufferBudget _budget;
    private long _taken;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
    private int _filled;
    private bool _ended;
    private ArrayBufferWriter<byte>? _pending;

    internal StreamedAnswer(
        HttpResponseMessage response, Stream stream, StreamTranslator translator, CallDeadline deadline, TimeSpan idleLimit,
        BufferBudget budget)
    {
        _response = response;
        _stream = stream;
        _deadline = deadline;
        _idleLimit = idleLimit;
        _budget = budget;
        Translator = translator;
    }

    /// <summary>What was learned from the stream so far.</summary>
    public StreamTranslator Translator { get; }

    /// <summary>Reads until the first event that means something; neither comments nor empty chunks lengthen the time for it.</summary>
    /// <returns>Null: it has come. Else how the stream ended before.</returns>
    internal async ValueTask<StreamEnd?> OpenAsync()
    {
        _pending = new ArrayBufferWriter<byte>(512);
        while (Translator.MeaningfulEvents == 0)
        {
            if (_ended || Translator.IsComplete)
                return StreamEnd.Cut;
            if (_pending.WrittenCount > MaxPendingBytes)
                return StreamEnd.TooLarge;
            if (await ReadAsync() is { } full)
                return full;
            Translate(_pending);
            if (Translator.IsMalformed)
                return StreamEnd.Malformed;
        }
        return null;
    }

    /// <summary>
    /// Passes the stream on until it ends. Whatever ends it once every choice has finished, the client has its answer: it is complete,
    /// and where the usage was still to come it is estimated. (Clients must do without, as OpenAI's documentation of
    /// <c>include_usage</c> says.) The time limit runs from event to event; comments and parts of an event do not lengthen it.
    /// </summary>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<StreamEnd> RelayAsync(PipeWriter output, CancellationToken clientAborted)
    {
        output.Write(_pending!.WrittenSpan);
        _pending = null;
        _deadline.Restart(_idleLimit);
        await FlushAsync(output, clientAborted);
        // A stream that said that it is complete is, even if the provider holds the connection.
        while (!_ended && !Translator.IsComplete && Translator.ErrorEvent is null)
        {
            var events = Translator.Events;
            try
            {
                if (await ReadAsync() is { } full)
                    return full;
            }
            catch (OperationCanceledException) when (!clientAborted.IsCancellationRequested)
            {
                if (!Translator.IsFinished)
                    return StreamEnd.TimedOut;
                _ended = true;
            }
            catch (Exception e) when (e is IOException or HttpRequestException && !clientAborted.IsCancellationRequested)
            {
                _ended = true;
            }
            Translate(output);
            if (Translator.Events != events)
                _deadline.Restart(_idleLimit);
            await FlushAsync(output, clientAborted);
        }
        return Translator.IsComplete ? StreamEnd.Complete : StreamEnd.Cut;
    }

    /// <summary>The time for the next event does not run while the client is slow to take this one.</summary>
    private async ValueTask FlushAsync(PipeWriter output, CancellationToken clientAborted)
    {
        var flush = output.FlushAsync(clientAborted);
        if (flush.IsCompleted)
        {
            await flush;
            return;
        }
        _deadline.Restart(Timeout.InfiniteTimeSpan);
        await flush;
        _deadline.Restart(_idleLimit);
    }

    /// <summary>Reads once, behind what is left of an event that is not whole yet.</summary>
    /// <returns>Null, or why no more is read.</returns>
    private async ValueTask<StreamEnd?> ReadAsync()
    {
        if (_filled == _buffer.Length && Grow() is { } full)
            return full;
        try
        {
            var read = await _stream.ReadAsync(_buffer.AsMemory(_filled), _deadline.Token);
            _ended = read == 0;
            _filled += read;
            return null;
        }
        catch (Exception e) when (ContentDecoding.IsCorrupt(e))
        {
            throw new IOException("The provider's stream is not compressed as it says.", e);
        }
    }

    /// <summary>Doubles the buffer. The first kilobytes, which every stream has, are not counted; what an event needs beyond is.</summary>
    private StreamEnd? Grow()
    {
        if (_buffer.Length >= MaxEventBytes)
            return StreamEnd.TooLarge;
        if (!_budget.TryTake(_buffer.Length))
            return StreamEnd.NoRoom;
        _taken += _buffer.Length;
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        return null;
    }

    private void Translate(IBufferWriter<byte> output)
    {
        var consumed = Translator.Translate(_buffer.AsSpan(0, _filled), _ended, output);
        if (consumed == 0)
            return;
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
        _budget.GiveBack(_taken);
        _taken = 0;
    }
}
