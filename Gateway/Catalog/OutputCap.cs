using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>Who said how long an answer can be.</summary>
public enum OutputCapSource
{
    /// <summary><c>model_info.max_output_tokens</c> (or <c>max_tokens</c>).</summary>
    Deployment,

    /// <summary>The configured price map, else the data that are part of the executable.</summary>
    PriceData,

    /// <summary>Nobody: but no answer is longer than what the model holds.</summary>
    ContextWindow,

    /// <summary>Nobody: <c>general_settings.default_max_output_tokens</c>, which holds only where it is sent.</summary>
    Default,
}

/// <summary>The most output tokens that one answer of a model can have.</summary>
public readonly record struct OutputCap(long Tokens, OutputCapSource Source)
{
    /// <summary>True when nothing but the limit that is sent keeps an answer from being longer.</summary>
    public bool IsDefault => Source == OutputCapSource.Default;

    /// <summary>The first that is known of what the deployment says, the price data, the context window and the default.</summary>
    /// <remarks>
    /// The whole context window counts, not what the input leaves of it: that would have to be known from below, and an input is only
    /// known from above.
    /// </remarks>
    public static OutputCap Of(ModelInfo info, ModelLimits limits, long byDefault)
    {
        if ((info.MaxOutputTokens ?? info.MaxTokens) is > 0 and var own)
            return new(own, OutputCapSource.Deployment);
        if (limits.MaxOutputTokens is > 0 and var known)
            return new(known, OutputCapSource.PriceData);
        return limits.ContextWindow is > 0 and var window
            ? new(window, OutputCapSource.ContextWindow)
            : new(byDefault, OutputCapSource.Default);
    }
}
