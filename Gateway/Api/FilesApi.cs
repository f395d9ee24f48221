using Gateway.Dialects.OpenAi;
using Gateway.Keys;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>The URLs of files and batches.</summary>
internal static class FilesApi
{
    private static readonly (string Method, string Path, FileCall Call)[] Calls =
    [
        ("POST", "/files", new(OwnedKind.File, FileAction.Create)),
        ("GET", "/files", new(OwnedKind.File, FileAction.List)),
        ("GET", "/files/{id}", new(OwnedKind.File, FileAction.Show)),
        ("DELETE", "/files/{id}", new(OwnedKind.File, FileAction.Delete)),
        ("GET", "/files/{id}/content", new(OwnedKind.File, FileAction.Content)),
        ("POST", "/batches", new(OwnedKind.Batch, FileAction.Create)),
        ("GET", "/batches", new(OwnedKind.Batch, FileAction.List)),
        ("GET", "/batches/{id}", new(OwnedKind.Batch, FileAction.Show)),
        ("POST", "/batches/{id}/cancel", new(OwnedKind.Batch, FileAction.Cancel)),
    ];

    public static void Map(IEndpointRouteBuilder app, GatewayPipeline pipeline)
    {
        var dialect = new PassThroughDialect(Operation.Files);
        foreach (var (method, path, call) in Calls)
        {
            foreach (var prefix in (string[])["/v1", ""])
            {
                var endpoint = new ClientEndpoint(prefix + path, dialect, Operation.Files) { File = call };
                app.MapMethods(endpoint.Route, [method], (RequestDelegate)(http => pipeline.HandleAsync(http, endpoint)));
            }
        }
    }
}
