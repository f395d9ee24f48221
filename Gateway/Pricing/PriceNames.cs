using System.Collections.Frozen;

namespace Gateway.Pricing;

/// <summary>What LiteLLM's provider prefixes are called in the price data.</summary>
public static class PriceNames
{
    /// <summary>Prefix of the routers of huggingface in prices.json: one "provider" per company behind it.</summary>
    public const string HuggingfaceRouter = "huggingface_";

    /// <summary>LiteLLM's prefix → names in prices.json, where they differ.</summary>
    private static readonly FrozenDictionary<string, string[]> InPrices = new Dictionary<string, string[]>
    {
        ["azure_ai"] = ["azure"],
        ["bedrock"] = ["aws"],
        ["codestral"] = ["mistral"],
        ["cohere_chat"] = ["cohere"],
        ["fireworks_ai"] = ["fireworks"],
        ["gemini"] = ["google"],
        ["github_copilot"] = ["github-copilot"],
        ["moonshot"] = ["moonshotai"],
        ["sagemaker"] = ["aws"],
        ["text-completion-openai"] = ["openai"],
        ["together_ai"] = ["together"],
        ["vertex_ai"] = ["google"],
        ["voyage"] = ["voyageai"],
        ["xai"] = ["x-ai"],
        ["zai"] = ["zai", "zhipuai"],
    }.ToFrozenDictionary();

    /// <summary>LiteLLM's prefix → name in limits.json, where they differ; limits.json has LiteLLM's own names.</summary>
    private static readonly FrozenDictionary<string, string> InLimits = new Dictionary<string, string>
    {
        ["azure_ai"] = "azure",
        ["codestral"] = "mistral",
        ["text-completion-openai"] = "openai",
    }.ToFrozenDictionary();

    /// <summary>Name in prices.json → LiteLLM's prefix, for the providers whose models are known by their bare names.</summary>
    private static readonly FrozenDictionary<string, string> Makers = new Dictionary<string, string>
    {
        ["anthropic"] = "anthropic",
        ["cerebras"] = "cerebras",
        ["cloudflare"] = "cloudflare",
        ["cohere"] = "cohere",
        ["deepseek"] = "deepseek",
        ["fireworks"] = "fireworks_ai",
        ["google"] = "gemini",
        ["minimax"] = "minimax",
        ["mistral"] = "mistral",
        ["moonshotai"] = "moonshot",
        ["openai"] = "openai",
        ["voyageai"] = "voyage",
        ["x-ai"] = "xai",
        ["zhipuai"] = "zai",
    }.ToFrozenDictionary();

    /// <summary>Servers of one's own, whose models cost nothing unless a deployment says otherwise.</summary>
    private static readonly FrozenSet<string> Local =
        FrozenSet.ToFrozenSet(["ollama", "ollama_chat", "hosted_vllm", "lm_studio", "llamafile", "xinference", "infinity", "mock"]);

    /// <summary>The names of a LiteLLM provider in prices.json.</summary>
    public static ReadOnlySpan<string> PricesOf(string provider) =>
        InPrices.TryGetValue(provider, out var names) ? names : new[] { provider };

    /// <summary>The name of a LiteLLM provider in limits.json.</summary>
    public static string LimitsOf(string provider) => InLimits.GetValueOrDefault(provider, provider);

    /// <summary>LiteLLM's prefix of a provider of prices.json. Null: its models are not known by bare names.</summary>
    public static string? MakerOf(string priceProvider) => Makers.GetValueOrDefault(priceProvider);

    /// <summary>True for servers of one's own.</summary>
    public static bool IsLocal(string provider) => Local.Contains(provider);
}
