using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>
/// Gets access tokens of Google Cloud's: for a service account's key
/// (https://developers.google.com/identity/protocols/oauth2/service-account), for a person who has logged in, or for the machine on
/// which the gateway runs.
/// </summary>
internal sealed class GoogleTokens(TokenEndpoint endpoint, TimeProvider time)
{
    private const string What = "Google's token endpoint";
    private const string Metadata = "Google's metadata server";
    private const string MetadataPath = "/computeMetadata/v1/instance/service-accounts/default/token";
    private const string Scope = "https://www.googleapis.com/auth/cloud-platform";

    /// <summary>The most that Google takes.</summary>
    private static readonly TimeSpan AssertionLifetime = TimeSpan.FromHours(1);

    /// <summary>A token for what the settings name; the file is read anew each time.</summary>
    /// <exception cref="AuthException">None could be had.</exception>
    public Task<AccessToken> ObtainAsync(VertexSettings settings, CancellationToken ct)
    {
        var credentials = GoogleCredentials.Read(settings, out var problem);
        if (problem is not null)
            throw new AuthException(problem);
        if (credentials is null)
            return OfMachineAsync(settings.MetadataHost, ct);
        var uri = TokenEndpoint.UrlOf(credentials.TokenUri, What);
        return credentials.ClientEmail is null
            ? endpoint.PostAsync(uri, What, Refresh(credentials), [credentials.ClientSecret, credentials.RefreshToken], time, ct,
                credentials.QuotaProjectId)
            : endpoint.PostAsync(uri, What, Assert(credentials), [], time, ct, credentials.QuotaProjectId);
    }

    private static KeyValuePair<string, string>[] Refresh(GoogleCredentials credentials) =>
    [
        new("grant_type", "refresh_token"),
        new("client_id", credentials.ClientId!),
        new("client_secret", credentials.ClientSecret!.Reveal()),
        new("refresh_token", credentials.RefreshToken!.Reveal()),
    ];

    /// <summary>A JWT that the account's key signs (RFC 7523): header and claims, each in base64, and the signature over both.</summary>
    private KeyValuePair<string, string>[] Assert(GoogleCredentials credentials)
    {
        var now = time.GetUtcNow();
        var header = Json(json =>
        {
            json.WriteString("alg", "RS256");
            json.WriteString("typ", "JWT");
            if (credentials.PrivateKeyId is { } id)
                json.WriteString("kid", id);
        });
        var claims = Json(json =>
        {
            json.WriteString("iss", credentials.ClientEmail);
            json.WriteString("scope", Scope);
            json.WriteString("aud", credentials.TokenUri);
            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + AssertionLifetime).ToUnixTimeSeconds());
        });
        var toSign = $"{header}.{claims}";
        return
        [
            new("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            new("assertion", $"{toSign}.{Sign(credentials.PrivateKey!, toSign)}"),
        ];
    }

    private static string Json(Action<Utf8JsonWriter> members)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return Base64Url.EncodeToString(bytes.WrittenSpan);
    }

    private static string Sign(Secret privateKey, string text)
    {
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(privateKey.Reveal());
            var signature = rsa.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return Base64Url.EncodeToString(signature);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new AuthException("the private_key of Google's credentials is no RSA key in PEM");
        }
    }

    private Task<AccessToken> OfMachineAsync(string host, CancellationToken ct)
    {
        if (!Uri.TryCreate($"http://{host}{MetadataPath}", UriKind.Absolute, out var uri))
            throw new AuthException("GCE_METADATA_HOST must be a host, and a port if need be");
        var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.TryAddWithoutValidation("Metadata-Flavor", "Google");
        return AskAsync();

        async Task<AccessToken> AskAsync()
        {
            try
            {
                return await endpoint.TokenAsync(request, Metadata, [], time, ct);
            }
            catch (AuthException e) when (e.IsTransient)
            {
                throw new AuthException(
                    $"there are no Google credentials (vertex_credentials, GOOGLE_APPLICATION_CREDENTIALS), and {e.Message}",
                    isTransient: true);
            }
        }
    }
}
