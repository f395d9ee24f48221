using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// What a model takes through Converse, by its name: a model's (<c>amazon.nova-pro-v1:0</c>), an inference profile's
/// (<c>us.anthropic.claude-sonnet-4-5-20250929-v1:0</c>) or an ARN with one of these in it. The ARN of an application's own profile says
/// nothing of its model: then all is sent, and Bedrock says what the model does not take.
/// </summary>
/// <remarks>
/// https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html (tools, documents),
/// /prompt-caching.html, /structured-output.html; API_runtime_ToolChoice for who can be made to call a tool.
/// </remarks>
internal readonly struct ConverseModel
{
    /// <summary>Models of these makers are held to a schema by <c>outputConfig</c>; Claude's and Amazon's are asked about below.</summary>
    private static readonly string[] SchemaMakers =
    [
        "openai.", "qwen.", "google.", "nvidia.", "minimax.", "moonshot", "deepseek.v",
        "mistral.ministral", "mistral.magistral", "mistral.mistral-large-3", "mistral.voxtral",
    ];

    private static readonly string[] OtherMakers = ["meta.", "mistral.", "cohere.", "ai21.", "deepseek.", "writer.", "amazon.titan"];

    private readonly string _name;

    private ConverseModel(string name) => (_name, Claude) = (name, ClaudeModel.Of(name));

    public static ConverseModel Of(string name) => new(name);

    /// <summary>What is known of it as a Claude model; means something only for those.</summary>
    public ClaudeModel Claude { get; }

    public bool IsClaude => Has("anthropic.") || Has("claude");
    public bool IsNova => Has("amazon.nova");

    /// <summary>The Nova models that think.</summary>
    public bool IsThinkingNova => Has("amazon.nova-2");

    public bool IsGptOss => Has("openai.gpt-oss");
    public bool IsCohere => Has("cohere.");

    /// <summary>True when the name does not say whose model it is.</summary>
    public bool IsUnknown => !IsClaude && !IsNova && !IsOneOf(SchemaMakers) && !IsOneOf(OtherMakers);

    /// <summary>True when a prompt is cached up to a point that is marked.</summary>
    public bool CachesWhenAsked => IsClaude || IsNova || IsUnknown;

    /// <summary>True when tools are cached, too, and a cache may live for an hour.</summary>
    public bool CachesLong => IsClaude || IsUnknown;

    /// <summary>True when <c>status</c> of a tool's result is understood.</summary>
    public bool ReadsStatus => IsClaude || IsNova || IsUnknown;

    /// <summary>True when its thoughts go back to it; the others refuse them.</summary>
    public bool TakesThoughts => IsClaude || IsUnknown;

    /// <summary>True when it can be made to call some tool.</summary>
    public bool CanBeMadeToCall => !Has("meta.") && !Has("cohere.") && !Has("ai21.") && !Has("amazon.titan");

    /// <summary>True when it can be made to call one that is named.</summary>
    public bool CanBeMadeToCallOne => CanBeMadeToCall && !Has("mistral.");

    /// <summary>The name of its own parameter for the most likely tokens to choose from. Null: it has none.</summary>
    public string? TopKName =>
        IsCohere ? "k"
        : IsClaude || IsUnknown || Has("mistral.") || Has("qwen.") || Has("google.") ? "top_k"
        : null;

    /// <summary>How it is brought to an answer of a form.</summary>
    public AnthropicFormat.Means MeansOf(HubRequest request)
    {
        if (IsClaude)
            return AnthropicFormat.MeansOf(request, Claude);
        if (request.Format is not { } format)
            return AnthropicFormat.Means.None;
        if (format.Schema is not null && (IsUnknown || IsOneOf(SchemaMakers)))
            return AnthropicFormat.Means.Schema;
        var mustCall = request.ToolChoice?.Mode is HubToolMode.Required or HubToolMode.Named && request.Tools.Count > 0;
        return IsNova && !mustCall ? AnthropicFormat.Means.Tool : AnthropicFormat.Means.None;
    }

    /// <summary>True when the arguments of a call are held to the tool's schema.</summary>
    public bool TakesStrictTools => IsClaude ? Claude.TakesSchemas : IsUnknown || IsOneOf(SchemaMakers);

    private bool IsOneOf(string[] makers)
    {
        foreach (var maker in makers)
        {
            if (Has(maker))
                return true;
        }
        return false;
    }

    private bool Has(string part) => _name.Contains(part, StringComparison.OrdinalIgnoreCase);
}
