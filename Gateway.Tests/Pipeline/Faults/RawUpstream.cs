using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gateway.Tests.Pipeline.Faults;

/// <summary>A provider on a real port that plays bytes, pauses and cuts, none of which a web server would do.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Func<RawConnection, Task> _answer;
    private readonly X509Certificate2? _certificate;
    private readonly Task _accepting;
    private int _hanging;

    /// <param name="answer">Plays the answer to one request, whose head and body have been read.</param>
    /// <param name="isTls">True: behind TLS, with a certificate that nobody vouches for.</param>
    public RawUpstream(Func<RawConnection, Task> answer, bool isTls = false)
    {
        _answer = answer;
        _certificate = isTls ? NewCertificate() : null;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary><c>127.0.0.1:PORT</c></summary>
    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>The paths that were asked for, in order of arrival.</summary>
    public ConcurrentQueue<string> Paths { get; } = new();

    /// <summary>Connections on which the provider sits silently until the gateway hangs up.</summary>
    public int Hanging => Volatile.Read(ref _hanging);

    /// <summary>When the gateway last hung up on a silent connection: a timestamp of the system's clock.</summary>
    public TaskCompletionSource<long> HungUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done once the provider has fallen silent for the first time.</summary>
    public TaskCompletionSource FellSilent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void BeginHang()
    {
        Interlocked.Increment(ref _hanging);
        FellSilent.TrySetResult();
    }

    public void EndHang()
    {
        HungUp.TrySetResult(TimeProvider.System.GetTimestamp());
        Interlocked.Decrement(ref _hanging);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            client.NoDelay = true;
            await using var stream = await OpenAsync(client);
            var connection = new RawConnection(this, client, stream, _stop.Token);
            while (await connection.ReadRequestAsync() is { } path)
            {
                Paths.Enqueue(path);
                await _answer(connection);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException
            or System.Security.Authentication.AuthenticationException)
        {
            // The gateway hung up, or the script did.
        }
        finally
        {
            client.Dispose();
        }
    }

    private async Task<Stream> OpenAsync(TcpClient client)
    {
        if (_certificate is null)
            return client.GetStream();
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
        return tls;
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var start = TimeProvider.System.GetUtcNow().AddDays(-1);
        return new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(start, start.AddDays(30));
    }

    /// <summary>Ends when the gateway has closed every connection that it ever made.</summary>
    public Task WhenClosedAsync() => Task.WhenAll(_connections).WaitAsync(GatewayHost.Patience);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        await Task.WhenAll(_connections).WaitAsync(GatewayHost.Patience);
        _certificate?.Dispose();
        _stop.Dispose();
    }
}

/// <summary>One connection to a <see cref="RawUpstream"/>, and what a script can do on it.</summary>
internal sealed class RawConnection(RawUpstream upstream, TcpClient client, Stream stream, CancellationToken ct)
{
    /// <summary>The first byte of a TLS connection (RFC 8446, 5.1).</summary>
    private const byte TlsHandshake = 22;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _filled;

    /// <summary>True when the request that was read last asks for a stream.</summary>
    public bool IsStream { get; private set; }

    /// <summary>The first part of the path that was asked for last: tests give each deployment one of its own.</summary>
    public string Deployment { get; private set; } = "";

    /// <summary>Reads a request.</summary>
    /// <returns>Its path. Null: the gateway closed the connection.</returns>
    public async Task<string?> ReadRequestAsync()
    {
        int end;
        while ((end = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (!await FillAsync())
                return null;
            if (_buffer[0] != TlsHandshake)
                continue;
            await SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return null; // as web servers answer who speaks TLS to a port without
        }
        var head = Encoding.ASCII.GetString(_buffer, 0, end).Split("\r\n");
        var length = int.Parse(head.Single(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))[15..]);
        while (_filled < end + 4 + length)
            if (!await FillAsync())
                return null;
        IsStream = _buffer.AsSpan(end + 4, length).IndexOf("\"stream\":true"u8) >= 0;
        _filled = 0; // a client sends its next request only after the answer
        var path = head[0].Split(' ')[1];
        Deployment = path.Split('/')[1];
        return path;
    }

    private async Task<bool> FillAsync()
    {
        var read = await stream.ReadAsync(_buffer.AsMemory(_filled), ct);
        _filled += read;
        return read > 0;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes, ct);
        await stream.FlushAsync(ct);
    }

    /// <summary>Sends a whole answer.</summary>
    public Task SendAsync(int status, string contentType, string body, string headers = "") => SendAsync(
        $"HTTP/1.1 {status} Scripted\r\nContent-Type: {contentType}\r\n{headers}"
        + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    /// <summary>Sends the head of an answer whose body comes in chunks.</summary>
    public Task BeginAsync(string contentType, string headers = "") => SendAsync(
        $"HTTP/1.1 200 OK\r\nContent-Type: {contentType}\r\n{headers}Transfer-Encoding: chunked\r\n\r\n");

    public async Task ChunkAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), ct);
        await stream.WriteAsync(bytes, ct);
        await SendAsync("\r\n");
    }

    public Task ChunkAsync(string text) => ChunkAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>Sends an event of a stream.</summary>
    public Task EventAsync(string payload) => ChunkAsync($"data: {payload}\n\n");

    public Task EndAsync() => SendAsync("0\r\n\r\n");

    /// <summary>Says nothing more until the gateway hangs up.</summary>
    public Task HangAsync() => HangAsync(async () =>
    {
        while (await FillAsync())
            _filled = 0;
    });

    /// <summary>Sends nothing but comments until the gateway hangs up.</summary>
    public Task SendCommentsAsync() => HangAsync(async () =>
    {
        while (true)
        {
            await ChunkAsync(": ping\n\n");
            await Task.Delay(1, ct);
        }
    });

    private async Task HangAsync(Func<Task> untilHungUp)
    {
        upstream.BeginHang();
        try
        {
            await untilHungUp();
        }
        finally
        {
            upstream.EndHang();
        }
    }

    /// <summary>Breaks the connection off.</summary>
    public Task CutAsync()
    {
        client.Close();
        throw new IOException("The script cuts the connection.");
    }
}
