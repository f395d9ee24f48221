using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Gemini;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>The URLs at which clients ask how many tokens a request has.</summary>
internal static class TokenCountApi
{
    private static readonly ClientEndpoint Anthropic = new("/v1/messages/count_tokens", new AnthropicDialect(), Operation.Chat);

    private static readonly ClientEndpoint Gemini =
        new("/v1beta/models/{model}:countTokens", new GeminiDialect(), Operation.Chat, ModelInPath: true);

    public static void Map(IEndpointRouteBuilder app, TokenCount count)
    {
        foreach (var path in (string[])[Anthropic.Route, "/anthropic" + Anthropic.Route])
            app.MapPost(path, (RequestDelegate)(http => count.HandleAsync(http, Anthropic)));
        foreach (var path in (string[])[Gemini.Route, "/v1beta/models/{vendor}/{model}:countTokens"])
            app.MapPost(path, (RequestDelegate)(http => count.HandleAsync(http, Gemini)));
    }
}
