using System.Collections.Frozen;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>
/// Every provider that the gateway knows, one row each. Names, base URLs and key variables are LiteLLM's. To add a provider that
/// speaks OpenAI's wire, add a row.
/// </summary>
public static class Providers
{
    public static readonly Provider OpenAI = new()
    {
        Name = "openai",
        DisplayName = "OpenAI",
        ApiBase = "https://api.openai.com/v1",
        ApiBaseVariables = ["OPENAI_API_BASE", "OPENAI_BASE_URL"],
        KeyVariables = ["OPENAI_API_KEY"],
        Speaks = [WireFormat.OpenAi, WireFormat.Responses],
        TakesMaxCompletionTokens = true,
        ChatLimitName = AnswerTerms.MaxCompletionTokensName,   // its reasoning models refuse max_tokens
        SpeaksOnlyWhenAsked = true,
        ModeratesForFree = true, // platform.openai.com/docs/guides/moderation
    };

    /// <summary>The deployment's name is part of the URL, the version a parameter.</summary>
    public static readonly Provider Azure = new()
    {
        Name = "azure",
        DisplayName = "Azure",
        ApiBaseVariables = ["AZURE_API_BASE"],
        KeyVariables = ["AZURE_API_KEY", "AZURE_OPENAI_API_KEY"],
        Auth = AuthScheme.AzureEntra,
        Speaks = [WireFormat.OpenAi, WireFormat.Responses],
        TakesMaxCompletionTokens = true,
        ChatLimitName = AnswerTerms.MaxCompletionTokensName,
        SpeaksOnlyWhenAsked = true,
        Lacks = [Operation.ImageVariations, Operation.Moderations],
    };

    /// <summary>Any server that speaks OpenAI's wire.</summary>
    public static readonly Provider CustomOpenAI = new()
    {
        Name = "custom_openai",
        DisplayName = "Custom OpenAI",
        KeyIsOptional = true,
        TakesMaxCompletionTokens = true,
    };

    /// <summary>The gateway itself.</summary>
    public static readonly Provider Mock = new()
    {
        Name = "mock",
        DisplayName = "Mock",
        KeyIsOptional = true,
        IsLocal = true,
        TakesMaxCompletionTokens = true,
    };

