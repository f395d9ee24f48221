using System.Net;
using Gateway.Config;

namespace Gateway.Upstream;

/// <summary>The body of a mock's answer: one event per read, at the pace and with the cut that the settings ask for.</summary>
internal sealed class MockContent(IEnumerable<MockEvent> events, long? length, MockSettings settings, TimeProvider time) : HttpContent
{
    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new MockStream(events, settings, time));

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await using var body = new MockStream(events, settings, time);
        await body.CopyToAsync(stream);
    }

    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    private sealed class MockStream(IEnumerable<MockEvent> events, MockSettings settings, TimeProvider time) : Stream
    {
        /// <summary>A day: keeps an absurdly slow pace within what a timer takes.</summary>
        private const double LongestStreamSeconds = 86_400;

        private readonly IEnumerator<MockEvent> _events = events.GetEnumerator();
        private readonly long _start = time.GetTimestamp();
        private ReadOnlyMemory<byte> _rest;
        private int _count;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
        {
            ct.ThrowIfCancellationRequested();
            if (buffer.IsEmpty)
                return 0;
            if (_rest.IsEmpty && !await NextAsync(ct))
                return 0;
            var length = Math.Min(buffer.Length, _rest.Length);
            _rest[..length].CopyTo(buffer);
            _rest = _rest[length..];
            return length;
        }

        private async ValueTask<bool> NextAsync(CancellationToken ct)
        {
            // What SocketsHttpHandler throws when the connection is closed before the body is complete.
            if (_count == settings.CutAfter)
                throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely (mock_cut_after).");
            if (!_events.MoveNext())
                return false;
            _count++;
            _rest = _events.Current.Bytes;
            // Each token has its own due time from the start, so that late timers do not add up.
            if (settings.TokensPerSecond is > 0 and var pace)
            {
                var due = TimeSpan.FromSeconds(Math.Min(_events.Current.Tokens / pace, LongestStreamSeconds));
                var wait = due - time.GetElapsedTime(_start);
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait, time, ct);
            }
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            _events.Dispose();
            base.Dispose(disposing);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken ct) =>
            ReadAsync(buffer.AsMemory(offset, count), ct).AsTask();

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read the mock asynchronously.");
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
