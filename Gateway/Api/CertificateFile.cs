using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Api;

/// <summary>A TLS certificate and its key in PEM files, read again when the files change (as ACME clients renew them).</summary>
public sealed class CertificateFile
{
    /// <summary>The files are looked at no more often than this.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private readonly string _certificatePath;
    private readonly string _keyPath;
    private readonly TimeProvider _time;
    private readonly Lock _loading = new();
    private SslServerAuthenticationOptions _options;
    private (DateTime, DateTime) _stamp;
    private long _checkedAt;

    private CertificateFile(string certificatePath, string keyPath, TimeProvider time)
    {
        _certificatePath = certificatePath;
        _keyPath = keyPath;
        _time = time;
        _checkedAt = time.GetTimestamp();
        _stamp = Stamp();
        _options = Load();
    }

    /// <summary>Options for a listener that shows the certificate.</summary>
    /// <exception cref="StartException">The files cannot be read or do not belong together.</exception>
    public static TlsHandshakeCallbackOptions Serve(string certificatePath, string keyPath, TimeProvider time)
    {
        try
        {
            var file = new CertificateFile(certificatePath, keyPath, time);
            return new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(file.Current()) };
        }
        catch (Exception e) when (IsUnusable(e))
        {
            throw new StartException($"The TLS certificate '{certificatePath}' with the key '{keyPath}' cannot be used: {e.Message}", e);
        }
    }

    /// <summary>The newest pair; while the files are being replaced, or are broken, the one before.</summary>
    private SslServerAuthenticationOptions Current()
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _checkedAt)) < CheckInterval)
            return Volatile.Read(ref _options);
        lock (_loading)
        {
            Volatile.Write(ref _checkedAt, _time.GetTimestamp());
            try
            {
                var stamp = Stamp();
                if (stamp != _stamp)
                {
                    Volatile.Write(ref _options, Load());
                    _stamp = stamp;
                }
            }
            catch (Exception e) when (IsUnusable(e))
            {
                // Half-written, or one file is new and the other is not yet: looked at again in a second.
            }
            return _options;
        }
    }

    /// <summary>An ArgumentException says that key and certificate do not belong together.</summary>
    private static bool IsUnusable(Exception e) =>
        e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException;

    private (DateTime, DateTime) Stamp() => (File.GetLastWriteTimeUtc(_certificatePath), File.GetLastWriteTimeUtc(_keyPath));

    private SslServerAuthenticationOptions Load()
    {
        var leaf = X509Certificate2.CreateFromPemFile(_certificatePath, _keyPath);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificatePath);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        };
    }
}
