using Gateway.Keys;

namespace Gateway.Pipeline;

/// <summary>What is done with files or batches.</summary>
public enum FileAction { Create, List, Show, Content, Delete, Cancel }

/// <summary>One URL of files or batches.</summary>
public sealed record FileCall(OwnedKind Kind, FileAction Action)
{
    /// <summary>How the API calls them, in paths and in the ledger.</summary>
    public string Name => Kind == OwnedKind.Batch ? "batches" : "files";

    /// <summary>How it is called at the provider.</summary>
    public HttpMethod Method => Action switch
    {
        FileAction.Create or FileAction.Cancel => HttpMethod.Post,
        FileAction.Delete => HttpMethod.Delete,
        _ => HttpMethod.Get,
    };

    /// <summary>True where the path names one.</summary>
    public bool HasId => Action is not (FileAction.Create or FileAction.List);

    /// <summary>True where money may be spent.</summary>
    public bool CreatesBatch => Kind == OwnedKind.Batch && Action == FileAction.Create;

    /// <summary>The path behind the provider's base URL.</summary>
    /// <param name="id">Checked by <see cref="OwnedIds.IsId"/>. Null: none.</param>
    public string PathOf(string? id) => $"/{Name}" + (id is null ? "" : $"/{id}") + Action switch
    {
        FileAction.Content => "/content",
        FileAction.Cancel => "/cancel",
        _ => "",
    };
}
