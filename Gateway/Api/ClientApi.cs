using Gateway.Dialects.Anthropic;
using Gateway.Dialects.OpenAi;
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
        MapAnthropic(app, pipeline);
    }

    private static void MapAnthropic(IEndpointRouteBuilder app, GatewayPipeline pipeline)
    {
        var anthropic = new AnthropicDialect();
        foreach (var path in (string[])["/v1/messages", "/messages", "/anthropic/v1/messages"])
            Map(app, pipeline, new ClientEndpoint(path, anthropic, Operation.Chat));
    }

    /// <param name="route">Null: the endpoint's own.</param>
    private static void Map(IEndpointRouteBuilder app, GatewayPipeline pipeline, ClientEndpoint endpoint, string? route = null) =>
        app.MapPost(route ?? endpoint.Route, (RequestDelegate)(http => pipeline.HandleAsync(http, endpoint)));
}
