using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Alerts;

/// <summary>
/// Signs a webhook call, so that its receiver knows who sends it and that it is not an old one sent again:
/// <c>t=UNIX_SECONDS,v1=HEX</c>, where HEX is HMAC-SHA256 of <c>UNIX_SECONDS.BODY</c> under the shared secret.
/// </summary>
internal static class WebhookSignature
{
    public const string Header = "x-gateway-signature";

    public static string Of(string secret, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var time = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hmac.AppendData(Encoding.UTF8.GetBytes(time + "."));
        hmac.AppendData(body);
        return $"t={time},v1={Convert.ToHexStringLower(hmac.GetHashAndReset())}";
    }
}
