namespace Gateway.Pricing;

/// <summary>How a provider counts its searches.</summary>
internal enum SearchCount
{
    /// <summary>Those that the usage reports.</summary>
    Reported,

    /// <summary>The sources that the usage reports.</summary>
    Sources,

    /// <summary>One for each request that asks for it.</summary>
    PerRequest,

    /// <summary>As many results as the request allows.</summary>
    Results,
}

/// <summary>How the models of a provider search, and what that costs where the price itself does not say.</summary>
/// <param name="Provider">LiteLLM's prefix.</param>
/// <param name="Models">What the names of the models begin with.</param>
internal sealed record SearchRule(string Provider, string Models, SearchCount Count)
{
    /// <summary>
    /// Searches of one request where no maximum is documented. The most that any provider documents is 10 (groq's compound systems).
    /// </summary>
    public const int Undocumented = 10;

    /// <summary>Searches (sources, results) of one request at most.</summary>
    public int AtMost { get; init; } = 1;

    /// <summary>How many it is at most when the request does not say.</summary>
    public int Unsaid { get; init; } = 1;

    /// <summary>True for models that search whether they are asked to or not.</summary>
    public bool IsAlways { get; init; }

    /// <summary>The size that counts when the request names none.</summary>
    public string UnsaidSize { get; init; } = "medium";

    /// <summary>The fee where the price does not say one. Null: unknown.</summary>
    public SearchFee? Fee { get; init; }

    /// <summary>The first rule that fits counts.</summary>
    private static readonly SearchRule[] All =
    [
        // openai.com/api/pricing, tools: web search 10 USD per 1,000 calls; the preview for models that do not reason 25 USD. Both kinds
        // search before each answer (platform.openai.com/docs/guides/tools-web-search, chat completions).
        new("openai", "gpt-5-search-api", SearchCount.PerRequest) { IsAlways = true, Fee = PerThousand(10) },
        new("openai", "gpt-4o-search-preview", SearchCount.PerRequest) { IsAlways = true, Fee = PerThousand(25) },
        new("openai", "gpt-4o-mini-search-preview", SearchCount.PerRequest) { IsAlways = true, Fee = PerThousand(25) },

        // docs.x.ai/docs/guides/live-search: 25 USD per 1,000 sources; max_search_results is 20 when left out and 50 at most.
        new("xai", "", SearchCount.Sources) { AtMost = 50, Unsaid = 20, Fee = PerThousand(25) },

        // docs.perplexity.ai/getting-started/pricing: deep research pays for each search. No maximum is documented; its own examples make
        // some 20 to 30, so that 100 is taken.
        new("perplexity", "sonar-deep-research", SearchCount.Reported) { IsAlways = true, AtMost = 100, Unsaid = 100 },

        // The others pay for each request by size, low where none is named. The price book has the dearest size as a fee per request.
        new("perplexity", "sonar", SearchCount.PerRequest) { IsAlways = true, UnsaidSize = "low", Fee = SearchFee.Of(0) },

        // openrouter.ai/docs/features/web-search: 4 USD per 1,000 results, 5 when max_results is left out. More than 100 Exa does not
        // give. With a model's own search it costs what the model's maker asks.
        new("openrouter", "", SearchCount.Results) { AtMost = 100, Unsaid = 5, Fee = PerThousand(4) },

        // console.groq.com/docs/compound: up to 10 tool calls, one in the small system. What they cost is not known here.
        new("groq", "groq/compound-mini", SearchCount.Reported) { IsAlways = true },
        new("groq", "groq/compound", SearchCount.Reported) { IsAlways = true, AtMost = 10, Unsaid = 10 },
        new("groq", "compound-beta-mini", SearchCount.Reported) { IsAlways = true },
        new("groq", "compound-beta", SearchCount.Reported) { IsAlways = true, AtMost = 10, Unsaid = 10 },
    ];

    /// <summary>The rule of a model. Null: none is known.</summary>
    public static SearchRule? Find(string provider, string model)
    {
        foreach (var rule in All)
        {
            if (rule.Provider == provider && model.StartsWith(rule.Models, StringComparison.OrdinalIgnoreCase))
                return rule;
        }
        return null;
    }

    private static SearchFee PerThousand(decimal usd) =>
        PriceRates.TryFromUsd(usd / 1000, out var rate) ? SearchFee.Of(rate) : throw new ArgumentOutOfRangeException(nameof(usd));
}
