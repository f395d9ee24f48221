using Gateway.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Pipeline;

/// <summary>
/// The headers of a client that go on to a provider of the same dialect: those that the dialect names, never what a client chooses.
/// </summary>
internal static class ForwardedHeaders
{
    /// <summary>Clients list a dozen betas of 30 characters; a hundred are not meant.</summary>
    private const int MaxLength = 4096;

    /// <summary>Puts them into the request.</summary>
    /// <returns>Null, or which header cannot be passed on.</returns>
    public static ApiError? Read(IHeaderDictionary headers, Dialect dialect, ClientRequest request)
    {
        if (dialect.ForwardedHeaders.Count == 0)
            return null;
        List<KeyValuePair<string, string>>? found = null;
        foreach (var name in dialect.ForwardedHeaders)
        {
            if (!headers.TryGetValue(name, out var values) || StringValues.IsNullOrEmpty(values))
                continue;
            var value = values.ToString();
            if (value.Length > MaxLength || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                return ApiError.InvalidParameter(name, $"must be a header of at most {MaxLength} visible ASCII characters");
            (found ??= []).Add(new(name, value));
        }
        request.Headers = found ?? request.Headers;
        return null;
    }

    /// <summary>What is sent beside a body of that format: what the provider wants, the client's in its place where bytes pass.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> For(
        IReadOnlyList<KeyValuePair<string, string>> wanted, IReadOnlyList<KeyValuePair<string, string>> client) => client.Count == 0
        ? wanted
        : [.. client, .. wanted.Where(own => !client.Any(sent => sent.Key.Equals(own.Key, StringComparison.OrdinalIgnoreCase)))];
}
