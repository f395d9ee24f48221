using System.IO.Pipelines;

namespace Gateway.Upstream;

/// <summary>An answer that is passed on as it comes, a few kilobytes at a time: sound, subtitles, files.</summary>
public sealed class RelayedAnswer : UpstreamAnswer
{
    private const int ReadBytes = 16 * 1024;

    private readonly HttpResponseMessage _response;
    private readonly Stream _stream;
    private readonly CallDeadline _deadline;
    private readonly TimeSpan _idleLimit;

    private RelayedAnswer(HttpResponseMessage response, Stream stream, CallDeadline deadline, TimeSpan idleLimit) =>
        (_response, _stream, _deadline, _idleLimit) = (response, stream, deadline, idleLimit);

    /// <summary>What the provider says it is. Null: nothing.</summary>
    public string? MediaType => _response.Content.Headers.ContentType?.ToString();

    /// <summary>Its length as the provider announces it. Null: it does not, or what it announces is compressed.</summary>
    public long? Length => _response.Content.Headers.ContentEncoding.Count == 0 ? _response.Content.Headers.ContentLength : null;

    /// <summary>Bytes that were passed on.</summary>
    public long Relayed { get; private set; }

    internal static async ValueTask<UpstreamAnswer> OpenAsync(
        HttpResponseMessage response, CallDeadline deadline, TimeSpan idleLimit) =>
        new RelayedAnswer(response, await ContentDecoding.OpenAsync(response, deadline.Token), deadline, idleLimit);

    /// <summary>Passes everything on. The time limit runs from read to read, and not while the client is slow to take what was read.</summary>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<StreamEnd> RelayAsync(PipeWriter output, CancellationToken clientAborted)
    {
        while (true)
        {
            int read;
            try
            {
                _deadline.Restart(_idleLimit);
                read = await ContentDecoding.ReadAsync(_stream, output.GetMemory(ReadBytes), _deadline.Token);
            }
            catch (OperationCanceledException) when (!clientAborted.IsCancellationRequested)
            {
                return StreamEnd.TimedOut;
            }
            catch (Exception e) when (e is IOException or HttpRequestException && !clientAborted.IsCancellationRequested)
            {
                return StreamEnd.Cut;
            }
            if (read == 0)
                return StreamEnd.Complete;
            _deadline.Restart(Timeout.InfiniteTimeSpan);
            Relayed += read;
            output.Advance(read);
            await output.FlushAsync(clientAborted);
        }
    }

    /// <summary>Ends the answer; a provider that is still sending is hung up on.</summary>
    public override void Dispose()
    {
        _deadline.Dispose();
        _stream.Dispose();
        _response.Dispose();
    }
}
