using Gateway.Dialects;

namespace Gateway.Catalog;

/// <summary>The path behind a base URL at which a wire format is spoken. A model's name in it is one escaped segment.</summary>
internal static class FormatPath
{
    /// <summary>The version of watsonx.ai's API that has the chats (https://cloud.ibm.com/apidocs/watsonx-ai#text-chat).</summary>
    private const string WatsonxVersion = "?version=2025-02-11";

    /// <param name="model">The model at the provider.</param>
    /// <returns>Null: the path is OpenAI's own.</returns>
    /// <exception cref="ArgumentException">The model's name cannot stand in a path (<see cref="UpstreamUrl.IsSegment"/>).</exception>
    public static string? Of(Provider provider, WireFormat format, Operation operation, string model, bool isStream)
    {
        var isEmbedding = operation == Operation.Embeddings;
        return format switch
        {
            WireFormat.OpenAi when provider.Auth == AuthScheme.WatsonxIam => OfWatsonx(isEmbedding, isStream),
            WireFormat.OpenAi when provider.Auth == AuthScheme.GoogleOAuth => "/endpoints/openapi/chat/completions",
            WireFormat.OpenAi or WireFormat.Responses => null,
            WireFormat.Anthropic => OfAnthropic(provider, model, isStream),
            WireFormat.Gemini => OfGemini(provider, model, isEmbedding, isStream),
            WireFormat.Converse => $"/model/{Segment(model)}/{(isStream ? "converse-stream" : "converse")}",
            WireFormat.Cohere => isEmbedding ? "/v2/embed" : "/v2/chat",
            WireFormat.Ollama => isEmbedding ? "/api/embed" : "/api/chat",
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No path is known for this wire format."),
        };
    }

    private static string OfWatsonx(bool isEmbedding, bool isStream) =>
        $"/ml/v1/text/{(isEmbedding ? "embeddings" : isStream ? "chat_stream" : "chat")}{WatsonxVersion}";

    private static string OfAnthropic(Provider provider, string model, bool isStream) => provider.Auth switch
    {
        AuthScheme.AwsSigV4 => $"/model/{Segment(model)}/{(isStream ? "invoke-with-response-stream" : "invoke")}",
        AuthScheme.GoogleOAuth => $"/publishers/anthropic/models/{Segment(model)}:{(isStream ? "streamRawPredict" : "rawPredict")}",
        _ => "/messages",
    };

    private static string OfGemini(Provider provider, string model, bool isEmbedding, bool isStream)
    {
        var isVertex = provider.Auth == AuthScheme.GoogleOAuth;
        var verb = isEmbedding ? (isVertex ? "predict" : "batchEmbedContents") : isStream ? "streamGenerateContent?alt=sse" : "generateContent";
        return $"{(isVertex ? "/publishers/google" : "")}/models/{Segment(model)}:{verb}";
    }

    private static string Segment(string model) => UpstreamUrl.IsSegment(model)
        ? Uri.EscapeDataString(model)
        : throw new ArgumentException("The model's name cannot stand in a URL.", nameof(model));
}