    /// <summary>The rows in the order in which they are listed.</summary>
    public static readonly IReadOnlyList<Provider> All =
    [
        OpenAI,
        Azure,
        new()
        {
            Speaks = [WireFormat.Anthropic], Auth = AuthScheme.XApiKey,
            Name = "anthropic", DisplayName = "Anthropic", ApiBase = "https://api.anthropic.com/v1", ApiBasePath = "/v1",
            ApiBaseVariables = ["ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"], KeyVariables = ["ANTHROPIC_API_KEY"],
            TakesMaxCompletionTokens = true, CachesOnlyWhenAsked = true,
        },
        new()
        {
            Speaks = [WireFormat.Gemini], Auth = AuthScheme.GoogApiKey,
            Name = "gemini", DisplayName = "Gemini", ApiBase = "https://generativelanguage.googleapis.com/v1beta",
            ApiBasePath = "/v1beta", ApiBaseVariables = ["GEMINI_API_BASE"], KeyVariables = ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            TakesMaxCompletionTokens = true,
        },
        Open("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY") with
        {
            TakesMaxCompletionTokens = true,
            UnsupportedParams = ["logit_bias", "logprobs", "top_logprobs"],
        },
        Open("mistral", "Mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY") with
        {
            UnsupportedParams = ["logit_bias", "logprobs", "top_logprobs", "user"],
        },
        Open("codestral", "Codestral", "https://codestral.mistral.ai/v1", "CODESTRAL_API_KEY"),
        Open("deepseek", "Deepseek", "https://api.deepseek.com/beta", "DEEPSEEK_API_KEY"),
        Open("openrouter", "Openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "OR_API_KEY") with
        {
            TakesMaxCompletionTokens = true, ModelParams = ["models"],
            CostReport = CostReport.Cost, // openrouter.ai/docs/use-cases/usage-accounting; a credit is a USD
        },
        Open("together_ai", "Together_ai", "https://api.together.xyz/v1",
            "TOGETHERAI_API_KEY", "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHER_AI_TOKEN") with
        {
            RerankPath = "/rerank",
        },
        Open("fireworks_ai", "Fireworks_ai", "https://api.fireworks.ai/inference/v1",
            "FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN") with
        {
            ApiBaseVariables = ["FIREWORKS_API_BASE"], ModelPath = "accounts/fireworks/models/",
        },
        Open("xai", "XAI", "https://api.x.ai/v1", "XAI_API_KEY") with
        {
            TakesMaxCompletionTokens = true,
            CostReport = CostReport.Ticks, // docs.x.ai/developers/cost-tracking
        },
        Open("perplexity", "Perplexity", "https://api.perplexity.ai", "PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY") with
        {
            CostReport = CostReport.TotalCost, // docs.perplexity.ai/api-reference/chat-completions-post, usage.cost
        },
        Open("cerebras", "Cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY") with
        {
            TakesMaxCompletionTokens = true,
            UnsupportedParams = ["frequency_penalty", "presence_penalty", "logit_bias"],
        },
        Open("sambanova", "Sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
        Open("nvidia_nim", "Nvidia_nim", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
        Open("github", "Github", "https://models.inference.ai.azure.com", "GITHUB_API_KEY"),
        Open("deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
        Open("huggingface", "Huggingface", "https://router.huggingface.co/v1", "HUGGINGFACE_API_KEY", "HF_TOKEN"),
        Open("hyperbolic", "Hyperbolic", "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY"),
        Open("novita", "Novita", "https://api.novita.ai/v3/openai", "NOVITA_API_KEY"),
        Open("moonshot", "Moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
        Open("nebius", "Nebius", "https://api.studio.nebius.ai/v1", "NEBIUS_API_KEY"),
        Open("meta_llama", "Meta_llama", "https://api.llama.com/compat/v1", "LLAMA_API_KEY"),
        Open("dashscope", "Dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
        Open("volcengine", "Volcengine", "https://ark.cn-beijing.volces.com/api/v3", "VOLCENGINE_API_KEY", "ARK_API_KEY"),
        Open("minimax", "Minimax", "https://api.minimax.io/v1", "MINIMAX_API_KEY"),
        Open("zai", "ZAI", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY"),
        Open("vercel_ai_gateway", "Vercel_ai_gateway", "https://ai-gateway.vercel.sh/v1", "VERCEL_AI_GATEWAY_API_KEY"),
        Open("baseten", "Baseten", "https://inference.baseten.co/v1", "BASETEN_API_KEY"),
        Cohere("cohere"),
        Cohere("cohere_chat"),
        Open("jina_ai", "Jina_ai", "https://api.jina.ai/v1", "JINA_AI_API_KEY") with { RerankPath = "/rerank" },
        Open("text-completion-openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY") with
        {
            ApiBaseVariables = ["OPENAI_API_BASE", "OPENAI_BASE_URL"],
        },

        Open("databricks", "Databricks", "", "DATABRICKS_API_KEY", "DATABRICKS_TOKEN") with { ApiBase = null, ApiBasePath = "/serving-endpoints" },
        new()
        {
            Name = "bedrock", DisplayName = "Bedrock", Speaks = [WireFormat.Converse, WireFormat.Anthropic], Auth = AuthScheme.AwsSigV4,
            KeyIsOptional = true, KeyVariables = ["AWS_BEARER_TOKEN_BEDROCK"], CachesOnlyWhenAsked = true,
        },
        Vertex("vertex_ai"),
        Vertex("vertex_ai_beta"),
        new()
        {
            Name = "watsonx", DisplayName = "Watsonx", Auth = AuthScheme.WatsonxIam,
            ApiBaseVariables = ["WATSONX_API_BASE", "WATSONX_URL", "WX_URL"],
            KeyVariables = ["WATSONX_API_KEY", "WATSONX_APIKEY", "WX_API_KEY"],
        },

        // Servers of one's own.
        Server("ollama", "Ollama", "http://localhost:11434") with { Speaks = [WireFormat.Ollama] },
        Server("ollama_chat", "Ollama", "http://localhost:11434") with
        {
            Speaks = [WireFormat.Ollama], ApiBaseVariables = ["OLLAMA_API_BASE"], KeyVariables = ["OLLAMA_API_KEY"],
        },
        Server("hosted_vllm", "Hosted_vllm", null) with { TakesMaxCompletionTokens = true, RerankPath = "/rerank" },
        Server("infinity", "Infinity", null) with { RerankPath = "/rerank" },
        Server("lm_studio", "Lm_studio", null),
        Server("llamafile", "Llamafile", "http://127.0.0.1:8080/v1"),
        Server("xinference", "Xinference", "http://127.0.0.1:9997/v1"),
        Server("litellm_proxy", "Litellm_proxy", null) with { IsLocal = false, TakesMaxCompletionTokens = true, RerankPath = "/rerank" },
        Server("openai_like", "OpenAILike", null) with { IsLocal = false, TakesMaxCompletionTokens = true },
        CustomOpenAI,
        Mock,

        // Known, and not spoken yet.
        Later("ai21", "AI21", "AI21_API_KEY"),
        Later("ai21_chat", "AI21", "AI21_API_KEY"),
        Later("aiohttp_openai", "Aiohttp_openai", "OPENAI_API_KEY"),
        Later("aleph_alpha", "AlephAlpha", "ALEPH_ALPHA_API_KEY"),
        Later("anyscale", "Anyscale", "ANYSCALE_API_KEY"),
        Later("assemblyai", "AssemblyAI", "ASSEMBLYAI_API_KEY"),
        Later("aws_polly", "AWS Polly", "AWS_ACCESS_KEY_ID"),
        Later("azure_ai", "Azure_ai", "AZURE_AI_API_KEY"),
        Later("azure_text", "Azure", "AZURE_API_KEY"),
        Later("clarifai", "Clarifai", "CLARIFAI_API_KEY"),
        Later("cloudflare", "Cloudflare", "CLOUDFLARE_API_KEY"),
        Later("cometapi", "CometAPI", "COMETAPI_KEY"),
        Later("compactifai", "CompactifAI", "COMPACTIFAI_API_KEY"),
        Later("datarobot", "DataRobot", "DATAROBOT_API_TOKEN"),
        Later("deepgram", "Deepgram", "DEEPGRAM_API_KEY"),
        Later("elevenlabs", "ElevenLabs", "ELEVENLABS_API_KEY"),
        Later("empower", "Empower", "EMPOWER_API_KEY"),
        Later("featherless_ai", "Featherless_ai", "FEATHERLESS_AI_API_KEY"),
        Later("friendliai", "FriendliAI", "FRIENDLI_TOKEN"),
        Later("galadriel", "Galadriel", "GALADRIEL_API_KEY"),
        Later("gigachat", "GigaChat", "GIGACHAT_API_KEY"),
        Later("github_copilot", "Github_copilot", "GITHUB_COPILOT_TOKEN"),
        Later("gradient_ai", "Gradient_ai", "GRADIENT_AI_API_KEY"),
        Later("heroku", "Heroku", "HEROKU_API_KEY"),
        Later("inception", "Inception", "INCEPTION_API_KEY"),
        Later("lambda_ai", "Lambda_ai", "LAMBDA_API_KEY"),
        Later("maritalk", "Maritalk", "MARITALK_API_KEY"),
        Later("morph", "Morph", "MORPH_API_KEY"),
        Later("nlp_cloud", "NLP Cloud", "NLP_CLOUD_API_KEY"),
        Later("nscale", "Nscale", "NSCALE_API_KEY"),
        Later("oci", "OCI", "OCI_KEY"),
        Later("oobabooga", "Oobabooga", "OOBABOOGA_API_KEY"),
        Later("ovhcloud", "OVHcloud", "OVHCLOUD_API_KEY"),
        Later("petals", "Petals", "PETALS_API_KEY"),
        Later("predibase", "Predibase", "PREDIBASE_API_KEY"),
        Later("replicate", "Replicate", "REPLICATE_API_KEY"),
        Later("sagemaker", "Sagemaker", "AWS_ACCESS_KEY_ID"),
        Later("sagemaker_chat", "Sagemaker", "AWS_ACCESS_KEY_ID"),
        Later("sarvam", "Sarvam", "SARVAM_API_KEY"),
        Later("snowflake", "Snowflake", "SNOWFLAKE_JWT"),
        Later("text-completion-codestral", "Codestral", "CODESTRAL_API_KEY"),
        Later("topaz", "Topaz", "TOPAZ_API_KEY"),
        Later("triton", "Triton", "TRITON_API_KEY"),
        Later("v0", "V0", "V0_API_KEY"),
        Later("vllm", "Vllm", "VLLM_API_KEY"),
        Later("voyage", "Voyage", "VOYAGE_API_KEY"),
        Later("wandb", "Wandb", "WANDB_API_KEY"),
        Later("watsonx_text", "Watsonx", "WATSONX_API_KEY"),
    ];

    private static readonly FrozenDictionary<string, Provider> ByName = All.ToFrozenDictionary(p => p.Name);

    /// <summary>Host of a default base URL → provider; where two share one, the first.</summary>
    private static readonly FrozenDictionary<string, Provider> ByHost = All
        .Where(p => p is { ApiBase: not null, IsLocal: false })
        .DistinctBy(p => new Uri(p.ApiBase!).Host)
        .ToFrozenDictionary(p => new Uri(p.ApiBase!).Host, StringComparer.OrdinalIgnoreCase);

    /// <summary>The provider of a prefix. Null: not known.</summary>
    public static Provider? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The provider whose API lives on that host. Null: not known.</summary>
    public static Provider? FindByHost(string host) => ByHost.GetValueOrDefault(host);

    /// <summary>The first of the variables that is set and not empty. Null: none is.</summary>
    internal static string? FirstSet(IReadOnlyDictionary<string, string> environment, string[] variables)
    {
        foreach (var name in variables)
        {
            if (environment.TryGetValue(name, out var value) && !string.IsNullOrWhiteSpace(value))
                return value;
        }
        return null;
    }

    private static Provider Open(string name, string display, string apiBase, params string[] keys) => new()
    {
        Name = name,
        DisplayName = display,
        ApiBase = apiBase,
        KeyVariables = keys,
        ApiBaseVariables = [Variable(name, "_API_BASE")],
    };

    private static Provider Server(string name, string display, string? apiBase) => new()
    {
        Name = name,
        DisplayName = display,
        ApiBase = apiBase,
        KeyIsOptional = true,
        IsLocal = true,
        ApiBaseVariables = [Variable(name, "_API_BASE")],
        KeyVariables = [Variable(name, "_API_KEY")],
    };

    private static Provider Cohere(string name) => new()
    {
        Name = name,
        DisplayName = "Cohere",
        Speaks = [WireFormat.Cohere],
        ApiBase = "https://api.cohere.com",
        ApiBaseVariables = ["COHERE_API_BASE"],
        KeyVariables = ["COHERE_API_KEY", "CO_API_KEY"],
        RerankPath = "/v2/rerank",
    };

    /// <summary>Google Cloud: the URL is made of project and location, the models say which format is spoken.</summary>
    private static Provider Vertex(string name) => new()
    {
        Name = name,
        DisplayName = "Vertex_ai",
        Speaks = [WireFormat.Gemini, WireFormat.Anthropic, WireFormat.OpenAi],
        Auth = AuthScheme.GoogleOAuth,
        KeyIsOptional = true,
        ApiBaseVariables = ["VERTEXAI_API_BASE", "VERTEX_API_BASE"],
        TakesMaxCompletionTokens = true,
    };

    private static Provider Later(string name, string display, string key) => new()
    {
        Name = name,
        DisplayName = display,
        KeyVariables = [key],
        IsBuilt = false,
    };

    private static string Variable(string name, string suffix) => name.ToUpperInvariant().Replace('-', '_') + suffix;
}
