using Gateway.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Pipeline;

/// <summary>Reads the headers in which a client says how its request is tried; each beats the body's parameter.</summary>
internal static class RoutingHeaders
{
    private const string Timeout = "x-litellm-timeout";
    private const string StreamTimeout = "x-litellm-stream-timeout";
    private const string NumRetries = "x-litellm-num-retries";
    private const string Tags = "x-litellm-tags";

    /// <summary>Puts what the headers say into <see cref="ClientRequest.Routing"/>.</summary>
    /// <returns>Null, or which header cannot be meant.</returns>
    public static ApiError? Read(IHeaderDictionary headers, ClientRequest request)
    {
        var routing = request.Routing;
        if (Find(headers, Timeout) is { } timeoutText)
        {
            if (RoutingParamReader.Seconds(Timeout, timeoutText, RoutingParamReader.Quote(timeoutText), out var timeout) is { } error)
                return error;
            routing = (routing ?? RoutingParams.None) with { Timeout = timeout };
        }
        if (Find(headers, StreamTimeout) is { } streamText)
        {
            if (RoutingParamReader.Seconds(StreamTimeout, streamText, RoutingParamReader.Quote(streamText), out var timeout) is { } error)
                return error;
            routing = (routing ?? RoutingParams.None) with { StreamTimeout = timeout };
        }
        if (Find(headers, NumRetries) is { } retriesText)
        {
            if (RoutingParamReader.Retries(NumRetries, retriesText, RoutingParamReader.Quote(retriesText), out var retries) is { } error)
                return error;
            routing = (routing ?? RoutingParams.None) with { NumRetries = retries };
        }
        if (Find(headers, Tags) is { } tagText)
        {
            IReadOnlyList<string> tags = [];
            var named = tagText.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (RoutingParamReader.AddTags(Tags, named, ref tags) is { } error)
                return error;
            routing = (routing ?? RoutingParams.None) with { Tags = tags };
        }
        request.Routing = routing;
        return null;
    }

    /// <summary>Null: not sent, or empty.</summary>
    private static string? Find(IHeaderDictionary headers, string name) =>
        headers.TryGetValue(name, out var values) && !StringValues.IsNullOrEmpty(values) ? values.ToString().Trim() : null;
}
