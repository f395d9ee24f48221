namespace Gateway.Dialects;

/// <summary>The wire formats that clients and providers speak. The numbers are written into seals of thoughts and stay as they are.</summary>
public enum WireFormat
{
    /// <summary>OpenAI's chat completions, legacy completions and embeddings.</summary>
    OpenAi = 0,

    /// <summary>OpenAI's Responses.</summary>
    Responses = 1,

    /// <summary>Anthropic's Messages.</summary>
    Anthropic = 2,

    /// <summary>Google's generateContent.</summary>
    Gemini = 3,

    /// <summary>Amazon Bedrock's Converse.</summary>
    Converse = 4,

    /// <summary>Cohere's chat, second version.</summary>
    Cohere = 5,

    /// <summary>Ollama's own.</summary>
    Ollama = 6,
}
