using System.Text.Json;

namespace Gateway.Upstream.Auth;

/// <summary>Why an endpoint refused to give a credential.</summary>
internal static class EndpointError
{
    /// <summary>
    /// The reason on one line: OAuth's <c>error</c> and <c>error_description</c> (RFC 6749, 5.2), IBM's <c>errorMessage</c>, or the
    /// code and message of AWS's XML. Nothing: there is none that could be read.
    /// </summary>
    public static string Read(string body)
    {
        var reason = XmlText.Find(body, "Code") is { } code ? Join(code, XmlText.Find(body, "Message")) : ReadJson(body);
        return string.Concat(reason.Select(c => char.IsControl(c) ? ' ' : c));
    }

    private static string ReadJson(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("error", out var inner) && inner.ValueKind == JsonValueKind.Object)
                root = inner;
            return Join(
                TokenEndpoint.Text(root, "error") ?? TokenEndpoint.Text(root, "errorCode"),
                TokenEndpoint.Text(root, "error_description") ?? TokenEndpoint.Text(root, "errorMessage")
                    ?? TokenEndpoint.Text(root, "message"));
        }
        catch (JsonException)
        {
            return ""; // a page of a proxy
        }
    }

    private static string Join(string? code, string? message) =>
        string.Join(": ", new[] { code, message }.Where(part => part is { Length: > 0 }));
}
