using Gateway.Dialects;

namespace Gateway.Catalog;

/// <summary>The path behind a base URL at which a wire format is spoken. A model's name in it is one escaped segment.</summary>
internal static class FormatPath
{
    /// <param name="model">The model at the provider.</param>
    /// <exception cref="ArgumentException">The model's name cannot stand in a path (<see cref="UpstreamUrl.IsSegment"/>).</exception>
    public static string Of(WireFormat format, Operation operation, string model, bool isStream)
    {
        var isEmbedding = operation == Operation.Embeddings;
        return format switch
        {
            WireFormat.Anthropic => "/messages",
            WireFormat.Gemini when isEmbedding => $"/models/{Segment(model)}:batchEmbedContents",
            WireFormat.Gemini => $"/models/{Segment(model)}:{(isStream ? "streamGenerateContent?alt=sse" : "generateContent")}",
            WireFormat.Converse => $"/model/{Segment(model)}/{(isStream ? "converse-stream" : "converse")}",
            WireFormat.Cohere => isEmbedding ? "/v2/embed" : "/v2/chat",
            WireFormat.Ollama => isEmbedding ? "/api/embed" : "/api/chat",
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "This wire format's paths are made elsewhere."),
        };
    }

    private static string Segment(string model) => UpstreamUrl.IsSegment(model)
        ? Uri.EscapeDataString(model)
        : throw new ArgumentException("The model's name cannot stand in a URL.", nameof(model));
}
