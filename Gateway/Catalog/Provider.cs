using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>How a provider wants to be shown who calls.</summary>
public enum AuthScheme
{
    /// <summary><c>Authorization: Bearer KEY</c>.</summary>
    Bearer,

    /// <summary><c>api-key: KEY</c> (Azure).</summary>
    ApiKeyHeader,

    /// <summary><c>x-api-key: KEY</c> (Anthropic).</summary>
    XApiKey,

    /// <summary><c>x-goog-api-key: KEY</c> (Gemini on AI Studio), never in the URL.</summary>
    GoogApiKey,

    /// <summary>A signature of AWS's (Bedrock); with a Bedrock API key, that as a bearer token.</summary>
    AwsSigV4,

    /// <summary>A token of Google Cloud's (Vertex AI); with an API key, that in <c>x-goog-api-key</c>.</summary>
    GoogleOAuth,

    /// <summary>Azure: the key in <c>api-key</c>, else a token of Microsoft Entra ID.</summary>
    AzureEntra,

    /// <summary>A token of IBM Cloud's that is given for the key (watsonx.ai).</summary>
    WatsonxIam,
}

/// <summary>A company's (or server's) API as a data row.</summary>
public sealed record Provider
{
    /// <summary>LiteLLM's prefix: <c>openai</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How people call it in messages: <c>OpenAI</c>. LiteLLM builds <c>OpenAIException</c> of it.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Default base URL. Null: <c>api_base</c> is required.</summary>
    public string? ApiBase { get; init; }

    /// <summary>The path that a base URL must end with; what a given one lacks of it is added (<c>/v1</c> for Ollama). Null: taken as it is.</summary>
    public string? ApiBasePath { get; init; }

    /// <summary>Put before a model's name unless it is there already. Null: nothing.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Environment variables that may hold the base URL, in order.</summary>
    public string[] ApiBaseVariables { get; init; } = [];

    /// <summary>Environment variables that may hold the key, in order.</summary>
    public string[] KeyVariables { get; init; } = [];

    /// <summary>The wire formats that it speaks, best first; a client that speaks one of them has its bytes passed on.</summary>
    public WireFormat[] Speaks { get; init; } = [WireFormat.OpenAi];

    public AuthScheme Auth { get; init; } = AuthScheme.Bearer;

    /// <summary>True for servers that may be called without a key.</summary>
    public bool KeyIsOptional { get; init; }

    /// <summary>True for a server of one's own, whose models cost nothing unless the deployment says otherwise.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Where it says what an answer has cost, which counts before a computed cost. None: it does not.</summary>
    public CostReport CostReport { get; init; }

    /// <summary>False: known, but the gateway cannot speak to it yet; a call is answered with 501.</summary>
    public bool IsBuilt { get; init; } = true;

    /// <summary>Where it takes a rerank, behind its base URL. Null: it takes none.</summary>
    public string? RerankPath { get; init; }

    /// <summary>Operations that it has no URL for, beside a rerank. Empty: nobody says so, and the provider's answer tells.</summary>
    public Operation[] Lacks { get; init; } = [];

    /// <summary>True where a moderation costs nothing.</summary>
    public bool ModeratesForFree { get; init; }

    /// <summary>True when it can be asked for an operation.</summary>
    public bool Takes(Operation operation) => operation == Operation.Rerank
        ? RerankPath is not null
        : !Lacks.Contains(operation) && (!operation.IsPassedThrough() || Speaks.Contains(WireFormat.OpenAi));

    /// <summary>
    /// True where a chat's <c>max_completion_tokens</c> is read, as documented. False: it may be passed over, so it is sent as
    /// <c>max_tokens</c>, which all know; LiteLLM does so too.
    /// </summary>
    public bool TakesMaxCompletionTokens { get; init; }

    /// <summary>The name under which the gateway sets a chat's limit where the client set none; legacy completions know one only.</summary>
    public string ChatLimitName { get; init; } = AnswerTerms.MaxTokensName;

    /// <summary>True where an answer holds audio only if <c>modalities</c> names it.</summary>
    public bool SpeaksOnlyWhenAsked { get; init; }

    /// <summary>
    /// True where a prompt is written to a cache, and billed for it, only if the body asks for that with <c>cache_control</c>.
    /// </summary>
    public bool CachesOnlyWhenAsked { get; init; }

    /// <summary>Parameters that let the provider take another model than the one that was checked. Empty: it has none.</summary>
    public string[] ModelParams { get; init; } = [];

    /// <summary>Top-level body parameters that the provider refuses, removed under drop_params. Empty: it takes all of OpenAI's.</summary>
    public string[] UnsupportedParams { get; init; } = [];
}
