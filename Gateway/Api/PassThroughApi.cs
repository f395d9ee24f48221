using Gateway.Dialects.OpenAi;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>The URLs of models that do something else than write: pictures, speech, moderations, rerank.</summary>
internal static class PassThroughApi
{
    /// <summary>What stands behind <c>/v1</c> or, where Azure has it, a deployment.</summary>
    private static readonly (string Path, Operation Operation)[] Operations =
    [
        ("/images/generations", Operation.Images),
        ("/images/edits", Operation.ImageEdits),
        ("/images/variations", Operation.ImageVariations),
        ("/audio/speech", Operation.Speech),
        ("/audio/transcriptions", Operation.Transcriptions),
        ("/audio/translations", Operation.Translations),
        ("/moderations", Operation.Moderations),
        ("/rerank", Operation.Rerank),
    ];

    public static void Map(IEndpointRouteBuilder app, GatewayPipeline pipeline)
    {
        foreach (var (path, operation) in Operations)
        {
            var dialect = new PassThroughDialect(operation);
            Map(app, pipeline, new ClientEndpoint("/v1" + path, dialect, operation));
            Map(app, pipeline, new ClientEndpoint(path, dialect, operation));
            if (operation == Operation.Rerank)
            {
                Map(app, pipeline, new ClientEndpoint("/v2" + path, dialect, operation));
                continue;
            }
            var azure = new ClientEndpoint("/openai/deployments/{model}" + path, dialect, operation, ModelInPath: true);
            Map(app, pipeline, azure);
            Map(app, pipeline, azure, "/openai/deployments/{vendor}/{model}" + path);
        }
    }

    /// <param name="route">Null: the endpoint's own.</param>
    private static void Map(IEndpointRouteBuilder app, GatewayPipeline pipeline, ClientEndpoint endpoint, string? route = null) =>
        app.MapPost(route ?? endpoint.Route, (RequestDelegate)(http => pipeline.HandleAsync(http, endpoint)));
}
