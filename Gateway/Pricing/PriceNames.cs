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
    private static readonly FrozenDictionary<string, ModelPrice> Local =
        new[] { "ollama", "ollama_chat", "hosted_vllm", "lm_studio", "llamafile", "xinference", "infinity", "mock" }
            .ToFrozenDictionary(name => name, name => ModelPrice.Free($"{name}@local"));

    /// <summary>The names of a LiteLLM provider in prices.json.</summary>
    public static ReadOnlySpan<string> PricesOf(string provider) =>
        InPrices.TryGetValue(provider, out var names) ? names : new[] { provider };

    /// <summary>The name of a LiteLLM provider in limits.json.</summary>
    public static string LimitsOf(string provider) => InLimits.GetValueOrDefault(provider, provider);

    /// <summary>
    /// True when a <c>litellm_provider</c> of LiteLLM's price map means a provider: it adds the API to some names
    /// (<c>bedrock_converse</c>, <c>vertex_ai-language-models</c>), and some are one company under two names.
    /// </summary>
    public static bool IsSame(string provider, string written)
    {
        if (written.StartsWith(provider, StringComparison.Ordinal))
        {
            var rest = written.AsSpan(provider.Length);
            // azure_ai is a provider of its own, azure_text is not.
            if (rest.IsEmpty || rest[0] == '-' || rest[0] == '_' && !InPrices.ContainsKey(written))
                return true;
        }
        return InLimits.GetValueOrDefault(provider) == written && provider != "azure_ai";
    }

    /// <summary>LiteLLM's prefix of a provider of prices.json. Null: its models are not known by bare names.</summary>
    public static string? MakerOf(string priceProvider) => Makers.GetValueOrDefault(priceProvider);

    /// <summary>True for servers of one's own.</summary>
    public static bool IsLocal(string provider) => Local.ContainsKey(provider);

    /// <summary>The price of nothing of a server of one's own, always the same object. Null: it is none.</summary>
    internal static ModelPrice? LocalPriceOf(string provider) => Local.GetValueOrDefault(provider);
}
