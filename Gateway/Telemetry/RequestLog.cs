using System.Buffers;
using System.Threading.Channels;

namespace Gateway.Telemetry;

/// <summary>Writes one line per finished exchange, in the background, so that no request waits for the console.</summary>
/// <remarks>
/// Holds who, what, when, how much, never a prompt, an answer, a key or a header. When the reader of the output is slower than the
/// requests, lines are dropped, counted, and the number is written. <see cref="DisposeAsync"/> writes what is left.
/// </remarks>
public sealed class RequestLog : IAsyncDisposable
{
    /// <summary>About a second of the most requests that one machine can answer; an exchange that waits takes about 1 KB.</summary>
    private const int DefaultQueueLength = 16_384;

    /// <summary>Lines are collected up to this size before they are written.</summary>
    private const int BatchBytes = 64 * 1024;

    /// <summary>
    /// How long the first line waits for others, so that a busy gateway writes a hundred lines at once instead of waking a
    /// thread for each; nobody notices in a console.
    /// </summary>
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeProvider _time;
    private readonly Channel<Exchange> _queue;
    private readonly Stream _output;
    private readonly bool _isJson;
    private readonly Task _writing;
    private readonly ArrayBufferWriter<byte> _line = new(1024);
    private long _dropped;

    /// <param name="output">Standard output as a stream, unbuffered. Not closed.</param>
    /// <param name="isJson">True: a JSON object per line (<c>json_logs</c>); false: a line for people.</param>
    public RequestLog(Stream output, bool isJson, TimeProvider? time = null, int queueLength = DefaultQueueLength)
    {
        _time = time ?? TimeProvider.System;
        _output = output;
        _isJson = isJson;
        _queue = Channel.CreateBounded<Exchange>(new BoundedChannelOptions(queueLength)
        {
            FullMode = BoundedChannelFullMode.Wait,   // TryWrite then says that it is full
            SingleReader = true,
        });
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>How many lines were not written so far, because the queue was full or the output is gone.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Hands a finished exchange over; returns at once. Nobody may change it any more.</summary>
    public void Write(Exchange exchange)
    {
        if (!_queue.Writer.TryWrite(exchange))
            Interlocked.Increment(ref _dropped);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _writing;
    }

    private async Task WriteAsync()
    {
        var batch = new ArrayBufferWriter<byte>(BatchBytes);
        using var line = new RequestLogLine(_isJson);
        var said = 0L;
        while (await _queue.Reader.WaitToReadAsync())
        {
            await GatherAsync();
            var lines = 0;
            while (batch.WrittenCount < BatchBytes && _queue.Reader.TryRead(out var exchange))
                lines += Append(batch, line, exchange);
            var dropped = Dropped;
            if (dropped > said)
                line.AppendDropped(batch, dropped - said);
            said = dropped;
            await FlushAsync(batch, lines);
        }
    }

    /// <summary>Appends a line whole or not at all: one that cannot be told must not end the others.</summary>
    /// <returns>The number of lines: 1 or 0.</returns>
    private int Append(ArrayBufferWriter<byte> batch, RequestLogLine line, Exchange exchange)
    {
        _line.ResetWrittenCount();
        try
        {
            line.Append(_line, exchange);
        }
        catch (Exception)
        {
            Interlocked.Increment(ref _dropped); // and told of as such
            return 0;
        }
        batch.Write(_line.WrittenSpan);
        return 1;
    }

    private async Task GatherAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        try
        {
            await Task.Delay(GatherTime, _time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping: what is there is written at once.
        }
    }

    private async Task FlushAsync(ArrayBufferWriter<byte> batch, int lines)
    {
        try
        {
            await _output.WriteAsync(batch.WrittenMemory);
            await _output.FlushAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or NotSupportedException)
        {
            // Whoever read the output is gone, and with them the place to say so; requests go on.
            Interlocked.Add(ref _dropped, lines);
        }
        batch.ResetWrittenCount();
    }
}
