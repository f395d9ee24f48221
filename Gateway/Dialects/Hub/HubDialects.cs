using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Bedrock;
using Gateway.Dialects.Cohere;
using Gateway.Dialects.Gemini;
using Gateway.Dialects.Ollama;
using Gateway.Dialects.OpenAi;
using Gateway.Dialects.Responses;

namespace Gateway.Dialects.Hub;

/// <summary>The halves of all dialects that there are: what a client may speak, and what a provider may.</summary>
public static class HubDialects
{
    /// <summary>What clients may speak, by the name that fixtures and the compatibility matrix use.</summary>
    public static readonly IReadOnlyList<(string Name, HubClient Half)> Clients =
    [
        ("openai", new OpenAiChatClient()),
        ("completions", new OpenAiCompletionsClient()),
        ("anthropic", new AnthropicClient()),
        ("gemini", new GeminiClient()),
        ("responses", new ResponsesClient()),
    ];

    /// <summary>What providers may speak.</summary>
    public static readonly IReadOnlyList<(string Name, HubProvider Half)> Providers =
    [
        ("openai", new OpenAiChatProvider()),
        ("anthropic", new AnthropicProvider()),
        ("gemini", new GeminiProvider()),
        ("responses", new ResponsesProvider()),
        ("converse", new ConverseProvider()),
        ("cohere", new CohereProvider()),
        ("ollama", new OllamaProvider()),
    ];

    private static readonly EmbeddingProvider[] Embeddings = [new GeminiEmbeddings(), new CohereEmbeddings(), new OllamaEmbeddings()];

    /// <summary>The provider's half of a wire format for embeddings. Null: it is OpenAI's, or has none.</summary>
    public static EmbeddingProvider? EmbeddingsOf(WireFormat format) => Array.Find(Embeddings, half => half.Format == format);

    /// <summary>The client's half of that name.</summary>
    public static HubClient ClientOf(string name) => Clients.First(half => half.Name == name).Half;

    /// <summary>The provider's half of a wire format.</summary>
    public static HubProvider ProviderOf(WireFormat format)
    {
        foreach (var (_, half) in Providers)
        {
            if (half.Format == format)
                return half;
        }
        throw new ArgumentOutOfRangeException(nameof(format), format, "No provider's half speaks this wire format.");
    }
}
