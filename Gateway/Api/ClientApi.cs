using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Gemini;
using Gateway.Dialects.OpenAi;
using Gateway.Dialects.Responses;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>The URLs at which clients call models.</summary>
internal static class ClientApi
{
    /// <summary>What stands behind <c>/v1</c>, an Azure deployment or an engine; by operation.</summary>
    private static readonly (string Path, Operation Operation)[] Operations =
    [
        ("/chat/completions", Operation.Chat),
        ("/completions", Operation.Completions),
        ("/embeddings", Operation.Embeddings),
    ];

    /// <summary>Google's SDKs call the beta; its stable version, and LiteLLM's path for Google's clients, mean the same here.</summary>
    private static readonly string[] GeminiPrefixes = ["/v1beta/models/", "/v1/models/", "/gemini/v1beta/models/"];

    public static void Map(IEndpointRouteBuilder app, GatewayPipeline pipeline)
    {
        var openAi = new OpenAiDialect();
        foreach (var (path, operation) in Operations)
        {
            Map(app, pipeline, new ClientEndpoint("/v1" + path, openAi, operation));
            Map(app, pipeline, new ClientEndpoint(path, openAi, operation));
            foreach (var prefix in (string[])["/openai/deployments/", "/engines/"])
            {
                var endpoint = new ClientEndpoint(prefix + "{model}" + path, openAi, operation, ModelInPath: true);
                Map(app, pipeline, endpoint);
                Map(app, pipeline, endpoint, prefix + "{vendor}/{model}" + path);
            }
        }
        var responses = new ResponsesDialect();
        foreach (var path in (string[])["/v1/responses", "/responses", "/openai/v1/responses", "/openai/responses"])
            Map(app, pipeline, new ClientEndpoint(path, responses, Operation.Chat));
        var anthropic = new AnthropicDialect();
        foreach (var path in (string[])["/v1/messages", "/messages", "/anthropic/v1/messages"])
            Map(app, pipeline, new ClientEndpoint(path, anthropic, Operation.Chat));
        foreach (var prefix in GeminiPrefixes)
            MapGemini(app, pipeline, prefix);
    }

    /// <summary>The verb stands behind the model; without <c>alt=sse</c> a stream is one JSON array.</summary>
    private static void MapGemini(IEndpointRouteBuilder app, GatewayPipeline pipeline, string prefix)
    {
        var (events, array) = (new GeminiDialect(), new GeminiDialect(isJsonArray: true));
        var whole = new ClientEndpoint(prefix + "{model}:generateContent", events, Operation.Chat, ModelInPath: true) { IsStream = false };
        var route = prefix + "{model}:streamGenerateContent";
        var stream = new ClientEndpoint(route, events, Operation.Chat, ModelInPath: true) { IsStream = true };
        var listed = new ClientEndpoint(route, array, Operation.Chat, ModelInPath: true) { IsStream = true, Hub = new GeminiClient(isJsonArray: true) };
        foreach (var name in (string[])["{model}", "{vendor}/{model}"])
        {
            Map(app, pipeline, whole, prefix + name + ":generateContent");
            app.MapPost(prefix + name + ":streamGenerateContent", (RequestDelegate)(http =>
                pipeline.HandleAsync(http, http.Request.Query["alt"] == "sse" ? stream : listed)));
        }
    }

    /// <param name="route">Null: the endpoint's own.</param>
    private static void Map(IEndpointRouteBuilder app, GatewayPipeline pipeline, ClientEndpoint endpoint, string? route = null) =>
        app.MapPost(route ?? endpoint.Route, (RequestDelegate)(http => pipeline.HandleAsync(http, endpoint)));
}
