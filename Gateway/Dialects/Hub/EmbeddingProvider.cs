using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>The provider's half of a dialect for embeddings: requests out, vectors in. One instance serves all requests.</summary>
public abstract class EmbeddingProvider
{
    /// <summary>The wire format that the provider speaks.</summary>
    public abstract WireFormat Format { get; }

    /// <summary>What it can carry, of the features that are said of embeddings.</summary>
    public abstract FeatureTable Features { get; }

    /// <summary>Looks for what cannot be carried because of a value; as <see cref="HubProvider.Fit"/>.</summary>
    public virtual void Fit(EmbeddingRequest request, HubTarget target, HubLosses losses)
    {
    }

    /// <summary>Writes the body; what the provider cannot carry has been taken out before.</summary>
    public abstract void Write(EmbeddingRequest request, HubTarget target, Utf8JsonWriter json);

    /// <summary>Reads an answer.</summary>
    /// <param name="body">JSON, as it came.</param>
    /// <param name="target">Where it came from: the same provider may answer in more than one form.</param>
    /// <returns>Null: it is not what this dialect answers with.</returns>
    public abstract EmbeddingAnswer? ReadAnswer(ReadOnlyMemory<byte> body, HubTarget target);
}
