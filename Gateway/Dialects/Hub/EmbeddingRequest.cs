using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>Texts to turn into vectors, in no dialect's words.</summary>
/// <remarks>Null means: not said. JSON values are parts of a document that lives as long as the request.</remarks>
public sealed class EmbeddingRequest
{
    /// <summary>The texts; the answer has one vector for each, in this order.</summary>
    public List<string> Inputs { get; private set; } = [];

    /// <summary>How many numbers a vector shall have.</summary>
    public long? Dimensions { get; set; }

    /// <summary>
    /// What the vectors are for, in lower case and in the words that providers share: <c>search_query</c>, <c>search_document</c>,
    /// <c>classification</c>, <c>clustering</c>, <c>semantic_similarity</c>; any other is the client's own.
    /// </summary>
    public string? InputType { get; set; }

    /// <summary>What happens to a text that is too long: <c>NONE</c> (an error), <c>START</c>, <c>END</c>.</summary>
    public string? Truncate { get; set; }
    public string? EndUser { get; set; }

    /// <summary>True when the client wants its vectors as base64 of little-endian 32-bit floats (OpenAI's SDKs do).</summary>
    public bool IsBase64 { get; set; }

    /// <summary>Members without a word here: name as the client wrote it, and value. Each is noted as <see cref="Feature.Unknown"/>, too.</summary>
    public List<KeyValuePair<string, JsonElement>> Extras { get; private set; } = [];

    /// <summary>Every feature that the request uses.</summary>
    public List<FeatureUse> Uses { get; private set; } = [];

    /// <summary>Notes that a feature is used.</summary>
    public void Use(Feature feature, string param) => Uses.Add(new(feature, param));

    /// <summary>A request of its own with the same parts.</summary>
    public EmbeddingRequest Copy()
    {
        var copy = (EmbeddingRequest)MemberwiseClone();
        (copy.Inputs, copy.Extras, copy.Uses) = ([.. Inputs], [.. Extras], [.. Uses]);
        return copy;
    }
}
