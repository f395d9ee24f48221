using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Pipeline;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Api;

/// <summary>TLS from PEM files.</summary>
public sealed class TlsTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-tls-").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private string CertificatePath => Path.Combine(_folder, "tls.crt");
    private string KeyPath => Path.Combine(_folder, "tls.key");

    [TearDown]
    public void DeleteFiles() => Directory.Delete(_folder, recursive: true);

    /// <summary>Writes a self-signed certificate and its key; returns its thumbprint.</summary>
    private string WritePair()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var start = TimeProvider.System.GetUtcNow().AddDays(-1);
        using var certificate = request.CreateSelfSigned(start, start.AddDays(30));
        File.WriteAllText(CertificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }

    /// <summary>Makes the file look newer: some file systems count in seconds.</summary>
    private void Touch(int minutes) =>
        File.SetLastWriteTimeUtc(CertificatePath, File.GetLastWriteTimeUtc(CertificatePath).AddMinutes(minutes));

    private Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(
        Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1"), time: _time,
        change: options => options with { CertificateFile = CertificatePath, CertificateKeyFile = KeyPath });

    /// <summary>Asks on a new connection.</summary>
    private static async Task<(string? Thumbprint, Version Version)> AskAsync(GatewayHost gateway, Version version)
    {
        string? thumbprint = null;
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => (thumbprint = certificate!.Thumbprint) is not null,
        };
        using var http = new HttpClient(handler) { BaseAddress = gateway.Http.BaseAddress, Timeout = GatewayHost.Patience };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models")
        {
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await http.SendAsync(request);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return (thumbprint, response.Version);
    }

    [TestCase("1.1")]
    [TestCase("2.0")]
    public async Task TheCertificateIsShownAndTheProtocolIsTheClientsChoice(string version)
    {
        var thumbprint = WritePair();
        await using var gateway = await StartAsync();

        Assert.That(gateway.App.Addresses.Single(), Does.StartWith("https://"));
        Assert.That(await AskAsync(gateway, new Version(version)), Is.EqualTo((thumbprint, new Version(version))));
    }

    [Test]
    public async Task ARenewedCertificateIsShownWithoutARestart()
    {
        var old = WritePair();
        await using var gateway = await StartAsync();
        Assert.That((await AskAsync(gateway, HttpVersion.Version11)).Thumbprint, Is.EqualTo(old));

        var renewed = WritePair();
        Touch(minutes: 1);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.That((await AskAsync(gateway, HttpVersion.Version11)).Thumbprint, Is.EqualTo(renewed).And.Not.EqualTo(old));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task WhileTheFilesAreBeingReplacedTheOldCertificateIsShown(bool keyIsOld)
    {
        var old = WritePair();
        await using var gateway = await StartAsync();

        var oldKey = File.ReadAllText(KeyPath);
        WritePair();
        File.WriteAllText(KeyPath, oldKey);
        if (!keyIsOld)
            File.WriteAllText(CertificatePath, "-----BEGIN CERTIFICATE-----\nMII");
        Touch(minutes: 1);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.That((await AskAsync(gateway, HttpVersion.Version11)).Thumbprint, Is.EqualTo(old));

        var renewed = WritePair();
        Touch(minutes: 2);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.That((await AskAsync(gateway, HttpVersion.Version11)).Thumbprint, Is.EqualTo(renewed));
    }

    [Test]
    public async Task AKeyThatDoesNotBelongToItsCertificateStopsTheStart()
    {
        WritePair();
        var certificate = File.ReadAllText(CertificatePath);
        WritePair();
        File.WriteAllText(CertificatePath, certificate);

        var refusal = await Assert.ThrowsAsync<StartException>(StartAsync);

        Assert.That(refusal!.Message, Does.Contain(CertificatePath).And.Contain(KeyPath));
    }
}
