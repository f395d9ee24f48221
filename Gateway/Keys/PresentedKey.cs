using Microsoft.Extensions.Primitives;

namespace Gateway.Keys;

/// <summary>
/// Finds the key that a request shows, in the headers and the order of LiteLLM. Never in the query string, which is logged everywhere.
/// </summary>
internal static class PresentedKey
{
    /// <summary>
    /// Looked at after <c>x-litellm-api-key</c> and <c>Authorization</c>; they hold the key alone. (Azure, Anthropic, Google, Azure API
    /// Management.)
    /// </summary>
    private static readonly string[] PlainHeaders = ["api-key", "x-api-key", "x-goog-api-key", "Ocp-Apim-Subscription-Key"];

    /// <summary>The first header that is there and not empty decides, even when its key is wrong.</summary>
    /// <param name="onlyHeader"><c>litellm_key_header_name</c>, which replaces all others. Null: not set.</param>
    /// <param name="key">A part of the header's text; empty exactly when the request is refused.</param>
    /// <returns>Null, or why there is no key.</returns>
    public static ApiError? Find(IHeaderDictionary headers, string? onlyHeader, out ReadOnlySpan<char> key)
    {
        if (onlyHeader is not null)
            return Read(headers[onlyHeader], SchemeIs.Optional, out key) ?? (key.IsEmpty ? ApiError.NoApiKey() : null);

        if (Read(headers["x-litellm-api-key"], SchemeIs.Optional, out key) is { } wrong)
            return wrong;
        if (!key.IsEmpty)
            return null;

        if (Read(headers.Authorization, SchemeIs.Required, out key) is { } malformed)
            return malformed;
        if (!key.IsEmpty)
            return null;

        foreach (var name in PlainHeaders)
        {
            if (Read(headers[name], SchemeIs.Absent, out key) is { } repeated)
                return repeated;
            if (!key.IsEmpty)
                return null;
        }

        return ApiError.NoApiKey();
    }

    /// <summary>The text of <c>Authorization</c> where it alone decides. Null: another header may, or it is repeated or missing.</summary>
    public static string? OnlyBearer(IHeaderDictionary headers) =>
        headers.Authorization is { Count: 1 } header && !headers.ContainsKey("x-litellm-api-key") ? header[0] : null;

    private enum SchemeIs { Required, Optional, Absent }

    /// <summary>The key of one header; empty when the header is not there or holds nothing.</summary>
    private static ApiError? Read(StringValues header, SchemeIs scheme, out ReadOnlySpan<char> key)
    {
        key = default;
        // Two values: what we check might not be what another reader of the request believes.
        if (header.Count > 1)
            return ApiError.MalformedApiKey();
        key = header.ToString().AsSpan().Trim();
        if (key.IsEmpty || scheme == SchemeIs.Absent)
            return null;
        // LiteLLM takes the key as it stands after "Basic", too.
        if (TryStripScheme("Bearer", ref key) || scheme == SchemeIs.Optional || TryStripScheme("Basic", ref key))
            return null;
        key = default;
        return ApiError.MalformedApiKey();
    }

    /// <summary>Schemes are compared without regard to case (RFC 9110, 11.1).</summary>
    private static bool TryStripScheme(string scheme, ref ReadOnlySpan<char> value)
    {
        if (!value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            return false;
        var rest = value[scheme.Length..];
        if (!rest.IsEmpty && rest[0] != ' ')
            return false;
        value = rest.TrimStart(' ');
        return true;
    }
}
